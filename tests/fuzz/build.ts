// What graphs are built with: values with what is known of them, and nodes, whose outputs' shapes the operators themselves tell.

import { addOperators } from '../../src/compiler/operators.ts';
import { LanewiseError } from '../../src/errors.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import { arrayTypes, type DataType, type TypedArray } from '../../src/graph/tensor.ts';
import type { Value as OpValue } from '../../src/graph/value.ts';
import { AttributeReader } from '../../src/ops/attributes.ts';
import { constantValue } from '../../src/ops/shapes.ts';
import type { AttributeSpec, OnnxType } from '../formats/onnx-writer.ts';
import { numbers } from '../numbers.ts';
import type { Draw } from './draw.ts';
import { arrayOf, type FuzzGraph, type FuzzNode, type FuzzTensor } from './graph.ts';

const operators = addOperators();

export interface Value {
  readonly name: string;
  readonly type: DataType;
  /** Undefined where only a run tells. */
  readonly dims: readonly number[] | undefined;
  /** Bits behind the point that its numbers need at most; Infinity where they are rounded. */
  readonly grid: number;
  /** They are less than 2^magnitude. */
  readonly magnitude: number;
  readonly tensor?: FuzzTensor;
  readonly constant?: boolean;
}

/** How the numbers of a new tensor are spread. */
export type Style = 'grid' | 'positive' | 'unit' | 'random' | 'special' | 'extreme' | 'wide' | 'flag';

export interface Wanted {
  readonly types?: readonly DataType[];
  readonly dims?: readonly number[];
  readonly rank?: readonly [number, number];
  /** Whatever the dims are, these fit. */
  readonly fits?: (dims: readonly number[]) => boolean;
  /** Dims of a new one. */
  readonly make?: () => number[];
  /** The operator jumps: what is rounded may come to something else. */
  readonly exact?: boolean;
  /** Not above 2^magnitude. */
  readonly magnitude?: number;
  readonly style?: Style;
  /** Never one that is there already. */
  readonly fresh?: boolean;
}

export const floats: readonly DataType[] = ['float32'];
export const float64Too: readonly DataType[] = ['float32', 'float32', 'float32', 'float64'];
export const numeric: readonly DataType[] = ['float32', 'float32', 'float32', 'int64', 'int32', 'float64'];
export const numericSmall: readonly DataType[] = [...numeric, 'float32', 'uint8', 'int8'];
export const everyType: readonly DataType[] = [
  ...(['float32', 'float32', 'float32', 'float32', 'float32', 'float32', 'int64', 'int32', 'bool', 'float64'] as const),
  ...(['uint8', 'int8', 'int16', 'uint16', 'uint32', 'uint64'] as const),
];

const SPECIAL = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-40, -1e-45, 1e-20, 0.5, -1, 2, -3.5];
/** For operators that work on each number alone, too: sums of these are infinite in one order and finite in another. */
const EXTREME = [...SPECIAL, 3.4028234663852886e38, 88, -104];

function numberOf(style: Style, type: DataType, next: () => number): number {
  if (type === 'bool' || style === 'flag') return Math.floor(next() * 2);
  if (!type.startsWith('float')) {
    const low = style === 'positive' ? 1 : type.startsWith('u') ? 0 : -4;
    return low + Math.floor(next() * (style === 'positive' ? 3 : 9));
  }
  if (style === 'grid') return Math.floor(next() * 33 - 16) / 4 + 0; // No -0.
  if (style === 'positive') return (1 + Math.floor(next() * 16)) / 4;
  if (style === 'unit') return Math.floor(next() * 9) / 8;
  if (style === 'wide') return Math.floor(next() * 4001 - 2000) / 4;
  if (style === 'extreme') return EXTREME[Math.floor(next() * EXTREME.length)] as number;
  if (style === 'special') return SPECIAL[Math.floor(next() * SPECIAL.length)] as number;
  return Math.fround(next() * 4 - 2);
}

