import { writeOnnx } from '../../src/formats/index.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import { type DataType, Tensor } from '../../src/graph/tensor.ts';
import { noiseNumbers } from '../numbers.ts';

/** One node, what it gets, and what Lanewise answers. */
export interface Case {
  /** What tells it from the entry's other cases. */
  readonly name: string;
  readonly op: string;
  /** 13 where left out. */
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Attributes that ONNX has as floats. */
  readonly floats?: Readonly<Record<string, number | readonly number[]>>;
  /** They are called x0, x1, ... Undefined is an optional input that is left out. */
  readonly inputs: readonly (Tensor | undefined)[];
  /** Indices of the inputs that are initializers; the others are fed. */
  readonly constants?: readonly number[];
  /** What is fed beside them. */
  readonly feeds?: Readonly<Record<string, Tensor>>;
  /** The file, where one node does not say it. */
  readonly file?: () => Uint8Array;
  /** Options of `load`. */
  readonly options?: { readonly winograd: boolean };
  /** The outputs, to the bit where `within` is left out, or the start of the error. */
  readonly expected: readonly Tensor[] | string;
  /** How far off an element may be, of the largest: where the last bits of a sum are no promise. */
  readonly within?: number;
}

/** An entry of docs/differences.md. */
export interface Row {
  /** The entry's title, word for word. */
  readonly title: string;
  readonly cases: readonly Case[];
}

const typed =
  <T extends DataType>(type: T) =>
  (values: readonly number[], dims?: readonly number[]): Tensor<T> =>
    new Tensor(type, type.endsWith('64') && type !== 'float64' ? values.map(BigInt) : values, dims);

export const f32 = typed('float32');
export const i64 = typed('int64');
export const i32 = typed('int32');
export const i8 = typed('int8');
export const u8 = typed('uint8');
export const bool = typed('bool');
export const scalar = (value: number): Tensor<'float32'> => f32([value], []);

export const NAN = Number.NaN;
export const INF = Number.POSITIVE_INFINITY;

const sizeOf = (dims: readonly number[]): number => dims.reduce((size, dim) => size * dim, 1);

/** The same value everywhere. */
export const filled = (value: number, dims: readonly number[]): Tensor<'float32'> =>
  new Tensor('float32', new Float32Array(sizeOf(dims)).fill(value), dims);

/** Numbers from `lowest` up to `span` above it, the same on every machine. */
export function noise(lowest: number, span: number, dims: readonly number[]): Tensor<'float32'> {
  const next = noiseNumbers();
  return new Tensor(
    'float32',
    Float32Array.from({ length: sizeOf(dims) }, () => lowest + span * next()),
    dims,
  );
}

/** A case's model as a file. Its outputs are called y0, y1, ... */
export function bytesOf({ op, opset = 13, attributes = {}, floats = {}, inputs, constants = [], expected, file }: Case): Uint8Array {
  if (file) return file();
  const builder = new GraphBuilder('difference', opset);
  const names = inputs.map((tensor, i) => {
    if (!tensor) return '';
    const { type, dims, data } = tensor as Tensor<DataType>;
    return constants.includes(i) ? builder.constant({ name: `x${i}`, type, dims, read: () => data }) : builder.input(`x${i}`, dims, type);
  });
  const types = (typeof expected === 'string' ? [inputs[0]?.type] : expected.map(({ type }) => type)) as (DataType | undefined)[];
  const made = builder.nodes(op, names, types.length, { attributes, floats });
  for (const [i, type] of types.entries()) builder.output(`y${i}`, made[i] as string, undefined, type);
  return writeOnnx(builder.build());
}

export function feedsOf({ inputs, constants = [], feeds }: Case): Record<string, Tensor> {
  return { ...Object.fromEntries(inputs.flatMap((tensor, i) => (tensor && !constants.includes(i) ? [[`x${i}`, tensor]] : []))), ...feeds };
}
