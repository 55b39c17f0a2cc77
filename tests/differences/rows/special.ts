import { type Case, f32, filled, INF, i64, NAN, type Row, scalar } from '../row.ts';

const reduce = (op: string, values: readonly number[], expected: number): Case => ({
  name: `${op} of ${values.join(' ')}`,
  op,
  attributes: { axes: [1], keepdims: 0 },
  inputs: [f32(values, [1, values.length])],
  expected: [f32([expected])],
});
const arg = (op: string, values: readonly number[], expected: number): Case => ({
  name: `${op} of ${values.join(' ')}`,
  op,
  attributes: { axis: 0, keepdims: 0 },
  inputs: [f32(values)],
  expected: [i64([expected], [])],
});
const topK = (name: string, values: readonly number[], largest: number, expected: readonly number[], at: readonly number[]): Case => ({
  name,
  op: 'TopK',
  attributes: { axis: 0, largest },
  inputs: [f32(values), i64([at.length])],
  constants: [1],
  expected: [f32(expected), i64(at)],
});
const unary = (op: string, values: readonly number[], expected: readonly number[]): Case => ({
  name: `${op} of ${values.join(' ')}`,
  op,
  inputs: [f32(values)],
  expected: [f32(expected)],
});
const clip = (values: readonly number[], min: number, max: number, expected: readonly number[]): Case => ({
  name: `Clip to ${min} and ${max}`,
  op: 'Clip',
  inputs: [f32(values), scalar(min), scalar(max)],
  constants: [1, 2],
  expected: [f32(expected)],
});
const either = (op: string, expected: readonly number[]): Case => ({
  name: op,
  op,
  inputs: [f32([NAN, 1, -0, 0]), f32([1, NAN, 0, -0])],
  expected: [f32(expected)],
});
const grid = (name: string, mode: string, padding_mode: string, at: readonly number[], expected: readonly number[]): Case => ({
  name: `${name}, ${mode}, ${padding_mode}`,
  op: 'GridSample',
  opset: 16,
  attributes: { mode, padding_mode },
  inputs: [f32([1, 2, 3, 4], [1, 1, 2, 2]), f32(at, [1, 1, at.length / 2, 2])],
  expected: [f32(expected, [1, 1, 1, expected.length])],
});

const [SIZE, CHANNELS] = [16, 8];
const spike = filled(0, [1, CHANNELS, SIZE, SIZE]);
spike.data[8 * SIZE + 8] = NAN;
const aroundSpike = filled(0, [1, CHANNELS, SIZE, SIZE]);
for (let channel = 0; channel < CHANNELS; channel++) {
  for (const y of [7, 8, 9]) for (const x of [7, 8, 9]) aroundSpike.data[(channel * SIZE + y) * SIZE + x] = NAN;
}

