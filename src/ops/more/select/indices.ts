// Operators that make indices: Range, NonZero.

import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import type { TypedArray } from '../../../graph/tensor.ts';
import { allocate, type Element, isBig } from '../../elements.ts';
import type { OpenNode, Operator } from '../../operator.ts';
import { constantInput, input, invalid, output } from '../../shapes.ts';

/** ONNX Range: start, start + delta, ... before limit. */
export const range: Operator = {
  name: 'Range',
  since: 11,
  inputs: [3, 3],
  types: ['any'],
  constantInputs: [0, 1, 2],
  attributes(reader, opset) {
    // The type in which float16 is added up; here it is always float32.
    if (opset >= 27 && reader.int('stash_type', 1) !== 1) throw reader.unsupported('a stash_type other than 1, float32, is not supported');
    return {};
  },
  inferShape(node) {
    const { type } = input(node, 0);
    const fits = type !== 'bool' && [0, 1, 2].every((i) => input(node, i).type === type && product(input(node, i).dims) === 1);
    if (!fits) throw invalid(node, 'its start, limit and delta should be single numbers of one type');
    return [{ type, dims: [stepsOf(node)] }];
  },
  evaluate(node, [start, , delta]) {
    const { type, dims } = output(node);
    const data = allocate(type, product(dims));
    const [first, step] = [start?.[0] as Element, delta?.[0] as Element];
    for (let i = 0; i < data.length; i++) {
      data[i] = (isBig(type) ? (first as bigint) + BigInt(i) * (step as bigint) : (first as number) + i * (step as number)) as never;
    }
    return [data];
  },
};

function stepsOf(node: OpenNode<unknown>): number {
  const [start, limit, step] = [0, 1, 2].map((i) => constantInput(node, i)[0]) as [Element, Element, Element];
  const delta = Number(step);
  // For bigints the difference is taken before digits are lost.
  const span = typeof limit === 'bigint' ? Number(limit - (start as bigint)) : limit - (start as number);
  const count = Math.max(0, Math.ceil(span / delta));
  if (delta === 0 || !Number.isSafeInteger(count)) throw invalid(node, `a range from ${start} to ${limit} in steps of ${delta} has no end`);
  return count;
}

/** ONNX NonZero: the indices of elements that are not 0, [rank, count], in row-major order. */
export const nonZero: Operator = {
  name: 'NonZero',
  since: 9,
  inputs: [1, 1],
  types: ['any'],
  inferShape: (node) => [{ type: 'int64', dims: [input(node, 0).dims.length, 0] }],
  sizes: (node, data) => {
    const rank = input(node, 0).dims.length;
    return [[rank, rank && at(data, 0).length / rank]];
  },
  evaluate(node, [x]) {
    const { dims } = input(node, 0);
    const data = x as TypedArray;
    const holds = (i: number) => Boolean(data[i]) || Number.isNaN(data[i]);
    // Counted first, so that only the result is held.
    let count = 0;
    for (let i = 0; i < data.length; i++) if (holds(i)) count++;
    const y = new BigInt64Array(dims.length * count);
    for (let i = 0, column = 0; column < count; i++) {
      if (!holds(i)) continue;
      for (let axis = dims.length - 1, rest = i; axis >= 0; axis--) {
        const dim = at(dims, axis);
        y[axis * count + column] = BigInt(rest % dim);
        rest = Math.floor(rest / dim);
      }
      column++;
    }
    return [y];
  },
};