const bounds: Readonly<Record<Style, readonly [grid: number, magnitude: number]>> = {
  grid: [2, 2],
  positive: [2, 2],
  unit: [3, 1],
  random: [24, 1],
  wide: [2, 9],
  special: [Number.POSITIVE_INFINITY, 128],
  extreme: [Number.POSITIVE_INFINITY, 128],
  flag: [0, 1],
};

export const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
/** What ONNX broadcasting leaves of two shapes. */
export const stretches = (from: readonly number[], to: readonly number[]): boolean =>
  from.length <= to.length && from.every((dim, i) => dim === 1 || dim === to[i + to.length - from.length]);

/** What onnxruntime's process does not survive where a tensor has no elements. */
const FRAGILE = ['InstanceNormalization', 'TopK', 'Conv', 'ConvTranspose'];

/** No value is larger. */
const LARGEST = 20_000;

export class Builder {
  readonly draw: Draw;
  readonly opset: number;
  readonly nodes: FuzzNode[] = [];
  readonly #tensors: Value[] = [];
  readonly #pool: Value[] = [];
  readonly #types: Record<string, OnnxType> = {};
  readonly #inexact: string[] = [];
  readonly #read = new Set<string>();
  readonly #made: string[] = [];
  #alone = false;
  /** NaN, infinities and the like may be among the numbers. */
  readonly special: Style | undefined;
  /** Nothing more fits: what an operator makes is not known. */
  open = false;
  /** What of the operators occurred: 'Op', 'Op.attribute', 'Op.attribute=value'. */
  readonly seen: string[] = [];

  constructor(draw: Draw, opset: number, special: Style | undefined) {
    this.draw = draw;
    this.opset = opset;
    this.special = special;
  }

  /** A value that is there already, or a new one. */
  value(wanted: Wanted = {}): Value {
    const { draw } = this;
    if (!wanted.fresh && this.#pool.length > 0) {
      const fitting = this.#pool.filter((value) => isFitting(value, wanted)).reverse();
      if (fitting.length > 0 && draw.int(0, 99) < 85) return draw.of(fitting.slice(0, 4));
    }
    const dims = wanted.dims ?? wanted.make?.() ?? this.dims(...(wanted.rank ?? [0, 4]));
    return this.tensor(
      draw.of([...new Set(wanted.types ?? floats)].length > 1 ? (wanted.types ?? floats) : [(wanted.types ?? floats)[0] as DataType]),
      dims,
      wanted.style ?? this.#style(wanted),
    );
  }

