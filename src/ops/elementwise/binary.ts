import { BinaryKind, Op } from '../../../assembly/opcodes.ts';
import { product } from '../../graph/dims.ts';
import type { DataType, TypedArray } from '../../graph/tensor.ts';
import type { Value, ValueType } from '../../graph/value.ts';
import { packOfKind } from '../../plan/packs.ts';
import type { AttributeReader } from '../attributes.ts';
import { type Element, type Elements, mapElements } from '../elements.ts';
import { emitBinary, emitClamp, type Operand, operand } from '../emit.ts';
import { alike } from '../layouts.ts';
import type { Lowering, Node, OpenNode, Operator } from '../operator.ts';
import { broadcast, input, invalid, output, resolveAxis } from '../shapes.ts';
import { arithmetic } from './arithmetic.ts';
import type { Clamped } from './clamp.ts';

/** An element-wise operator; its inputs broadcast to a common shape. */
interface Binary {
  readonly name: string;
  readonly kind: BinaryKind;
  readonly since?: number;
  /** The least and the most number of inputs. Default: two. */
  readonly inputs?: readonly [number, number];
  /** The host's function of two elements. Default: `arithmetic` of the kind. */
  readonly elements?: (node: Node<BinaryAttributes>, type: DataType) => (a: Element, b: Element) => Element;
}

export type BinaryAttributes = Clamped & {
  /** Up to opset 6: the dimension of the first input at which the second's dimensions begin. */
  readonly axis?: number | undefined;
};

/** Layout and other properties that all element-wise operators share. */
export const elementwise = {
  elementwise: true,
  layout: alike,
  slices: true,
} as const;

/** The elements of a node's inputs, without missing ones. */
export const elementsOf = (node: OpenNode<unknown>, data: readonly (TypedArray | undefined)[]): Elements[] =>
  node.inputs.flatMap((value, i) => (value ? [{ data: data[i] as TypedArray, dims: alignedDims(node, i) }] : []));

/** An input's dimensions for broadcasting: with ones appended if opset 6 says where they begin. */
export function alignedDims(node: OpenNode<unknown>, i: number): readonly number[] {
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

export const operandOf = (value: Value, lowering: Lowering): Operand => operand(value.dims, lowering.place(value));

/** The shape that all inputs broadcast to. @throws LanewiseError INVALID_MODEL, also if their types differ */
export function broadcastAll(node: OpenNode<unknown>, { sameType = true } = {}): ValueType {
  const [first, ...rest] = node.inputs.map((_, i) => input(node, i));
  if (!first) throw invalid(node, 'there is no input');
  const other = rest.find(({ type }) => type !== first.type);
  if (other && sameType) throw invalid(node, `its inputs are ${first.type} and ${other.type}, which should be the same`);
  return { type: first.type, dims: rest.reduce((dims, _, i) => broadcast(node, dims, alignedDims(node, i + 1)), [...first.dims]) };
}

export function binary({
  name,
  kind,
  since = 6,
  inputs = [2, 2],
  elements = (node, type) => arithmetic(node, kind, type),
}: Binary): Operator<BinaryAttributes> {
  return {
    ...elementwise,
    pack: packOfKind(Op.Binary, kind),
    clamps: true,
    name,
    since,
    inputs,
    attributes: readLegacyAxis,
    inferShape: (node) => [numbers(node, broadcastAll(node))],
    evaluate(node, data) {
      const { type, dims } = output(node);
      const f = elements(node, type);
      const [first, ...rest] = elementsOf(node, data);
      let sum: Elements = first as Elements;
      if (rest.length === 0) sum = { data: mapElements(type, dims, [sum], (a) => a), dims };
      // One after the other, rounded each time, as in the kernels.
      for (const next of rest) sum = { data: mapElements(type, dims, [sum, next], (a, b) => f(a, b)), dims };
      return [sum.data];
    },
    lower(node, lowering) {
      const y = output(node);
      const target = operand(y.dims, lowering.define(y));
      const [first, ...rest] = node.inputs.map((value, i) => aligned(operandOf(value as Value, lowering), alignedDims(node, i)));
      let sum = first as Operand;
      rest.forEach((next, i) => {
        // Intermediate sums have the output's size, so they are kept there.
        emitBinary(lowering, kind, target, sum, next, i === rest.length - 1 ? node.attributes : {});
        sum = target;
      });
      if (rest.length === 0) emitClamp(lowering, target, sum, node.attributes);
    },
  };
}

/** @throws LanewiseError INVALID_MODEL if the second input is bool */
export function numbers(node: OpenNode<unknown>, output: ValueType): ValueType {
  if (node.inputs[1]?.type === 'bool') throw invalid(node, 'it takes no bool');
  return output;
}

/** The second input, with ones appended to its dimensions. */
export const aligned = (tensor: Operand, dims: readonly number[]): Operand => ({
  ...tensor,
  dims,
  strides: dims.map((_, axis) => tensor.strides[axis] ?? 0),
});

/** ONNX Add with multidirectional broadcasting. */
export const add = binary({ name: 'Add', kind: BinaryKind.Add });
export const sub = binary({ name: 'Sub', kind: BinaryKind.Sub });
export const mul = binary({ name: 'Mul', kind: BinaryKind.Mul });
export const div = binary({ name: 'Div', kind: BinaryKind.Div });
export const min = binary({ name: 'Min', kind: BinaryKind.Min, inputs: [1, Number.POSITIVE_INFINITY] });
export const max = binary({ name: 'Max', kind: BinaryKind.Max, inputs: [1, Number.POSITIVE_INFINITY] });
export const sum = binary({ name: 'Sum', kind: BinaryKind.Add, inputs: [1, Number.POSITIVE_INFINITY] });
