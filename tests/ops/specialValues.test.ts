// NaN, infinities, zeros of both signs, denormals and the largest numbers, for every operator that takes float32: what ONNX's text says, or where
// it is IEEE 754's arithmetic, the float64 references' answer rounded to float32.

import { addOperators } from '../../src/compiler/operators.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { runTyped, type TypedCase } from '../kernels/run.ts';
import { convTranspose } from '../reference/convTranspose.ts';
import * as reference from '../reference/index.ts';
import { array, fromTensor, toTensor } from '../reference/index.ts';
import * as move from '../reference/move.ts';
import { nonMaxSuppression } from '../reference/nonMaxSuppression.ts';
import { resize } from '../reference/resize.ts';
import {
  across,
  binary,
  bools,
  type Case,
  channels,
  comparison,
  convolved,
  down,
  grid,
  inf,
  LEAST,
  large,
  lines,
  longs,
  moved,
  nan,
  normalized,
  picture,
  problem,
  reduction,
  softLines,
  specials,
  table,
  unary,
  vector,
  whole,
} from './special.ts';

const operators = addOperators();

/** Operators that take no float32 data, with the reason. */
const without: Readonly<Record<string, string>> = {
  And: 'bool',
  Constant: 'no input',
  ConstantOfShape: 'a shape',
  Not: 'bool',
  Or: 'bool',
  Xor: 'bool',
};

