// Comparison, logic and choice: bytes of 0 and 1, computed on the host.

import type { DataType } from '../../../graph/tensor.ts';
import { type Element, mapElements } from '../../elements.ts';
import { broadcastAll, elementsOf, readLegacyAxis } from '../../elementwise/binary.ts';
import type { Operator } from '../../operator.ts';
import { broadcast, input, invalid, output } from '../../shapes.ts';

function comparison(
  name: string,
  since: number,
  test: (a: Element, b: Element) => boolean,
  types: readonly DataType[] | 'any' = 'any',
): Operator {
  return {
    name,
    since,
    inputs: [2, 2],
    evaluatedTypes: [types],
    attributes: readLegacyAxis,
    inferShape: (node) => [{ type: 'bool', dims: broadcastAll(node).dims }],
    evaluate: (node, data) => [mapElements('bool', output(node).dims, elementsOf(node, data), (a, b) => (test(a, b) ? 1 : 0))],
  };
}

function test(name: string, since: number, holds: (x: number) => boolean, types: readonly DataType[] = ['float32', 'float64']): Operator {
  return {
    name,
    since,
    inputs: [1, 1],
    evaluatedTypes: [types],
    inferShape: (node) => [{ type: 'bool', dims: input(node, 0).dims }],
    evaluate: (_, [x]) => [Uint8Array.from(x as Float32Array, (value) => (holds(value) ? 1 : 0))],
  };
}

/** ONNX Where: a where the condition holds, else b; all three broadcast. */
export const where: Operator = {
  name: 'Where',
  since: 9,
  inputs: [3, 3],
  evaluatedTypes: [['bool'], 'any', 'any'],
  inferShape(node) {
    const [condition, a, b] = [input(node, 0), input(node, 1), input(node, 2)];
    if (a.type !== b.type) throw invalid(node, `it chooses between ${a.type} and ${b.type}, which should be the same`);
    return [{ type: a.type, dims: broadcast(node, broadcast(node, condition.dims, a.dims), b.dims) }];
  },
  evaluate(node, data) {
    const { type, dims } = output(node);
    return [mapElements(type, dims, elementsOf(node, data), (condition, a, b) => (condition ? a : b))];
  },
};

const bool = ['bool'] as const;

/** IsInf's attributes select which infinities count. */
const isInf: Operator<{ readonly positive: boolean; readonly negative: boolean }> = {
  ...(test('IsInf', 10, Number.isNaN) as unknown as Operator<{ readonly positive: boolean; readonly negative: boolean }>),
  attributes: (reader) => ({ positive: reader.flag('detect_positive', true), negative: reader.flag('detect_negative', true) }),
  evaluate(node, [x]) {
    const { positive, negative } = node.attributes;
    return [
      Uint8Array.from(x as Float32Array, (value) =>
        (positive && value === Number.POSITIVE_INFINITY) || (negative && value === Number.NEGATIVE_INFINITY) ? 1 : 0,
      ),
    ];
  },
};

export const comparisons: readonly Operator[] = [
  comparison('Equal', 1, (a, b) => a === b),
  comparison('Greater', 1, (a, b) => a > b),
  comparison('GreaterOrEqual', 12, (a, b) => a >= b),
  comparison('Less', 1, (a, b) => a < b),
  comparison('LessOrEqual', 12, (a, b) => a <= b),
  comparison('And', 1, (a, b) => Boolean(a) && Boolean(b), bool),
  comparison('Or', 1, (a, b) => Boolean(a) || Boolean(b), bool),
  comparison('Xor', 1, (a, b) => Boolean(a) !== Boolean(b), bool),
  test('Not', 1, (x) => !x, bool),
  test('IsNaN', 9, Number.isNaN),
  isInf as Operator,
  where,
];
