// Operators that search for elements or run along an axis, on the host: ArgMax, ArgMin, TopK, CumSum.

import { at } from '../../../graph/at.ts';
import type { TypedArray } from '../../../graph/tensor.ts';
import { allocate, type Element, integers } from '../../elements.ts';
import type { OpenNode, Operator } from '../../operator.ts';
import { constantInput, input, invalid, output, resolveAxis } from '../../shapes.ts';
import { aroundAxis } from '../../strides.ts';

/** Calls `visit` with the offset of the first element of every row along the axis. */
function eachRow({ outer, length, inner }: ReturnType<typeof aroundAxis>, visit: (start: number, row: number) => void): void {
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit(o * length * inner + i, o * inner + i);
}

interface ArgAttributes {
  readonly axis: number;
  readonly keepDims: boolean;
  readonly selectLast: boolean;
}

function arg(name: string, better: (a: Element, b: Element) => boolean): Operator<ArgAttributes> {
  const axisOf = (node: OpenNode<ArgAttributes>) => resolveAxis(node, node.attributes.axis, input(node, 0).dims.length);
  return {
    name,
    since: 1,
    inputs: [1, 1],
    evaluatedTypes: ['any'],
    attributes: (reader, opset) => ({
      axis: reader.int('axis', 0),
      keepDims: reader.flag('keepdims', true),
      selectLast: opset >= 12 && reader.flag('select_last_index'),
    }),
    inferShape(node) {
      const { dims } = input(node, 0);
      const axis = axisOf(node);
      if (dims[axis] === 0) throw invalid(node, `axis ${axis} is empty`);
      return [
        {
          type: 'int64',
          dims: node.attributes.keepDims ? dims.map((dim, a) => (a === axis ? 1 : dim)) : dims.filter((_, a) => a !== axis),
        },
      ];
    },
    evaluate(node, [x]) {
      const data = x as TypedArray;
      const shape = aroundAxis(input(node, 0).dims, axisOf(node));
      const { selectLast } = node.attributes;
      const y = new BigInt64Array(shape.outer * shape.inner);
      eachRow(shape, (start, row) => {
        let best = 0;
        let value = data[start] as Element;
        for (let i = 1; i < shape.length; i++) {
          const other = data[start + i * shape.inner] as Element;
          // NaN beats everything, and the first NaN stays.
          const wins = better(other, value) || (selectLast && other === value) || (Number.isNaN(other) && !Number.isNaN(value));
          if (wins) [best, value] = [i, other];
        }
        y[row] = BigInt(best);
      });
      return [y];
    },
  };
}

/** ONNX ArgMax: the index of the largest element along an axis; of equal ones the first, or the last. */
export const argMax = arg('ArgMax', (a, b) => a > b);
/** ONNX ArgMin. */
export const argMin = arg('ArgMin', (a, b) => a < b);

interface TopKAttributes {
  readonly axis: number;
  readonly largest: boolean;
  /** An attribute up to opset 9, then an input. */
  readonly k: number | undefined;
}

/**
 * ONNX TopK: the k largest (or smallest) elements along an axis, sorted, and their indices. Equal elements keep their order;
 * NaN is the largest.
 */
export const topK: Operator<TopKAttributes> = {
  name: 'TopK',
  since: 1,
  inputs: [1, 2],
  outputs: [1, 2],
  constantInputs: [1],
  attributes(reader, opset) {
    reader.int('sorted', 1);
    return { axis: reader.int('axis', -1), largest: reader.flag('largest', true), k: opset < 10 ? reader.int('k', 1) : undefined };
  },
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const axis = resolveAxis(node, node.attributes.axis, dims.length);
    const k = node.attributes.k ?? numberIn(node);
    if (!(k >= 0 && k <= at(dims, axis)))
      throw invalid(node, `the ${k} ${node.attributes.largest ? 'largest' : 'smallest'} of ${dims[axis]} elements`);
    const shape = dims.map((dim, a) => (a === axis ? k : dim));
    return [
      { type, dims: shape },
      { type: 'int64' as const, dims: shape },
    ].slice(0, node.outputCount);
  },
  evaluate(node, [x]) {
    const data = x as TypedArray;
    const { dims, type } = input(node, 0);
    const axis = resolveAxis(node, node.attributes.axis, dims.length);
    const shape = aroundAxis(dims, axis);
    const k = at(output(node).dims, axis);
    const values = allocate(type, shape.outer * k * shape.inner);
    const indices = new BigInt64Array(values.length);
    const sign = node.attributes.largest ? 1 : -1;
    const compare = (a: Element, b: Element) => {
      if (a === b) return 0;
      const [aNaN, bNaN] = [Number.isNaN(a), Number.isNaN(b)];
      if (aNaN || bNaN) return (Number(bNaN) - Number(aNaN)) * sign;
      return a > b ? -sign : sign;
    };
    eachRow(shape, (start, row) => {
      const element = (i: number) => data[start + i * shape.inner] as Element;
      const order = Array.from({ length: shape.length }, (_, i) => i).sort((a, b) => compare(element(a), element(b)) || a - b);
      const to = Math.floor(row / shape.inner) * k * shape.inner + (row % shape.inner);
      order.slice(0, k).forEach((best, i) => {
        values[to + i * shape.inner] = element(best) as never;
        indices[to + i * shape.inner] = BigInt(best);
      });
    });
    return [values, indices].slice(0, node.outputCount);
  },
};

interface CumSumAttributes {
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** ONNX CumSum along an axis: each element is the sum of those up to it, before it (exclusive) or from it on (reverse). */
export const cumSum: Operator<CumSumAttributes> = {
  name: 'CumSum',
  since: 11,
  inputs: [2, 2],
  constantInputs: [1],
  attributes: (reader) => ({ exclusive: reader.flag('exclusive'), reverse: reader.flag('reverse') }),
  inferShape(node) {
    const { type, dims } = input(node, 0);
    resolveAxis(node, numberIn(node), dims.length);
    return [{ type, dims }];
  },
  evaluate(node, [x]) {
    const data = x as TypedArray;
    const { dims, type } = input(node, 0);
    const shape = aroundAxis(dims, resolveAxis(node, numberIn(node), dims.length));
    const { exclusive, reverse } = node.attributes;
    const y = allocate(type, data.length);
    eachRow(shape, (start) => {
      let sum: Element | undefined;
      for (let i = 0; i < shape.length; i++) {
        const at = start + (reverse ? shape.length - 1 - i : i) * shape.inner;
        const value = data[at] as Element;
        const next: Element = sum === undefined ? value : (((sum as number) + (value as number)) as Element);
        y[at] = (exclusive ? (sum ?? (typeof value === 'bigint' ? 0n : 0)) : next) as never;
        sum = next;
      }
    });
    return [y];
  },
};

/** The number in the second input; an empty list counts as 0. */
const numberIn = (node: OpenNode<unknown>): number => integers(node, constantInput(node, 1))[0] ?? 0;