const cases: Readonly<Record<string, () => Case[]>> = {
  ...Object.fromEntries(Object.keys(reference.functionTable).map((op) => [op, () => [unary(op)]])),
  Add: () => [binary('Add')],
  ArgMax: () => [{ inputs: [lines], expected: [longs(reference.argMax(lines, { axis: 1 }))], attributes: { axis: 1 } }],
  ArgMin: () => [{ inputs: [lines], expected: [longs(reference.argMin(lines, { axis: 1 }))], attributes: { axis: 1 } }],
  AveragePool: () => [
    {
      inputs: [channels],
      expected: [reference.averagePool({ x: channels, kernelShape: [3] })],
      attributes: { kernel_shape: [3] },
      ulp: 1.5,
      anySign: true,
    },
    { inputs: [picture], expected: [reference.averagePool({ x: picture, kernelShape: [1, 1] })], attributes: { kernel_shape: [1, 1] } },
  ],
  BatchNormalization: () => {
    const x = array([1, 1, 1, specials.length], specials);
    const [scale, bias, mean, variance] = [vector([1]), vector([0]), vector([0]), vector([1])];
    return [
      { inputs: [x, scale, bias, mean, variance], constants: [1, 2, 3, 4], attributes: { epsilon: 0 }, expected: [x], anySign: true },
    ];
  },
  Cast: () => [
    {
      inputs: [vector(specials)],
      expected: [
        new Tensor(
          'bool',
          Uint8Array.from(specials, (x) => (x === 0 ? 0 : 1)),
          [specials.length],
        ),
      ],
      attributes: { to: 9 },
    },
    {
      inputs: [vector(specials)],
      expected: [new Tensor('float64', Float64Array.from(specials), [specials.length])],
      attributes: { to: 11 },
    },
  ],
  CastLike: () => [
    {
      inputs: [vector(specials), new Tensor('float64', [1])],
      opset: 15,
      expected: [new Tensor('float64', Float64Array.from(specials), [specials.length])],
    },
  ],
  Clip: () => [
    { inputs: [vector(specials), array([], [-2]), array([], [2])], expected: [reference.clip(vector(specials), -2, 2)] },
    { inputs: [vector(specials)], expected: [vector(specials)] },
  ],
  Concat: () => [{ inputs: [table, table], expected: [move.concat([table, table], 1)], attributes: { axis: 1 } }],
  // Winograd's 3 × 3 spreads what is not finite over its tile.
  Conv: () => [1, 2].map((size) => convolved(size)),
  ConvTranspose: () => {
    const w = array([1, 1, 1, 1], [2]);
    return [{ inputs: [picture, w], constants: [1], expected: [convTranspose({ x: picture, w })] }];
  },
  CumSum: () => [{ inputs: [lines, whole(1)], constants: [1], expected: [reference.cumSum(lines, 1)], anySign: true }],
  DepthToSpace: () => {
    const x = array([1, 4, 2, 3], [...specials, ...specials].slice(0, 24));
    return [{ inputs: [x], expected: [move.depthToSpace(x, 2)], attributes: { blocksize: 2 } }];
  },
  Div: () => [binary('Div')],
  DequantizeLinear: () => [
    {
      inputs: [new Tensor('int8', [-1, 0, 1, 2, -3], [5]), vector([inf, inf, nan, LEAST, 0])],
      expected: [vector([-inf, nan, nan, 2 * LEAST, -0])],
      attributes: { axis: 0 },
    },
  ],
  Dropout: () => [moved((x) => x)],
  Equal: () => [comparison('Equal')],
  Exp: () => [
    unary('Exp', { ulp: 1 }),
    ((x) => ({ inputs: [x], expected: [array(x.dims, x.data.map(Math.exp))], ulp: 1 }))(
      vector([88.7228, 88.8, 89.1, 400, -87.4, -90, -100, -103.9, -104, -104.1, -400].map(Math.fround)),
    ),
  ],
  Expand: () => [{ inputs: [down, whole(specials.length, 3)], constants: [1], expected: [move.expand(down, [specials.length, 3])] }],
  Flatten: () => [moved((x) => reference.flatten(x))],
  Gather: () => [moved((x) => move.gather(x, array([2], [3, 0]), 1), { inputs: [whole(3, 0)], attributes: { axis: 1 } })],
  GatherElements: () => [{ inputs: [vector(specials), whole(3, 0, 5)], expected: [vector([-0, nan, LEAST])] }],
  // Below 0 it takes a number near 1 from 1.
  Gelu: () => [unary('Gelu', { absolute: 1e-7 })],
  Gemm: () => [
    {
      inputs: [lines, array([3, 1], [1, 0, -2])],
      constants: [1],
      expected: [reference.matMul(lines, array([3, 1], [1, 0, -2]))],
      anySign: true,
    },
  ],
  GlobalAveragePool: () => [{ inputs: [channels], expected: [reference.globalAveragePool(channels)], ulp: 1.5, anySign: true }],
  GlobalLpPool: () => [{ inputs: [channels], expected: [reference.globalLpPool(channels, 1)], attributes: { p: 1 }, ulp: 1 }],
  GlobalMaxPool: () => [{ inputs: [channels], expected: [reference.globalMaxPool(channels)] }],
  Greater: () => [comparison('Greater')],
  GreaterOrEqual: () => [comparison('GreaterOrEqual')],
  GridSample: () => [{ inputs: [picture, grid([4, 5])], expected: [picture], attributes: { mode: 'nearest' }, opset: 16, anySign: true }],
  GroupNormalization: () => [normalized('GroupNormalization')],
  Hardmax: () => [{ inputs: [lines], expected: [reference.hardmax(lines)] }],
  Identity: () => [moved((x) => x)],
  InstanceNormalization: () => [normalized('InstanceNormalization')],
  IsInf: () => [{ inputs: [vector(specials)], expected: [bools(vector(specials.map((x) => Number(Math.abs(x) === inf))))] }],
  IsNaN: () => [{ inputs: [vector(specials)], expected: [bools(vector(specials.map((x) => Number(Number.isNaN(x)))))] }],
  LRN: () => [{ inputs: [channels], expected: [reference.lrn({ x: channels, size: 1 })], attributes: { size: 1 }, ulp: 4 }],
  LayerNormalization: () => [normalized('LayerNormalization')],
  Less: () => [comparison('Less')],
  LessOrEqual: () => [comparison('LessOrEqual')],
  LogSoftmax: () => [{ inputs: [softLines], expected: [reference.logSoftmax(softLines)], ulp: 2, anySign: true }],
  LpPool: () => [
    {
      inputs: [channels],
      expected: [reference.lpPool({ x: channels, kernelShape: [3], p: 1 })],
      attributes: { p: 1, kernel_shape: [3] },
      ulp: 1,
    },
  ],
  MatMul: () => [
    {
      inputs: [lines, array([3, 2], [1, 2, 0, 1, -2, 1])],
      expected: [reference.matMul(lines, array([3, 2], [1, 2, 0, 1, -2, 1]))],
      anySign: true,
    },
  ],
  Max: () => [binary('Max')],
  MaxPool: () => [
    { inputs: [channels], expected: [reference.maxPool({ x: channels, kernelShape: [3] })], attributes: { kernel_shape: [3] } },
    { inputs: [picture], expected: [reference.maxPool({ x: picture, kernelShape: [1, 1] })], attributes: { kernel_shape: [1, 1] } },
  ],
  Mean: () => [
    { inputs: [down, across], expected: [reference.broadcastMap((a, b) => Math.fround(a + b) / 2, down, across)], anySign: true },
  ],
  MeanVarianceNormalization: () => [normalized('MeanVarianceNormalization')],
  Min: () => [binary('Min')],
  Mod: () => [binary('Mod', { attributes: { fmod: 1 } })],
  Mul: () => [binary('Mul')],
  NonMaxSuppression: () => {
    const boxes = array([1, 3, 4], [0, 0, 1, 1, -inf, -1, -5, 1, 5, 5, inf, 6]);
    const scores = array([1, 1, 3], [0.5, 0.9, inf]);
    const limits = [new Tensor('int64', BigInt64Array.of(3n), []), new Tensor('float32', [0.5], [])];
    return [
      { inputs: [boxes, scores, ...limits], constants: [2, 3], expected: [longs(nonMaxSuppression(boxes, scores, { most: 3, iou: 0.5 }))] },
    ];
  },
  NonZero: () => [
    {
      inputs: [vector(specials)],
      expected: [
        longs(
          array(
            [1, 17],
            [...specials.keys()].filter((i) => specials[i] !== 0),
          ),
        ),
      ],
    },
  ],
  PRelu: () => [binary('PRelu', { inputs: [move.expand(down, [specials.length, specials.length]), across] })],
  Pad: () => [
    moved((x) => move.pad(x, { pads: [1, 0, 0, 2], value: nan }), { inputs: [whole(1, 0, 0, 2), array([], [nan])], constants: [1, 2] }),
  ],
  Pow: () => [binary('Pow', { ulp: 1 })],
  Range: () => [{ inputs: [array([], [-0]), array([], [2.5]), array([], [1])], expected: [vector([0, 1, 2])], anySign: true }],
  ...Object.fromEntries(
    Object.keys(reference.reductions).map((op) => [
      op,
      () => [
        // The squares of the smallest are 0.
        reduction(op, { ulp: 1.5, absolute: op === 'ReduceL2' ? 2 ** -74 : 0 }),
        ...(/Sum$|Max|Min|Mean|L1/.test(op) && op !== 'ReduceLogSum' ? [reduction(op, { ulp: 1.5 }, large)] : []),
      ],
    ]),
  ),
  Relu: () => [{ inputs: [vector(specials)], expected: [reference.relu(vector(specials))], anySign: true }],
  Reshape: () => [moved((x) => array([2, 10], x.data), { inputs: [whole(2, 10)], constants: [1] })],
  Resize: () => [
    {
      inputs: [table, undefined, vector([2, 1])],
      constants: [2],
      expected: [resize(table, { scales: [2, 1], coordinates: 'half_pixel' })],
      anySign: true,
    },
    {
      inputs: [table, undefined, vector([2, 1])],
      constants: [2],
      expected: [resize(table, { scales: [2, 1], mode: 'linear' })],
      attributes: { mode: 'linear' },
      ulp: 8,
      anySign: true,
    },
  ],
  Shape: () => [{ inputs: [table], expected: [whole(4, 5)] }],
  Size: () => [{ inputs: [table], expected: [new Tensor('int64', BigInt64Array.of(20n), [])] }],
  Slice: () => [
    moved((x) => move.slice(x, { starts: [3, -1], ends: [0, -6], steps: [-1, -2] }), {
      inputs: [whole(3, -1), whole(0, -6), whole(0, 1), whole(-1, -2)],
      constants: [1, 2, 3, 4],
    }),
  ],
  Softmax: () => [{ inputs: [softLines], expected: [reference.softmax(softLines)], ulp: 3, flushes: true }],
  SpaceToDepth: () => {
    const x = array([1, 1, 4, 4], specials.slice(0, 16));
    return [{ inputs: [x], expected: [move.spaceToDepth(x, 2)], attributes: { blocksize: 2 } }];
  },
  Split: () => [{ inputs: [table, whole(1, 3)], constants: [1], expected: move.split(table, [1, 3], 0) }],
  Squeeze: () => [{ inputs: [picture, whole(0, 1)], constants: [1], expected: [table] }],
  Sub: () => [binary('Sub')],
  Sum: () => [{ ...binary('Add'), anySign: true }],
  Swish: () => [unary('Swish', { flushes: true })],
  Tile: () => [moved((x) => move.tile(x, [2, 1]), { inputs: [whole(2, 1)], constants: [1] })],
  TopK: () => [
    {
      inputs: [lines, whole(2)],
      constants: [1],
      expected: [
        array(
          [12, 2],
          [nan, 2, nan, nan, inf, 1, 2, 1, inf, 0, -inf, -inf, nan, inf, -0, -0, 0, -0, 3 * LEAST, LEAST, 2 ** -126, 1e-39, 1, 1e-40].map(
            Math.fround,
          ),
        ),
        longs(array([12, 2], [1, 2, 0, 1, 0, 1, 2, 1, 0, 2, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 2, 0, 1])),
      ],
    },
  ],
  Transpose: () => [moved((x) => reference.transpose(x))],
  Unsqueeze: () => [{ inputs: [table, whole(0, 1)], constants: [1], expected: [picture] }],
  Upsample: () => [
    {
      inputs: [table, vector([2, 3])],
      constants: [1],
      opset: 9,
      expected: [resize(table, { scales: [2, 3], coordinates: 'asymmetric', nearest: 'floor' })],
      anySign: true,
    },
  ],
  Where: () => {
    const choice = array(
      [specials.length, 1],
      specials.map((_, i) => i % 2),
    );
    return [{ inputs: [bools(choice), down, across], expected: [reference.where(choice, down, across)] }];
  },
};

