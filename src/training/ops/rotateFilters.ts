import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { emitCopy, shifted } from '../../ops/emit.ts';
import type { Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';

/**
 * The filters of the convolution that undoes another's steps: W [M, C / group, ...kernel] to [C, M / group, ...kernel], input and
 * output channels swapped within each group, the kernel rotated by half a turn.
 */
export const rotateFilters: Operator<{ readonly group: number }> = {
  name: 'RotateFilters',
  since: 1,
  inputs: [1, 1],
  inferShape(node) {
    const [filters = 0, channels = 0, ...kernel] = input(node, 0).dims;
    const { group } = node.attributes;
    return [{ type: 'float32', dims: [channels * group, filters / group, ...kernel] }];
  },
  lower(node, lowering) {
    const { group } = node.attributes;
    const [w, y] = [input(node, 0), output(node)];
    const [, channels = 0, ...kernel] = w.dims;
    const [taps, each] = [product(kernel), at(y.dims, 1)];
    emitCopy(lowering, 4, lowering.define(y).pointer, shifted(lowering.place(w).pointer, (taps - 1) * 4), {
      sizes: [group, channels, each, taps],
      strides: [
        [channels * each * taps * 4, each * taps * 4, taps * 4, 4],
        [channels * each * taps * 4, taps * 4, channels * taps * 4, -4],
      ],
    });
  },
};