  #style({ exact, magnitude = 128 }: Wanted): Style {
    if (this.special && this.draw.chance(60)) return this.special;
    if (exact) return this.draw.of(['grid', 'grid', 'unit', 'random']);
    return this.draw.of(magnitude > 9 ? (['grid', 'random', 'unit', 'wide'] as const) : (['grid', 'random', 'unit'] as const));
  }

  dims(least: number, most: number, largest = 5): number[] {
    const { draw } = this;
    const odd = [1, 2, 3, 5, 7, 8, 9, 17];
    return draw.list(draw.int(least, most), () => (draw.chance(3) ? 0 : draw.chance(10) ? draw.of(odd) : draw.int(1, largest)));
  }

  /** [N, C, H, W], or [N, C, L] less often. */
  picture(ranks: readonly number[] = [4, 4, 4, 3]): number[] {
    const { draw } = this;
    const size = () => (draw.chance(2) ? 0 : draw.int(1, 9));
    const channels = draw.chance(2) ? 0 : draw.of([1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 17]);
    return [draw.chance(2) ? 0 : draw.of([1, 1, 2, 3]), channels, ...draw.list(draw.of(ranks) - 2, size)];
  }

  /** Something that broadcasts to `dims`. */
  broadcasting(dims: readonly number[]): number[] {
    const { draw } = this;
    return dims.slice(draw.chance(30) ? draw.int(0, dims.length) : 0).map((dim) => (draw.chance(20) ? 1 : dim));
  }

  tensor(type: DataType, dims: readonly number[], style: Style, how?: 'fed' | 'constant'): Value {
    const next = numbers(this.draw.int(0, 2 ** 30));
    const count = sizeOf(dims);
    const big = type === 'int64' || type === 'uint64';
    const data = new arrayTypes[type](count);
    for (let i = 0; i < count; i++) data[i] = (big ? BigInt(numberOf(style, type, next)) : numberOf(style, type, next)) as never;
    return this.given(
      type,
      dims,
      data,
      how ?? (this.draw.chance(30) ? 'constant' : 'fed'),
      type.startsWith('float') ? bounds[style] : [0, 4],
    );
  }

  given(
    type: DataType,
    dims: readonly number[],
    data: TypedArray,
    how: 'fed' | 'constant',
    [grid, magnitude]: readonly [number, number] = [2, 4],
  ): Value {
    const name = `${how === 'fed' ? 'x' : 'c'}${this.#tensors.length}`;
    const value = { name, type, dims, grid, magnitude, constant: how === 'constant', tensor: { name, type, dims, data } };
    this.#tensors.push(value);
    return value;
  }

  /** A parameter: mostly constant, seldom fed. */
  ints(list: readonly (number | bigint)[], type: 'int64' | 'int32' = 'int64', dims: readonly number[] = [list.length], fed = 12): Value {
    const data = type === 'int64' ? BigInt64Array.from(list, BigInt) : Int32Array.from(list, Number);
    return this.given(type, dims, data, this.draw.chance(fed) ? 'fed' : 'constant');
  }

  scalar(type: DataType, number: number, how: 'fed' | 'constant' = 'constant', dims: readonly number[] = []): Value {
    const big = type === 'int64' || type === 'uint64';
    return this.given(type, dims, arrayOf(type, [big ? BigInt(number) : number]), how);
  }

  floatList(list: readonly number[], how: 'fed' | 'constant' = 'constant'): Value {
    return this.given('float32', [list.length], Float32Array.from(list), how);
  }

  axis(rank: number): number {
    return rank === 0 ? 0 : this.draw.int(-rank, rank - 1);
  }

  /** Some axes, some of them counted from the end. */
  axes(rank: number): number[] {
    const { draw } = this;
    const chosen = draw.list(rank, (i) => i).filter(() => draw.chance(45));
    return draw.chance(25) ? chosen.map((axis) => axis - rank) : chosen;
  }

  /**
   * A node; gives its first output.
   * @param inputs undefined is one that is left out
   * @param bits what is known of the outputs' numbers: [grid, magnitude]
   */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeSpec | undefined>>,
    {
      bits,
      outputs = 1,
      type,
      hidden = false,
    }: { bits?: readonly [number, number]; outputs?: number; type?: OnnxType; hidden?: boolean } = {},
  ): Value {
    const present = Object.fromEntries(
      Object.entries(attributes).filter((entry): entry is [string, AttributeSpec] => entry[1] !== undefined),
    );
    const listed = [...inputs];
    while (listed.length > 0 && listed.at(-1) === undefined) listed.pop();
    const names = Array.from({ length: outputs }, (_, i) => `v${this.nodes.length}${i ? `_${i}` : ''}`);
    this.nodes.push({ op, inputs: listed.map((value) => value?.name ?? ''), outputs: names, attributes: present });
    this.seen.push(op);
    for (const [key, value] of Object.entries(present)) {
      this.seen.push(`${op}.${key}`);
      if (typeof value === 'string' || typeof value === 'number') this.seen.push(`${op}.${key}=${value}`);
    }
    for (const value of listed) if (value) this.#read.add(value.name);
    if (FRAGILE.includes(op) && listed.some((value) => value?.dims?.includes(0))) this.#alone = true;
    const shapes = this.#infer(op, listed, present, outputs);
    const [grid, magnitude] = bits ?? [Number.POSITIVE_INFINITY, Math.max(1, ...listed.map((value) => value?.magnitude ?? 0))];
    const values = names.map((name, i): Value => {
      const shape = shapes?.[i] ?? shapes?.[0];
      const own = shape?.type ?? 'float32';
      if (shape || type) this.#types[name] = i === 0 && type ? type : own;
      const dims = shape && !operators.get(op)?.sizes ? shape.dims : undefined;
      const whole = !own.startsWith('float');
      return { name, type: own, dims, grid: whole ? 0 : grid, magnitude: whole ? Math.min(magnitude, 31) : magnitude };
    });
    if (!shapes) this.open = true;
    for (const value of values) {
      if (value.grid + value.magnitude > 24 && value.type.startsWith('float')) this.#inexact.push(value.name);
      if (hidden) continue;
      this.#made.push(value.name);
      if (value.dims && sizeOf(value.dims) <= LARGEST && value.magnitude <= 20) this.#pool.push(value);
    }
    return values[0] as Value;
  }

  #infer(op: string, inputs: readonly (Value | undefined)[], attributes: Readonly<Record<string, AttributeSpec>>, outputs: number) {
    const operator = operators.get(op);
    if (!operator || inputs.some((value) => value && !value.dims)) return undefined;
    const plain = Object.entries(attributes).map(([key, value]): [string, Attribute] => [key, plainAttribute(value)]);
    try {
      const reader = new AttributeReader({ op, domain: '', name: 'node', inputs: [], outputs: [], attributes: new Map(plain) });
      const read = operator.attributes?.(reader, this.opset) ?? {};
      const values = inputs.map((value): OpValue | undefined => {
        if (!value) return undefined;
        const { name, type, dims = [], tensor } = value;
        return tensor ? constantValue({ name, type, dims, read: () => tensor.data }) : { name, type, dims };
      });
      return operator.inferShape({ name: 'node', attributes: read, inputs: values, outputCount: outputs, declaredOutputs: outputs });
    } catch (error) {
      if (error instanceof LanewiseError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  build(): FuzzGraph {
    const { draw } = this;
    const leaves = this.#made.filter((name) => !this.#read.has(name));
    const more = this.#made.filter((name) => this.#read.has(name) && draw.chance(12));
    const used = this.#tensors.filter(({ name }) => this.#read.has(name));
    const tensors = (constant: boolean) =>
      used.filter((value) => Boolean(value.constant) === constant).map(({ tensor }) => tensor as FuzzTensor);
    return {
      opset: this.opset,
      feeds: tensors(false),
      constants: tensors(true),
      nodes: this.nodes,
      outputs: [...leaves, ...more],
      types: this.#types,
      inexact: this.#inexact,
      ...(this.#alone && { alone: true }),
    };
  }
}

function isFitting(value: Value, { types = floats, dims, rank = [0, 5], fits, exact, magnitude = 20 }: Wanted): boolean {
  if (!types.includes(value.type) || !value.dims || value.magnitude > magnitude) return false;
  if (exact && value.grid + value.magnitude > 24) return false;
  if (dims) return value.dims.join() === dims.join();
  return value.dims.length >= rank[0] && value.dims.length <= rank[1] && (fits?.(value.dims) ?? true);
}

function plainAttribute(value: AttributeSpec): Attribute {
  if (typeof value !== 'object' || Array.isArray(value)) return value as Attribute;
  if ('float' in value) return Math.fround(value.float);
  if ('floats' in value) return value.floats.map(Math.fround);
  if ('ints' in value) return value.ints as readonly number[];
  if ('strings' in value) return value.strings;
  if ('tensor' in value) {
    const { type = 'float32', data = [], dims = [data.length], name = 't' } = value.tensor;
    const array = arrayOf(type as DataType, Array.from(data as number[]));
    return { name, type: type as DataType, dims: dims.map(Number), read: () => array };
  }
  return { unsupported: 'a graph' };
}
