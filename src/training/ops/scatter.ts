// Gradients of operators that choose elements: they go back to where those came from, into zeros.

import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import { type Element, wrapIndex } from '../../ops/elements.ts';
import { emitCopy } from '../../ops/emit.ts';
import { alike, rowMajor } from '../../ops/layouts.ts';
import { emitMove, type MoveLoop } from '../../ops/move/move.ts';
import type { Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { aroundAxis } from '../../ops/strides.ts';

export interface SliceGradientAttributes {
  /** Of the sliced tensor. */
  readonly dims: readonly number[];
  /** Of each axis. */
  readonly ranges: readonly { readonly start: number; readonly step: number }[];
}

/** The gradient of Slice: zeros in the places that it left out. */
export const sliceGradient: Operator<SliceGradientAttributes> = {
  name: 'SliceGradient',
  since: 1,
  inputs: [1, 1],
  inferShape: (node) => [{ type: 'float32', dims: node.attributes.dims }],
  layout: alike,
  slices: true,
  lower(node, lowering) {
    const [x, y] = [input(node, 0), output(node)];
    const { ranges } = node.attributes;
    const { pointer, strides } = lowering.define(y);
    emitCopy(lowering, 4, pointer, lowering.zeros(4), { sizes: [...y.dims], strides: [[...strides], y.dims.map(() => 0)] });
    // Backwards steps go forwards, from the last element on.
    const back = ranges.map(({ step }) => step < 0);
    const last = (axis: number) => Math.max(0, at(x.dims, axis) - 1);
    emitMove(
      lowering,
      {
        loops: ranges.map(
          ({ step }, axis): MoveLoop => ({
            size: at(x.dims, axis),
            from: [axis, Math.sign(step)],
            to: [axis, Math.abs(step)],
          }),
        ),
        fromStart: back.map((is, axis) => (is ? last(axis) : 0)),
        toStart: ranges.map(({ start, step }, axis) => (back[axis] ? start + step * last(axis) : start)),
      },
      y,
      x,
    );
  },
};

export interface GatherGradientAttributes {
  readonly axis: number;
  /** Of the tensor from which rows were chosen. */
  readonly dims: readonly number[];
}

/**
 * The gradient of Gather by indices that a run computes: the sums of the gradients of each row, in the order of the indices.
 * Inputs: the gradient, the indices. On the host, as Gather itself then is.
 */
export const gatherGradient: Operator<GatherGradientAttributes> = {
  name: 'GatherGradient',
  since: 1,
  inputs: [2, 2],
  types: ['float32', 'any'],
  inferShape: (node) => [{ type: 'float32', dims: node.attributes.dims }],
  evaluate(node, [gradient, indices]) {
    const { axis, dims } = node.attributes;
    const { outer, length, inner } = aroundAxis(dims, axis);
    const sums = new Float64Array(product(dims));
    let from = 0;
    for (let o = 0; o < outer; o++) {
      for (const index of indices as Iterable<Element>) {
        const to = (o * length + wrapIndex(node, index, length)) * inner;
        for (let i = 0; i < inner; i++) sums[to + i] = (sums[to + i] as number) + at(gradient as TypedArray as Float32Array, from++);
      }
    }
    return [Float32Array.from(sums)];
  },
  layout: rowMajor,
  lower: (node, lowering) => lowering.evaluate(node as Parameters<typeof lowering.evaluate>[0]),
};