test('every operator is here', () => {
  expect([...Object.keys(cases), ...Object.keys(without)].sort()).toEqual([...operators.keys()].sort());
});

describe.each(Object.keys(cases))('%s', (op) => {
  const built = (cases[op] as () => Case[])();
  test.each(built.map((spec, i) => [i, spec] as const))('case %i', (_, spec) => {
    const { inputs, expected, opset, attributes, constants } = spec;
    const tensors = inputs.map((value) => (value && !(value instanceof Tensor) ? toTensor(value) : value));
    const given = { op, opset, attributes, inputs: tensors, outputs: expected.length } as TypedCase;
    const ways = [constants ?? [], inputs.flatMap((value, i) => (value ? [i] : []))];
    for (const known of ways) {
      const actual = runTyped({ ...given, constants: known });
      expected.forEach((output, k) => {
        const result = actual[k] as Tensor;
        expect(result.dims).toEqual(output.dims);
        if (output instanceof Tensor) expect(result).toEqual(output);
        else {
          const { data } = fromTensor(result as Tensor<'float32'>);
          const wrong = [...data.keys()].filter((i) => problem(data[i] as number, output.data[i] as number, spec));
          expect(wrong.map((i) => ({ at: i, actual: data[i], expected: output.data[i] }))).toEqual([]);
        }
      });
    }
  });
});
