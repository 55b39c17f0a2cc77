// Literal cases, computed by hand or taken from the examples in ONNX's documentation, for what the references in these files compute.

import * as ref from './index.ts';
import { array, type NdArray } from './index.ts';

function expectArray(actual: NdArray, dims: number[], values: number[]): void {
  expect(actual.dims).toEqual(dims);
  expect(ref.maxError(Array.from(actual.data), array(dims, values))).toBeLessThan(1e-12);
}

describe('convTranspose', () => {
  const x = array([1, 1, 3, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const w = array([1, 2, 3, 3], new Array(18).fill(1));
  /** Both filters are the same. */
  const expectTwice = (y: NdArray, rows: number[][]) =>
    expectArray(y, [1, 2, rows.length, rows[0]?.length ?? 0], [...rows.flat(), ...rows.flat()]);

  test('adds up what overlaps', () => {
    expectTwice(ref.convTranspose({ x, w }), [
      [0, 1, 3, 3, 2],
      [3, 8, 15, 12, 7],
      [9, 21, 36, 27, 15],
      [9, 20, 33, 24, 13],
      [6, 13, 21, 15, 8],
    ]);
  });

  test('output_shape over the full size leaves zeros at the end', () => {
    const [a, b, c] = [
      [0, 0, 1, 1, 3, 2, 2, 0],
      [3, 3, 7, 4, 9, 5, 5, 0],
      [6, 6, 13, 7, 15, 8, 8, 0],
    ] as [number[], number[], number[]];
    expectTwice(ref.convTranspose({ x, w, strides: [3, 2], outputShape: [10, 8] }), [a, a, a, b, b, b, c, c, c, new Array(8).fill(0)]);
    expectTwice(ref.convTranspose({ x, w, strides: [3, 2], outputPadding: [1, 1] }), [a, a, a, b, b, b, c, c, c, new Array(8).fill(0)]);
  });

  test('pads crop', () => {
    const [a, b, c] = [
      [1, 1, 3],
      [7, 4, 9],
      [13, 7, 15],
    ] as [number[], number[], number[]];
    expectTwice(ref.convTranspose({ x, w, strides: [3, 2], pads: [1, 2, 1, 2] }), [a, a, b, b, b, c, c]);
  });

  test('auto_pad SAME_UPPER crops the odd one at the end, SAME_LOWER at the beginning', () => {
    const upper = ref.convTranspose({ x, w, strides: [2, 2], autoPad: 'SAME_UPPER' });
    expectTwice(upper, [
      [0, 0, 1, 1, 3, 2],
      [0, 0, 1, 1, 3, 2],
      [3, 3, 8, 5, 12, 7],
      [3, 3, 7, 4, 9, 5],
      [9, 9, 20, 11, 24, 13],
      [6, 6, 13, 7, 15, 8],
    ]);
    const line = { x: array([1, 1, 2], [1, 2]), w: array([1, 1, 3], [1, 10, 100]), strides: [2] };
    expectArray(ref.convTranspose({ ...line, autoPad: 'SAME_UPPER' }), [1, 1, 4], [1, 10, 102, 20]);
    expectArray(ref.convTranspose({ ...line, autoPad: 'SAME_LOWER' }), [1, 1, 4], [10, 102, 20, 200]);
  });

  test('dilations', () => {
    const dilated = {
      x: array([1, 1, 3, 3], [3, 8, 1, 9, 5, 7, 3, 2, 6]),
      w: array([1, 1, 2, 2], [7, 2, 1, 9]),
      dilations: [2, 2],
    };
    const rows = [21, 56, 13, 16, 2, 63, 35, 67, 10, 14, 24, 22, 76, 76, 21, 9, 5, 88, 45, 63, 3, 2, 33, 18, 54];
    expectArray(ref.convTranspose(dilated), [1, 1, 5, 5], rows);
  });

  test('groups and bias', () => {
    const y = ref.convTranspose({
      x: array([1, 2, 1], [2, 3]),
      w: array([2, 2, 1], [1, 10, 100, 1000]),
      b: array([4], [0.5, 0, 0, 0]),
      group: 2,
    });
    expectArray(y, [1, 4, 1], [2.5, 20, 300, 3000]);
  });
});

describe('normalisations, of pairs that lie 1 or 2 from their mean', () => {
  const exact = { epsilon: 0 };

  test('instances', () => {
    const x = array([1, 2, 2], [1, 3, 10, 14]);
    const y = ref.instanceNormalization({ x, scale: array([2], [1, 2]), bias: array([2], [0, 5]), ...exact });
    expectArray(y, [1, 2, 2], [-1, 1, 3, 7]);
  });

  test('epsilon is added to the variance', () => {
    const x = array([1, 1, 2], [1, 3]);
    expectArray(ref.instanceNormalization({ x, scale: array([1], [1]), bias: array([1]), epsilon: 3 }), [1, 1, 2], [-0.5, 0.5]);
  });

  test('groups, with a scale for each group or each channel', () => {
    const common = { x: array([1, 4, 1], [1, 3, 10, 14]), groups: 2, ...exact };
    const perGroup = ref.groupNormalization({ ...common, scale: array([2], [1, 2]), bias: array([2], [0, 5]), perGroup: true });
    expectArray(perGroup, [1, 4, 1], [-1, 1, 3, 7]);
    const perChannel = ref.groupNormalization({
      ...common,
      scale: array([4], [1, 2, 3, 4]),
      bias: array([4], [0, 0, 0, 1]),
      perGroup: false,
    });
    expectArray(perChannel, [1, 4, 1], [-1, 2, -3, 5]);
  });

  test('layers, with mean and inverse deviation', () => {
    const x = array([2, 2], [1, 3, 10, 14]);
    const { y, mean, inverse } = ref.layerNormalization({ x, scale: array([2], [1, 10]), bias: array([1], [1]), ...exact });
    expectArray(y, [2, 2], [0, 11, 0, 11]);
    expectArray(mean, [2, 1], [2, 12]);
    expectArray(inverse, [2, 1], [1, 0.5]);
  });

  test('mean and variance over chosen axes', () => {
    const x = array([2, 2, 1, 1], [1, 10, 3, 14]);
    expectArray(ref.meanVarianceNormalization(x), [2, 2, 1, 1], [-1 / (1 + 1e-9), -2 / (2 + 1e-9), 1 / (1 + 1e-9), 2 / (2 + 1e-9)]);
    const across = ref.meanVarianceNormalization(array([1, 2, 2], [1, 10, 3, 14]), [1]);
    expect(ref.maxError(across.data, array([1, 2, 2], [-1, -1, 1, 1]))).toBeLessThan(1e-8);
  });
});

test('lrn: of an even size, the one more lies behind', () => {
  const x = array([1, 3, 1], [1, 2, 3]);
  expectArray(ref.lrn({ x, size: 2, alpha: 2, beta: 1 }), [1, 3, 1], [1 / 6, 2 / 14, 3 / 10]);
  expectArray(ref.lrn({ x, size: 3, alpha: 3, beta: 0.5, bias: 4 }), [1, 3, 1], [1 / 3, 2 / Math.sqrt(18), 3 / Math.sqrt(17)]);
});

test('matMul: vectors are rows on the left and columns on the right', () => {
  const m = array([2, 2], [1, 2, 3, 4]);
  const v = array([2], [5, 6]);
  expectArray(ref.matMul(m, v), [2], [17, 39]);
  expectArray(ref.matMul(v, m), [2], [23, 34]);
  expectArray(ref.matMul(v, v), [], [61]);
  expectArray(ref.matMul(m, array([2, 2, 1], [1, 0, 0, 1])), [2, 2, 1], [1, 3, 2, 4]);
  expect(() => ref.matMul(m, array([3]))).toThrow('do not multiply');
});

test('lpPool: the root of the sum of powers', () => {
  const x = array([1, 1, 3], [3, -4, 0]);
  expectArray(ref.lpPool({ x, kernelShape: [2] }), [1, 1, 2], [5, 4]);
  expectArray(ref.lpPool({ x, kernelShape: [2], p: 1, pads: [1, 0] }), [1, 1, 3], [3, 7, 4]);
  expectArray(ref.globalLpPool(array([1, 2, 2], [1, -1, 2, 0]), 3), [1, 2, 1], [Math.cbrt(2), 2]);
});
