// Operators that read channels of a concatenation where they lie, and write theirs where a concatenation wants them: the same as apart.

import type { Attribute } from '../../src/graph/graph.ts';
import {
  array,
  averagePool,
  convTranspose,
  globalLpPool,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  lpPool,
  lrn,
  matMul,
  maxPool,
  meanVarianceNormalization,
  type NdArray,
  random,
} from '../reference/index.ts';
import { graphOf, type NodeSpec } from './graph.ts';
import { opsOf } from './plans.ts';
import { eachVariant, expectClose, runGraph } from './run.ts';

interface SliceCase {
  op: string;
  opset?: number;
  attributes?: Record<string, Attribute>;
  /** The constants for `channels` channels. */
  constants?: (channels: number) => NdArray[];
  reference: (x: NdArray, constants: NdArray[]) => NdArray;
  /** Row-major operators copy their slices. */
  copies?: boolean;
}

const vectors = (channels: number) => [random([channels], 11), random([channels], 12)];

const cases: Record<string, SliceCase> = {
  ConvTranspose: {
    op: 'ConvTranspose',
    attributes: { strides: [2, 1], pads: [1, 0, 0, 1] },
    constants: (c) => [random([c, 6, 3, 2], 11), random([6], 12)],
    reference: (x, [w, b]) => convTranspose({ x, w: w as NdArray, b: b as NdArray, strides: [2, 1], pads: [1, 0, 0, 1] }),
  },
  'ConvTranspose in as many groups as channels': {
    op: 'ConvTranspose',
    attributes: { strides: [2, 2], group: 5 },
    constants: (c) => [random([c, 2, 2, 2], 11), random([2 * c], 12)],
    reference: (x, [w, b]) => convTranspose({ x, w: w as NdArray, b: b as NdArray, strides: [2, 2], group: 5 }),
  },
  InstanceNormalization: {
    op: 'InstanceNormalization',
    constants: vectors,
    reference: (x, [scale, bias]) => instanceNormalization({ x, scale: scale as NdArray, bias: bias as NdArray }),
  },
  GroupNormalization: {
    op: 'GroupNormalization',
    opset: 21,
    attributes: { num_groups: 5 },
    constants: vectors,
    reference: (x, [scale, bias]) => groupNormalization({ x, scale: scale as NdArray, bias: bias as NdArray, groups: 5, perGroup: false }),
  },
  'GroupNormalization of one group': {
    op: 'GroupNormalization',
    opset: 18,
    attributes: { num_groups: 1 },
    constants: () => vectors(1),
    reference: (x, [scale, bias]) => groupNormalization({ x, scale: scale as NdArray, bias: bias as NdArray, groups: 1, perGroup: true }),
  },
  LayerNormalization: {
    op: 'LayerNormalization',
    opset: 17,
    attributes: { axis: 1 },
    constants: (c) => [random([c, 4, 3], 11), random([3], 12)],
    reference: (x, [scale, bias]) => layerNormalization({ x, scale: scale as NdArray, bias: bias as NdArray, axis: 1 }).y,
    copies: true,
  },
  MeanVarianceNormalization: { op: 'MeanVarianceNormalization', reference: (x) => meanVarianceNormalization(x) },
  'MeanVarianceNormalization across channels': {
    op: 'MeanVarianceNormalization',
    attributes: { axes: [1, 2] },
    reference: (x) => meanVarianceNormalization(x, [1, 2]),
  },
  LRN: { op: 'LRN', attributes: { size: 4, alpha: 1 }, reference: (x) => lrn({ x, size: 4, alpha: 1 }) },
  MatMul: { op: 'MatMul', constants: () => [random([3, 6], 11)], reference: (x, [w]) => matMul(x, w as NdArray), copies: true },
  'LpPool, p = 1': { op: 'LpPool', attributes: { kernel_shape: [2, 3], p: 1 }, reference: (x) => lpPool({ x, kernelShape: [2, 3], p: 1 }) },
  'LpPool, p = 2': {
    op: 'LpPool',
    attributes: { kernel_shape: [2, 2], pads: [1, 0, 0, 1] },
    reference: (x) => lpPool({ x, kernelShape: [2, 2], pads: [1, 0, 0, 1] }),
  },
  'LpPool, p = 3': { op: 'LpPool', attributes: { kernel_shape: [3, 1], p: 3 }, reference: (x) => lpPool({ x, kernelShape: [3, 1], p: 3 }) },
  GlobalLpPool: { op: 'GlobalLpPool', attributes: { p: 3 }, reference: (x) => globalLpPool(x, 3) },
  AveragePool: {
    op: 'AveragePool',
    opset: 19,
    attributes: { kernel_shape: [2, 2], dilations: [2, 1], ceil_mode: 1, pads: [1, 1, 1, 1], strides: [2, 2], count_include_pad: 1 },
    reference: (x) =>
      averagePool({
        x,
        kernelShape: [2, 2],
        dilations: [2, 1],
        ceilMode: true,
        pads: [1, 1, 1, 1],
        strides: [2, 2],
        countIncludePad: true,
      }),
  },
  MaxPool: {
    op: 'MaxPool',
    attributes: { kernel_shape: [2, 2], dilations: [1, 2], ceil_mode: 1, strides: [2, 2] },
    reference: (x) => maxPool({ x, kernelShape: [2, 2], dilations: [1, 2], ceilMode: true, strides: [2, 2] }),
  },
};

