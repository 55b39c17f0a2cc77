import { BinaryKind, UnaryKind } from '../../assembly/opcodes.ts';
import { product } from '../graph/dims.ts';
import type { TypedArray } from '../graph/tensor.ts';
import { arithmetic } from './arithmetic.ts';
import type { AttributeReader } from './attributes.ts';
import type { Clamped } from './clamp.ts';
import { convert, type Element, type Elements, mapElements } from './elements.ts';
import { emitBinary, emitClamp, emitUnary, type Operand, operand } from './emit.ts';
import { alike, rowMajor } from './layouts.ts';
import type { Lowering, Node, OpenNode, Operator, Value, ValueType } from './operator.ts';
import { broadcast, input, invalid, resolveAxis } from './shapes.ts';
import { stridesOf } from './strides.ts';

/** An operator over elements, its inputs broadcast to a common shape. */
interface Binary {
  readonly name: string;
  readonly kind: BinaryKind;
  readonly since?: number;
  /** At least and at most; two where left out. */
  readonly inputs?: readonly [number, number];
}

export type BinaryAttributes = Clamped & {
  readonly fmod?: boolean;
  /** Up to opset 6: the dimension of the first input at which the second's begin. */
  readonly axis?: number | undefined;
};

/** Layout and what else all element-wise operators share. */
export const elementwise = {
  layout: alike,
  slices: true,
} as const;

/** The elements of a node's inputs, those that are there. */
export const elementsOf = (node: OpenNode<unknown>, data: readonly (TypedArray | undefined)[]): Elements[] =>
  node.inputs.flatMap((value, i) => (value ? [{ data: data[i] as TypedArray, dims: alignedDims(node, i) }] : []));

/** An input's dimensions as they broadcast: with ones behind them where opset 6 says where they begin. */
function alignedDims(node: OpenNode<unknown>, i: number): readonly number[] {
  const { dims } = input(node, i);
  const { axis } = node.attributes as BinaryAttributes;
  if (i === 0 || axis === undefined || product(dims) === 1) return dims;
  const rank = input(node, 0).dims.length;
  const behind = rank - resolveAxis(node, axis, rank, true) - dims.length;
  if (behind < 0) throw invalid(node, `[${dims}] does not begin at dimension ${axis} of [${input(node, 0).dims}]`);
  return [...dims, ...new Array<number>(behind).fill(1)];
}

/** Reads `broadcast` and `axis`, which the opsets up to 6 have instead of numpy's rule. */
export function readLegacyAxis(reader: AttributeReader, opset: number): { axis?: number } {
  if (opset >= 7) return {};
  const axis = reader.int('axis', Number.MIN_SAFE_INTEGER);
  return reader.flag('broadcast') && axis !== Number.MIN_SAFE_INTEGER ? { axis } : {};
}

export const operandOf = (value: Value, to: Lowering): Operand => operand(value.dims, to.place(value));

/** The shape that all inputs broadcast to. @throws LanewiseError INVALID_MODEL also where their types differ */
export function broadcastAll(node: OpenNode<unknown>, { sameType = true } = {}): ValueType {
  const [first, ...rest] = node.inputs.map((_, i) => input(node, i));
  if (!first) throw invalid(node, 'there is no input');
  const other = rest.find(({ type }) => type !== first.type);
  if (other && sameType) throw invalid(node, `its inputs are ${first.type} and ${other.type}, which should be the same`);
  return { type: first.type, dims: rest.reduce((dims, _, i) => broadcast(node, dims, alignedDims(node, i + 1)), [...first.dims]) };
}