export const special: readonly Row[] = [
  {
    title: 'NaN in ReduceMax and ReduceMin',
    cases: ['ReduceMax', 'ReduceMin'].flatMap((op) => [
      reduce(op, [NAN, 1, 2], NAN),
      reduce(op, [1, NAN, 2], NAN),
      reduce(op, [1, 2, NAN], NAN),
      reduce(op, [...Array(40).keys(), NAN, 5], NAN),
    ]),
  },
  {
    title: 'NaN in ArgMax and ArgMin',
    cases: ['ArgMax', 'ArgMin'].flatMap((op) => [arg(op, [NAN, 1, 2], 0), arg(op, [1, NAN, 2], 1), arg(op, [1, 2, NAN], 2)]),
  },
  {
    title: 'NaN in MaxPool',
    cases: [
      {
        name: 'windows of 3',
        op: 'MaxPool',
        attributes: { kernel_shape: [1, 3], strides: [1, 1] },
        inputs: [f32([1, NAN, 3, 4, 2, 5, NAN, NAN, NAN], [1, 1, 1, 9])],
        expected: [f32([NAN, NAN, 4, 5, NAN, NAN, NAN], [1, 1, 1, 7])],
      },
      {
        name: '2×2 of two channels',
        op: 'MaxPool',
        attributes: { kernel_shape: [2, 2], strides: [2, 2] },
        inputs: [f32([NAN, 1, 2, 3, 1, 2, 3, NAN], [1, 2, 2, 2])],
        expected: [f32([NAN, NAN], [1, 2, 1, 1])],
      },
      { name: 'global', op: 'GlobalMaxPool', inputs: [f32([1, NAN, 3, 2], [1, 1, 2, 2])], expected: [f32([NAN], [1, 1, 1, 1])] },
    ],
  },
  {
    title: 'NaN in TopK',
    cases: [
      topK('largest 4', [1, NAN, 3, 2], 1, [NAN, 3, 2, 1], [1, 2, 3, 0]),
      topK('largest 2', [1, NAN, 3, 2], 1, [NAN, 3], [1, 2]),
      topK('smallest 4', [1, NAN, 3, 2], 0, [1, 2, 3, NAN], [0, 3, 2, 1]),
    ],
  },
  {
    title: 'NaN in Clip and Relu',
    cases: [
      clip([NAN, -1, 7, -0], 0, 6, [NAN, 0, 6, -0]),
      clip([-1, 7], NAN, 6, [NAN, NAN]),
      unary('Relu', [NAN, -1, 7, -0], [NAN, 0, 7, -0]),
    ],
  },
  {
    title: 'Max and Min of NaN, and of zeros of either sign',
    cases: [either('Max', [NAN, NAN, 0, 0]), either('Min', [NAN, NAN, -0, -0])],
  },
  { title: 'Sign of NaN', cases: [unary('Sign', [NAN, -2, 3], [NAN, -1, 1])] },
  {
    title: 'ReduceLogSumExp of a row of −∞',
    cases: [reduce('ReduceLogSumExp', [-INF, -INF], -INF), reduce('ReduceLogSumExp', [INF, 0], INF)],
  },
  {
    title: "NaN and ∞ in GridSample's grid",
    cases: [
      grid('NaN', 'bilinear', 'zeros', [NAN, 0, 0, NAN], [2, 1.5]),
      grid('NaN', 'bilinear', 'border', [NAN, 0, 0, NAN], [2, 1.5]),
      grid('NaN', 'nearest', 'zeros', [NAN, 0, 0, NAN], [1, 1]),
      grid('∞', 'bilinear', 'zeros', [INF, 0, 0, -INF], [0, 0]),
      grid('∞', 'bilinear', 'border', [INF, 0, 0, -INF], [3, 1.5]),
      grid('1e9', 'bilinear', 'border', [1e9, 0, 0, -1e9], [3, 1.5]),
    ],
  },
  {
    title: 'NaN, ∞ or an outlier in a 3×3 convolution',
    cases: [
      {
        name: 'winograd: false',
        op: 'Conv',
        attributes: { pads: [1, 1, 1, 1] },
        inputs: [spike, filled(1, [CHANNELS, CHANNELS, 3, 3])],
        constants: [1],
        options: { winograd: false },
        expected: [aroundSpike],
      },
    ],
  },
  {
    title: 'Clip with min above max',
    cases: [clip([0, 3, 7], 5, 1, [1, 1, 1])],
  },
  {
    title: 'Ties in TopK and ArgMax',
    cases: [
      topK('3 of six', [1, 5, 5, 1, 5, 5], 1, [5, 5, 5], [1, 2, 4]),
      topK('smallest 3 of six', [5, 1, 1, 5, 1, 1], 0, [1, 1, 1], [1, 2, 4]),
      topK('3 of a hundred zeros', Array(100).fill(0), 1, [0, 0, 0], [0, 1, 2]),
      arg('ArgMax', [1, 5, 5, 1], 1),
      { ...arg('ArgMax', [1, 5, 5, 1], 2), name: 'select_last_index', attributes: { axis: 0, keepdims: 0, select_last_index: 1 } },
    ],
  },
  {
    title: 'TopK with sorted = 0',
    cases: [
      {
        ...topK('3 of six', [1, 5, 3, 4, 2, 9], 1, [9, 5, 4], [5, 1, 3]),
        attributes: { axis: 0, sorted: 0 },
      },
    ],
  },
  {
    title: 'Sigmoid in the tails',
    cases: [
      unary(
        'Sigmoid',
        [-50, -20, -18, -17, -16.5, -16, -15.5, -15],
        [
          1.9287498933537385e-22, 2.06115369216775e-9, 1.5229980832032197e-8, 4.139937814784389e-8, 6.825602838489431e-8,
          1.1253515452835927e-7, 1.855391076333035e-7, 3.0590220490012143e-7,
        ],
      ),
      unary('Sigmoid', [16, 17.6, 18, 100], [0.9999998807907104, 1, 1, 1]),
    ],
  },
  {
    title: 'Elu, Selu and Celu near zero',
    cases: [
      unary('Elu', [-1e-4, -1e-6, -1e-8], [-0.00009999499889090657, -9.999995427278918e-7, -1e-8]),
      unary('Selu', [-1e-8], [-1.7580992661692108e-8]),
      unary('Celu', [-1e-8], [-1e-8]),
    ],
  },
];
