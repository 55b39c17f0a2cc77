import { ReduceKind } from '../../../assembly/opcodes.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { DataType, TypedArray } from '../../graph/tensor.ts';
import { allocate, type Element, eachIndex, integers, isBig } from '../elements.ts';
import { operandOf } from '../elementwise/binary.ts';
import { emitReduce, type Operand } from '../emit.ts';
import { firstAlike } from '../layouts.ts';
import type { Lowering, Node, OpenNode, Operator } from '../operator.ts';
import { constantInput, input, output, resolveAxis } from '../shapes.ts';
import { stridesOf } from '../strides.ts';

export interface ReduceAttributes {
  readonly keepDims: boolean;
  /** An attribute, later an input: from opset 13 for ReduceSum, from 18 for the others. */
  readonly axes: readonly number[] | undefined;
  readonly noopWithEmptyAxes: boolean;
}

export interface Reduction {
  readonly name: string;
  /** The first opset in which the axes are an input. */
  readonly axesInput?: number;
  readonly lower: (lowering: Lowering, output: Operand, x: Operand, axes: readonly number[], count: number) => void;
  /** Reduces on the host. */
  readonly compute: (node: Node<ReduceAttributes>, x: TypedArray) => TypedArray;
  readonly evaluatedTypes?: Operator['evaluatedTypes'];
  readonly pack?: Operator['pack'];
}

/** Combines one element after the other, starting from `start`, exactly. */
export interface Fold {
  readonly start: (type: DataType) => Element;
  readonly step: (sum: Element, x: Element) => Element;
  readonly mean?: boolean;
}

export const plus = (a: Element, b: Element): Element => (typeof a === 'bigint' ? a + (b as bigint) : a + (b as number));

export function reduction({ name, axesInput = 18, lower, compute, evaluatedTypes, pack }: Reduction): Operator<ReduceAttributes> {
  return {
    name,
    since: 1,
    inputs: [1, 2],
    types: ['float32', 'int64'],
    constantInputs: [1],
    attributes: (reader, opset) => ({
      keepDims: reader.flag('keepdims', true),
      axes: opset < axesInput ? reader.ints('axes') : undefined,
      noopWithEmptyAxes: opset >= axesInput && reader.flag('noop_with_empty_axes'),
    }),
    inferShape(node) {
      const { type, dims } = input(node, 0);
      const axes = axesOf(node);
      const kept = keptDims(dims, axes);
      return [{ type, dims: node.attributes.keepDims ? kept : kept.filter((_, axis) => !axes.includes(axis)) }];
    },
    evaluate: (node, [x]) => [compute(node, x as TypedArray)],
    ...(evaluatedTypes && { evaluatedTypes }),
    ...(pack && { pack }),
    // With the reduced dimensions kept, the output can have the input's layout.
    layout: (node) => (node.attributes.keepDims ? firstAlike() : { inputs: ['any', 'rowMajor'], output: 'rowMajor' }),
    slices: true,
    lower(node, lowering) {
      const x = operandOf(input(node, 0), lowering);
      const axes = axesOf(node);
      const y = output(node);
      const place = lowering.define(y);
      // With the reduced dimensions, whose strides are never used.
      let next = 0;
      const strides = x.dims.map((_, axis) => (node.attributes.keepDims || !axes.includes(axis) ? at(place.strides, next++) : 0));
      const target: Operand = { dims: keptDims(x.dims, axes), pointer: place.pointer, strides };
      lower(lowering, target, x, axes, product(axes.map((axis) => at(x.dims, axis))));
    },
  };
}

/** The remaining dimensions, the reduced ones being 1. */
export const keptDims = (dims: readonly number[], axes: readonly number[]): number[] =>
  dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));

/** Strides over the original dimensions: 0 along reduced ones. */
export const keptStrides = (kept: readonly number[], axes: readonly number[]): number[] =>
  stridesOf('rowMajor', kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));

export function axesOf(node: OpenNode<ReduceAttributes>): number[] {
  const rank = input(node, 0).dims.length;
  const given = node.attributes.axes ?? (node.inputs[1] ? integers(node, constantInput(node, 1)) : []);
  if (given.length === 0) return node.attributes.noopWithEmptyAxes ? [] : Array.from({ length: rank }, (_, axis) => axis);
  return [...new Set(given.map((axis) => resolveAxis(node, axis, rank)))];
}

export function folded(
  node: Node<ReduceAttributes>,
  x: TypedArray,
  { start, step, mean = false }: Fold,
  type = input(node, 0).type,
): TypedArray {
  const { dims } = input(node, 0);
  const axes = axesOf(node);
  const kept = keptDims(dims, axes);
  const wide: Element[] = new Array<Element>(product(kept)).fill(start(type));
  eachIndex(dims, [keptStrides(kept, axes)], ([place = 0], i) => {
    wide[place] = step(wide[place] as Element, x[i] as Element);
  });
  const y = allocate(type, wide.length);
  const count = product(axes.map((axis) => at(dims, axis)));
  wide.forEach((sum, i) => {
    const value = mean ? (isBig(type) ? (sum as bigint) / BigInt(count || 1) : (sum as number) / count) : sum;
    y[i] = value as never;
  });
  return y;
}

const mean: Fold = { start: (type) => (isBig(type) ? 0n : 0), step: plus, mean: true };

/** ONNX ReduceMean over some axes, or all; the other reductions are in more/reductions.ts. */
export const reduceMean = reduction({
  name: 'ReduceMean',
  lower: (to, output, x, axes, count) => emitReduce(to, ReduceKind.Sum, output, x, axes, 1 / count),
  compute: (node, x) => folded(node, x, mean),
});