function binary(
  { name, kind, since = 6, inputs = [2, 2] }: Binary,
  scale: (count: number) => number = () => 1,
): Operator<BinaryAttributes> {
  return {
    ...elementwise,
    name,
    since,
    inputs,
    ...(kind === BinaryKind.Pow ? { types: ['float32', 'any'] } : {}),
    attributes: (reader, opset) => (kind === BinaryKind.Mod ? { fmod: reader.flag('fmod') } : readLegacyAxis(reader, opset)),
    inferShape(node) {
      const output = broadcastAll(node, { sameType: kind !== BinaryKind.Pow });
      if (node.inputs[1]?.type === 'bool') throw invalid(node, 'it takes no bool');
      if (kind === BinaryKind.Mod && !node.attributes.fmod && output.type.startsWith('float')) {
        throw invalid(node, 'fmod should be 1 for floating-point numbers');
      }
      return [output];
    },
    evaluate(node, data) {
      const { type, dims } = node.outputs[0] as Value;
      const f = arithmetic(node, kind, type, node.attributes.fmod ?? true);
      const from = node.inputs.map((value) => value?.type ?? type);
      const factor = scale(node.inputs.length);
      const same = (value: Element, i: number) => (from[i] === type ? value : convert(value, from[i] ?? type, type));
      // A whole number to a broken power is computed in floating point.
      const broken = kind === BinaryKind.Pow && from[1]?.startsWith('float') && !type.startsWith('float');
      const pow = arithmetic(node, kind, 'float64');
      const compute = (a: Element, b: Element, i: number) =>
        broken ? convert(pow(Number(a), Number(b)), 'float64', type) : f(a, same(b, i));
      const [first, ...rest] = elementsOf(node, data);
      let sum: Elements = first as Elements;
      if (rest.length === 0) sum = { data: mapElements(type, dims, [sum], (a) => a), dims };
      // One after the other, rounded each time, as the kernels do it.
      rest.forEach((next, i) => {
        sum = { data: mapElements(type, dims, [sum, next], (a, b) => compute(a, b, i + 1)), dims };
      });
      return [factor === 1 ? sum.data : mapElements(type, dims, [sum], (a) => Number(a) * factor)];
    },
    layout: (node) => (isMixed(kind, node) ? rowMajor() : elementwise.layout()),
    lower(node, to) {
      const y = node.outputs[0] as Value;
      const output = operand(y.dims, to.define(y));
      if (isMixed(kind, node)) {
        to.evaluate(node as Node);
        if (node.attributes.clamp) emitClamp(to, output, output, node.attributes);
        return;
      }
      const factor = scale(node.inputs.length);
      const [first, ...rest] = node.inputs.map((value, i) => aligned(kernelOperand(value as Value, to), alignedDims(node, i)));
      const clamped = factor === 1 ? node.attributes : {};
      if (kind === BinaryKind.Pow && lowerPower(node, to, output)) return;
      let sum = first as Operand;
      rest.forEach((next, i) => {
        // What comes in between is as large as the output, and may lie there.
        emitBinary(to, kind, output, sum, next, i === rest.length - 1 ? clamped : {});
        sum = output;
      });
      if (rest.length === 0) emitClamp(to, output, sum, clamped);
      if (factor !== 1) {
        emitUnary(to, UnaryKind.Scale, output, output, factor);
        if (node.attributes.clamp) emitClamp(to, output, output, node.attributes);
      }
    },
  };
}

/** With ones behind its dimensions. */
const aligned = (tensor: Operand, dims: readonly number[]): Operand => ({
  ...tensor,
  dims,
  strides: dims.map((_, axis) => tensor.strides[axis] ?? 0),
});

/** A constant exponent of another type is converted. */
function kernelOperand(value: Value, to: Lowering): Operand {
  if (value.type === 'float32') return operandOf(value, to);
  const data = value.constant?.read();
  if (data) {
    const pointer = to.table(Float32Array.from(data as Float32Array, Number));
    return { dims: value.dims, pointer, strides: stridesOf('rowMajor', value.dims, 4) };
  }
  throw new Error(`'${value.name}' should be float32 by now`);
}

/** A power whose exponent is of another type, and fed. */
const isMixed = (kind: BinaryKind, { inputs: [, exponent] }: OpenNode<unknown>): boolean =>
  kind === BinaryKind.Pow && exponent?.type !== 'float32' && !exponent?.constant;

/** The powers that networks are made of. */
function lowerPower(node: Node<BinaryAttributes>, to: Lowering, output: Operand): boolean {
  const exponent = input(node, 1);
  if (!exponent.constant || exponent.dims.some((dim) => dim !== 1) || input(node, 0).dims.length < exponent.dims.length) return false;
  const x = operandOf(input(node, 0), to);
  const power = Number(exponent.constant.read()[0]);
  if (power === 2) emitBinary(to, BinaryKind.Mul, output, x, x, node.attributes);
  else if (power === 0.5 && !node.attributes.clamp) emitUnary(to, UnaryKind.Sqrt, output, x);
  else return false;
  return true;
}

/** ONNX Add with multidirectional broadcasting. */
export const add = binary({ name: 'Add', kind: BinaryKind.Add });
export const sub = binary({ name: 'Sub', kind: BinaryKind.Sub });
export const mul = binary({ name: 'Mul', kind: BinaryKind.Mul });
export const div = binary({ name: 'Div', kind: BinaryKind.Div });
export const pow = binary({ name: 'Pow', kind: BinaryKind.Pow });
export const mod = binary({ name: 'Mod', kind: BinaryKind.Mod, since: 10 });
export const min = binary({ name: 'Min', kind: BinaryKind.Min, inputs: [1, Number.POSITIVE_INFINITY] });
export const max = binary({ name: 'Max', kind: BinaryKind.Max, inputs: [1, Number.POSITIVE_INFINITY] });
export const sum = binary({ name: 'Sum', kind: BinaryKind.Add, inputs: [1, Number.POSITIVE_INFINITY] });
export const mean: Operator<BinaryAttributes> = {
  ...binary({ name: 'Mean', kind: BinaryKind.Add, inputs: [1, Number.POSITIVE_INFINITY] }, (count) => 1 / count),
  evaluatedTypes: [['float32', 'float64']],
};

/** ONNX PRelu: slope * x below 0; the slope broadcasts to x, not the other way. */
export const prelu: Operator<BinaryAttributes> = {
  ...binary({ name: 'PRelu', kind: BinaryKind.PRelu }),
  // Up to opset 6 a slope of several numbers is one for each channel.
  attributes: (_: AttributeReader, opset: number) => (opset < 7 ? { axis: 1 } : {}),
  inferShape(node) {
    const { type, dims } = input(node, 0);
    if (broadcastAll(node).dims.join() !== dims.join()) throw invalid(node, 'its slope does not broadcast to its input');
    return [{ type, dims }];
  },
};
