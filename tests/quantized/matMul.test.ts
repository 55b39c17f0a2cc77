// MatMulInteger and QLinearMatMul against plain loops.

import { Tensor } from '../../src/graph/tensor.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { expectTensor, runTyped } from '../kernels/run.ts';
import { integerMatMul, requantize } from '../reference/quantized.ts';
import { bytes, floats, one, sizeOf } from './random.ts';

addQuantized();

interface Case {
  a: readonly number[];
  b: readonly number[];
  y: readonly number[];
  /** [batch, A's, B's, M, K, N]. */
  sizes: readonly [number, number, number, number, number, number];
}

const cases: Case[] = [
  ...[1, 3, 4, 5, 7, 8, 17].map((k): Case => ({ a: [k + 1, k], b: [k, k + 2], y: [k + 1, k + 2], sizes: [1, 1, 1, k + 1, k, k + 2] })),
  { a: [1, 129], b: [129, 9], y: [1, 9], sizes: [1, 1, 1, 1, 129, 9] },
  { a: [5], b: [5, 9], y: [9], sizes: [1, 1, 1, 1, 5, 9] },
  { a: [3, 5], b: [5], y: [3], sizes: [1, 1, 1, 3, 5, 1] },
  { a: [2, 3, 6], b: [6, 4], y: [2, 3, 4], sizes: [2, 2, 1, 3, 6, 4] },
  { a: [3, 6], b: [2, 6, 10], y: [2, 3, 10], sizes: [2, 1, 2, 3, 6, 10] },
  { a: [2, 1, 7, 9], b: [2, 1, 9, 11], y: [2, 1, 7, 11], sizes: [2, 2, 2, 7, 9, 11] },
  { a: [3, 4], b: [4, 0], y: [3, 0], sizes: [1, 1, 1, 3, 4, 0] },
  { a: [3, 0], b: [0, 4], y: [3, 4], sizes: [1, 1, 1, 3, 0, 4] },
];

/** Zero points of A and B: left out, one, one for each row and column, or one for each of each matrix. */
const zeros = ['none', 'one', 'column', 'row', 'all'] as const;
const types = [
  ['uint8', 'uint8'],
  ['uint8', 'int8'],
  ['int8', 'uint8'],
  ['int8', 'int8'],
] as const;

describe.each(cases)('$a by $b', ({ a: aDims, b: bDims, y: dims, sizes }) => {
  const [, aBatch, bBatch, m, , n] = sizes;
  test.each(types.flatMap(([aType, bType]) => zeros.map((kind) => ({ aType, bType, kind }))))('$aType $bType $kind', (given) => {
    const { aType, bType, kind } = given;
    const [a, b] = [bytes(aType, aDims), bytes(bType, bDims)];
    const single = (type: 'uint8' | 'int8') => one(type, type === 'int8' ? -5 : 130);
    const aZero =
      kind === 'none' ? undefined : kind === 'row' ? bytes(aType, [m]) : kind === 'all' ? bytes(aType, [aBatch, m, 1]) : single(aType);
    const bZero =
      kind === 'none' ? undefined : kind === 'column' ? bytes(bType, [n]) : kind === 'all' ? bytes(bType, [bBatch, 1, n]) : single(bType);
    const sums = integerMatMul(a.data as Int8Array, b.data as Int8Array, sizes, aZero?.data as Int8Array, bZero?.data as Int8Array);
    for (const constants of [[1, 3], [1, 2, 3], []]) {
      const [y] = runTyped({ op: 'MatMulInteger', inputs: [a, b, aZero, bZero], constants });
      expectTensor(y, new Tensor('int32', sums, dims));
    }
    const [aScale, yScale] = [kind === 'row' ? floats(m, 0.01, 0.02) : floats(1, 0.01, 0.02), floats(1, 0.5, 0.9)];
    const bScale = kind === 'column' ? floats(n, 0.01, 0.02) : floats(1, 0.01, 0.02);
    const yZero = one(aType, aType === 'int8' ? 7 : 100);
    const expected = Array.from(sums, (sum, o) => {
      const left = aScale.data[kind === 'row' ? Math.floor(o / n) % m : 0] as number;
      const right = bScale.data[kind === 'column' ? o % n : 0] as number;
      const scale = Math.fround(Math.fround(left * right) / (yScale.data[0] as number));
      return requantize(sum, scale, yZero.data[0] as number, aType);
    });
    const inputs = [a, aScale, aZero ?? one(aType, 0), b, bScale, bZero ?? one(bType, 0), yScale, yZero];
    for (const constants of [
      [1, 2, 3, 4, 5, 6, 7],
      [3, 5],
      [1, 2, 4, 5, 6, 7],
    ]) {
      const [y] = runTyped({ op: 'QLinearMatMul', inputs, constants });
      expectTensor(y, new Tensor(aType, expected, dims));
    }
    expect(sums.length).toBe(sizeOf(dims));
  });
});

// As onnxruntime 1.30 gives them.
test.each([
  [0, [0, 0, 255, 255]],
  [-1, [100, 101, 96, 93]],
  [Number.NaN, [0, 0, 0, 0]],
  [Number.POSITIVE_INFINITY, [100, 100, 100, 100]],
])('an output scale of %s', (scale, expected) => {
  const factor = new Tensor('uint8', [1, 2, 3, 4], [2, 2]);
  const unit = new Tensor('float32', [1], []);
  const inputs = [factor, unit, one('uint8', 2), factor, unit, one('uint8', 1), new Tensor('float32', [scale], []), one('uint8', 100)];
  for (const constants of [[1, 2, 3, 4, 5, 6, 7], []])
    expectTensor(runTyped({ op: 'QLinearMatMul', inputs, constants })[0], new Tensor('uint8', expected, [2, 2]));
});