/** Along channels. */
function concat(...parts: NdArray[]): NdArray {
  const [batch = 1, , ...spatial] = parts[0]?.dims ?? [];
  const channels = parts.reduce((sum, { dims }) => sum + (dims[1] ?? 0), 0);
  const each = parts.map(({ data }) => data.length / batch);
  const values = Array.from({ length: batch }, (_, n) =>
    parts.flatMap(({ data }, p) => [...data.subarray(n * (each[p] ?? 0), (n + 1) * (each[p] ?? 0))]),
  );
  return array([batch, channels, ...spatial], values.flat());
}

// What comes before and behind only brings values into slices.
const same = (input: string, name: string): NodeSpec => ({ op: 'MaxPool', name, attributes: { kernel_shape: [1, 1] }, inputs: [input] });

eachVariant((variant) => {
  test.each(Object.entries(cases))('%s', (_, { op, opset = 13, attributes, constants = () => [], reference, copies }) => {
    const [a, b] = [random([2, 3, 4, 3], 1), random([2, 5, 4, 3], 2)];
    const values = constants(5);
    const graph = graphOf({
      opset,
      inputs: { a: a.dims, b: b.dims },
      constants: Object.fromEntries(values.map((value, i) => [`c${i}`, value])),
      nodes: [
        same('a', 'p'),
        same('b', 'q'),
        // q lies in it, behind three other channels.
        { op: 'Concat', name: 'before', attributes: { axis: 1 }, inputs: ['p', 'q'] },
        { op, name: 'y', attributes, inputs: ['q', ...values.map((__, i) => `c${i}`)] },
        same('y', 'z'),
        { op: 'Concat', name: 'behind', attributes: { axis: 1 }, inputs: ['z', 'y', 'z'] },
      ],
      outputs: ['before', 'behind'],
    });
    const expected = reference(b, values);
    const [before, behind] = runGraph(graph, { a, b }, { variant }) as [NdArray, NdArray];
    expectClose(before, concat(a, b), 0);
    const tolerance = 2 ** -18 * Math.max(1, ...expected.data);
    expectClose(behind, concat(expected, expected, expected), tolerance);
    // z can lie in one place of the two: one copy of it is left, and none of the others.
    if (!copies) expect(opsOf(graph, { a, b }).filter((name) => name === 'copy')).toHaveLength(1);
  });

  test.each(Object.entries(cases))(
    '%s of the concatenation itself',
    (_, { op, opset = 13, attributes, constants = () => [], reference }) => {
      const [a, b] = [random([2, 3, 4, 3], 1), random([2, 2, 4, 3], 2)];
      const values = constants(5);
      const graph = graphOf({
        opset,
        inputs: { a: a.dims, b: b.dims },
        constants: Object.fromEntries(values.map((value, i) => [`c${i}`, value])),
        nodes: [
          same('a', 'p'),
          same('b', 'q'),
          { op: 'Concat', name: 'x', attributes: { axis: 1 }, inputs: ['p', 'q'] },
          { op, name: 'y', attributes, inputs: ['x', ...values.map((__, i) => `c${i}`)] },
        ],
      });
      const expected = reference(concat(a, b), values);
      const [y] = runGraph(graph, { a, b }, { variant }) as [NdArray];
      expectClose(y, expected, 2 ** -18 * Math.max(1, ...expected.data));
    },
  );
});
