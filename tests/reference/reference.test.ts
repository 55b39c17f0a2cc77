// Literal cases, computed by hand or by PyTorch in float64, so that the references themselves rest on something.
import { Tensor } from '../../src/graph/tensor.ts';
import * as ref from './index.ts';
import { array, type NdArray } from './index.ts';

/** 1, 2, 3, ... */
const counting = (...dims: number[]): NdArray =>
  array(
    dims,
    array(dims).data.map((_, i) => i + 1),
  );

function expectArray(actual: NdArray, dims: number[], values: number[]): void {
  expect(actual.dims).toEqual(dims);
  expect(ref.maxError(Array.from(actual.data), array(dims, values))).toBeLessThan(1e-12);
}

describe('arrays', () => {
  test('offsetOf and indexOf are inverse', () => {
    expect(ref.offsetOf([2, 3, 4], [1, 2, 3])).toBe(23);
    expect(ref.indexOf([2, 3, 4], 17)).toEqual([1, 1, 1]);
    expect(ref.offsetOf([], [])).toBe(0);
    expect(ref.indexOf([], 0)).toEqual([]);
  });

  test('random repeats for a seed, stays in range and fits float32', () => {
    expectArray(ref.random([1], 1, 0, 1), [1], [Math.fround(0.6270739405881613)]);
    const x = ref.random([2, 500], 7, -3, 5);
    expect(x).toEqual(ref.random([2, 500], 7, -3, 5));
    expect(x.data).not.toEqual(ref.random([2, 500], 8, -3, 5).data);
    expect(x.data.every((value) => value >= -3 && value <= 5 && Math.fround(value) === value)).toBe(true);
    expect(Math.abs(x.data.reduce((sum, value) => sum + value) / 1000 - 1)).toBeLessThan(0.3);
  });

  test('tensors convert both ways', () => {
    expectArray(ref.fromTensor(new Tensor('int64', [1, -2], [2, 1])), [2, 1], [1, -2]);
    expectArray(ref.fromTensor(new Tensor('float32', [0.1], [])), [], [Math.fround(0.1)]);
    expect(ref.toTensor(array([2], [0.1, 2]))).toEqual(new Tensor('float32', [0.1, 2], [2]));
  });

  test('maxError takes the worst element; special values agree only with themselves', () => {
    expect(ref.maxError([1, 2.5, 3], array([3], [1, 2, 3.25]))).toBe(0.5);
    expect(ref.maxError([NaN, Infinity, -0], array([3], [NaN, Infinity, 0]))).toBe(0);
    expect(ref.maxError([NaN, 5], array([2], [1, 5]))).toBe(Infinity);
    expect(ref.maxError([1, 5], array([2], [NaN, 5]))).toBe(Infinity);
    expect(ref.maxError([Infinity], array([1], [-Infinity]))).toBe(Infinity);
    expect(() => ref.maxError([1], array([2]))).toThrow('expected 2 elements, got 1');
  });
});

describe('conv', () => {
  test('slides the kernel unflipped and adds the bias', () => {
    const y = ref.conv({ x: counting(1, 1, 3, 3), w: array([1, 1, 2, 2], [1, 0, 0, -2]), b: array([1], [10]) });
    expectArray(y, [1, 1, 2, 2], [1, 0, -2, -3]);
  });

  test('asymmetric pads are [top, left, bottom, right]', () => {
    const y = ref.conv({ x: counting(1, 1, 3, 4), w: counting(1, 1, 2, 2), pads: [1, 2, 0, 1], strides: [2, 2] });
    expectArray(y, [1, 1, 2, 3], [0, 11, 25, 0, 84, 104]);
    expect(ref.conv({ x: counting(1, 1, 3, 4), w: counting(1, 1, 2, 2), pads: [1, 0, 0, 2] }).dims).toEqual([1, 1, 3, 5]);
  });

  test('dilations differ per axis', () => {
    const y = ref.conv({ x: counting(1, 1, 5, 5), w: counting(1, 1, 2, 2), dilations: [2, 3] });
    expectArray(y, [1, 1, 3, 2], [98, 108, 148, 158, 198, 208]);
  });

  test('a group sees its own channels alone', () => {
    const y = ref.conv({ x: counting(1, 4, 1, 2), w: counting(4, 2, 1, 1), b: array([4], [0.5, 0, 0, -0.5]), group: 2 });
    expectArray(y, [1, 4, 1, 2], [7.5, 10.5, 15, 22, 67, 78, 90.5, 105.5]);
  });

  test('depthwise with two filters a channel, in a batch', () => {
    const y = ref.conv({ x: counting(2, 2, 1, 1), w: counting(4, 1, 1, 1), group: 2 });
    expectArray(y, [2, 4, 1, 1], [1, 2, 6, 8, 3, 6, 12, 16]);
  });

  test('one pixel under a padded kernel meets its middle', () => {
    expectArray(ref.conv({ x: array([1, 1, 1, 1], [2]), w: counting(1, 1, 3, 3), pads: [1, 1, 1, 1] }), [1, 1, 1, 1], [10]);
  });

  test('one spatial axis', () => {
    const y = ref.conv({ x: counting(1, 2, 5), w: counting(1, 2, 3), pads: [2, 1], strides: [2] });
    expectArray(y, [1, 1, 3], [39, 121, 163]);
  });

  test('mismatched shapes throw', () => {
    expect(() => ref.conv({ x: counting(1, 3, 2, 2), w: counting(1, 2, 1, 1) })).toThrow('w is for 2 x 1 channels, x has 3');
    expect(() => ref.conv({ x: counting(1, 2, 2, 2), w: counting(3, 1, 1, 1), group: 2 })).toThrow('3 filters');
    expect(() => ref.conv({ x: counting(1, 1, 2, 2), w: counting(1, 1, 1, 1), pads: [1, 1] })).toThrow('pads are [1,1]');
  });
});

test('resolvePads: the odd pad goes to the end for SAME_UPPER, to the beginning for SAME_LOWER', () => {
  expect(ref.resolvePads('SAME_UPPER', [5, 5], [3, 2], [1, 1], [1, 1])).toEqual([1, 0, 1, 1]);
  expect(ref.resolvePads('SAME_LOWER', [5, 5], [3, 2], [1, 1], [1, 1])).toEqual([1, 1, 1, 0]);
  expect(ref.resolvePads('SAME_UPPER', [224, 224], [3, 7], [2, 2])).toEqual([0, 2, 1, 3]);
  expect(ref.resolvePads('SAME_UPPER', [8], [3], [1], [2])).toEqual([2, 2]);
  expect(ref.resolvePads('SAME_LOWER', [4], [1], [2])).toEqual([0, 0]);
  expect(ref.resolvePads('VALID', [8, 8], [3, 3])).toEqual([0, 0, 0, 0]);
});

describe('pooling', () => {
  test('maxPool: ceilMode lets the last window reach past the input', () => {
    const x = counting(1, 1, 4, 4);
    expectArray(ref.maxPool({ x, kernelShape: [3, 3], strides: [2, 2] }), [1, 1, 1, 1], [11]);
    expectArray(ref.maxPool({ x, kernelShape: [3, 3], strides: [2, 2], ceilMode: true }), [1, 1, 2, 2], [11, 12, 15, 16]);
  });

  test('maxPool: a ceilMode window that starts in the end padding is dropped', () => {
    const options = { kernelShape: [3], strides: [3], pads: [1, 1], ceilMode: true };
    expectArray(ref.maxPool({ x: counting(1, 1, 2), ...options }), [1, 1, 1], [2]);
    expectArray(ref.maxPool({ x: counting(1, 1, 5), ...options }), [1, 1, 2], [2, 5]);
    // One more input, and the third window starts on it.
    expectArray(ref.maxPool({ x: counting(1, 1, 6), ...options }), [1, 1, 3], [2, 5, 6]);
  });

  test('maxPool: padding never wins, dilations skip, pads may be asymmetric', () => {
    const x = array([1, 1, 2, 3], [-1, -2, -3, -4, -5, -6]);
    const y = ref.maxPool({ x, kernelShape: [1, 2], pads: [0, 2, 1, 0], dilations: [1, 2] });
    expectArray(y, [1, 1, 3, 3], [-1, -2, -1, -4, -5, -4, -Infinity, -Infinity, -Infinity]);
    expectArray(ref.maxPool({ x: array([1, 1, 3, 1], [5, 9, 7]), kernelShape: [2, 1], dilations: [2, 1] }), [1, 1, 1, 1], [7]);
  });

  test('maxPool: NaN wins wherever it stands in the window', () => {
    expectArray(ref.maxPool({ x: array([1, 1, 4], [NaN, 1, 2, NaN]), kernelShape: [2] }), [1, 1, 3], [NaN, 2, NaN]);
  });

  test('averagePool: countIncludePad divides by the whole window', () => {
    const options = { x: counting(1, 1, 3, 3), kernelShape: [3, 3], pads: [1, 1, 1, 1] };
    expectArray(ref.averagePool(options), [1, 1, 3, 3], [3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7]);
    const included = [12 / 9, 21 / 9, 16 / 9, 3, 5, 33 / 9, 24 / 9, 39 / 9, 28 / 9];
    expectArray(ref.averagePool({ ...options, countIncludePad: true }), [1, 1, 3, 3], included);
  });

  test('averagePool: asymmetric pads', () => {
    const options = { x: counting(1, 1, 3), kernelShape: [3], pads: [0, 2] };
    expectArray(ref.averagePool(options), [1, 1, 3], [2, 2.5, 3]);
    expectArray(ref.averagePool({ ...options, countIncludePad: true }), [1, 1, 3], [2, 5 / 3, 1]);
  });

  test('averagePool: what a ceilMode window reaches past the padding never counts', () => {
    const options = { x: counting(1, 1, 4), kernelShape: [3], strides: [2], pads: [1, 1], ceilMode: true };
    expectArray(ref.averagePool(options), [1, 1, 3], [1.5, 3, 4]);
    expectArray(ref.averagePool({ ...options, countIncludePad: true }), [1, 1, 3], [1, 3, 2]);
  });

  test('averagePool: dilations with ceilMode', () => {
    const options = { x: counting(1, 1, 4), kernelShape: [2], strides: [2], pads: [1, 1], dilations: [2], ceilMode: true };
    expectArray(ref.averagePool(options), [1, 1, 3], [2, 3, 4]);
    expectArray(ref.averagePool({ ...options, countIncludePad: true }), [1, 1, 3], [1, 3, 4]);
  });

  test('one pixel', () => {
    const options = { x: array([1, 1, 1, 1], [9]), kernelShape: [3, 3], pads: [1, 1, 1, 1] };
    expectArray(ref.maxPool(options), [1, 1, 1, 1], [9]);
    expectArray(ref.averagePool(options), [1, 1, 1, 1], [9]);
    expectArray(ref.averagePool({ ...options, countIncludePad: true }), [1, 1, 1, 1], [1]);
  });

  test('global pools keep the rank', () => {
    expectArray(ref.globalAveragePool(counting(1, 2, 2, 2)), [1, 2, 1, 1], [2.5, 6.5]);
    expectArray(ref.globalMaxPool(counting(2, 1, 3)), [2, 1, 1], [3, 6]);
    expectArray(ref.globalMaxPool(array([1, 1, 3], [1, NaN, 2])), [1, 1, 1], [NaN]);
  });
});

describe('batchNormalization', () => {
  const parameters = { scale: array([2], [2, 3]), bias: array([2], [10, 20]), mean: array([2], [1, 5]), variance: array([2], [3, 8]) };

  test('normalizes each channel by its own statistics', () => {
    const y = ref.batchNormalization({ x: counting(1, 2, 1, 2), ...parameters, epsilon: 1 });
    expectArray(y, [1, 2, 1, 2], [10, 11, 18, 19]);
    expectArray(ref.batchNormalization({ x: counting(2, 2), ...parameters, epsilon: 1 }), [2, 2], [10, 17, 12, 19]);
  });

  test('epsilon is 1e-5 where left out', () => {
    const one = array([1], [1]);
    const y = ref.batchNormalization({ x: array([1, 1], [1]), scale: one, bias: one, mean: array([1]), variance: array([1]) });
    expectArray(y, [1, 1], [1 + Math.sqrt(1e5)]);
  });
});

describe('elementwise', () => {
  test('relu and clip', () => {
    expectArray(ref.relu(array([4], [-2, 0, 3, NaN])), [4], [0, 0, 3, NaN]);
    expectArray(ref.clip(array([2, 2], [-2, 0.5, 9, NaN]), 0, 6), [2, 2], [0, 0.5, 6, NaN]);
    expectArray(ref.clip(array([2], [-1, 1]), undefined, 0), [2], [-1, 0]);
    expectArray(ref.clip(array([2], [1, 9]), 5, 3), [2], [3, 3]);
    expectArray(ref.clip(array([2], [-Infinity, Infinity])), [2], [-ref.FLOAT32_MAX, ref.FLOAT32_MAX]);
  });

  test('add broadcasts both ways', () => {
    expectArray(ref.add(counting(2, 2), counting(2, 2)), [2, 2], [2, 4, 6, 8]);
    expectArray(ref.add(counting(2, 1), array([3], [10, 20, 30])), [2, 3], [11, 21, 31, 12, 22, 32]);
    expectArray(ref.add(array([], [5]), counting(1, 2)), [1, 2], [6, 7]);
    expectArray(ref.add(counting(1, 2, 1, 1), array([1, 1, 1, 2], [10, 20])), [1, 2, 1, 2], [11, 21, 12, 22]);
    expect(() => ref.add(counting(2), counting(3))).toThrow('do not broadcast');
  });
});

describe('gemm', () => {
  const a = counting(2, 3);
  const b = counting(3, 2);

  test('products of matrices and of transposed ones', () => {
    expectArray(ref.gemm({ a, b }), [2, 2], [22, 28, 49, 64]);
    expectArray(ref.gemm({ a, b: a, transB: true }), [2, 2], [14, 32, 32, 77]);
    expectArray(ref.gemm({ a: b, b, transA: true }), [2, 2], [35, 44, 44, 56]);
    expectArray(ref.gemm({ a: b, b: a, transA: true, transB: true }), [2, 2], [22, 49, 28, 64]);
  });

  test('alpha scales the product, beta the addend, which broadcasts', () => {
    expectArray(ref.gemm({ a, b, c: array([2], [1, 2]), alpha: 0.5, beta: 10 }), [2, 2], [21, 34, 34.5, 52]);
    expectArray(ref.gemm({ a, b, c: array([2, 1], [1, 2]) }), [2, 2], [23, 29, 51, 66]);
    expectArray(ref.gemm({ a, b, c: array([], [1]) }), [2, 2], [23, 29, 50, 65]);
    expect(() => ref.gemm({ a, b, c: counting(1, 2, 2) })).toThrow('c of [1,2,2]');
    expect(() => ref.gemm({ a, b: a })).toThrow('do not multiply');
  });
});

describe('softmax', () => {
  test('runs along one axis and does not overflow', () => {
    const row = [0.09003057317038045, 0.2447284710547976, 0.6652409557748218];
    expectArray(ref.softmax(array([2, 3], [1, 2, 3, 1001, 1002, 1003])), [2, 3], [...row, ...row]);
    const columns = [0.04742587317756679, 0.017986209962091555, 0.006692850924284856];
    expectArray(ref.softmax(array([2, 3], [1, 2, 3, 4, 6, 8]), 0), [2, 3], [...columns, ...columns.map((value) => 1 - value)]);
  });

  test('before opset 13 it runs over every axis from the given one on', () => {
    const x = array([1, 2, 2], [0, 1, 2, 3]);
    const together = [0.03205860328008499, 0.08714431874203257, 0.23688281808991016, 0.6439142598879724];
    expectArray(ref.softmaxBefore13(x), [1, 2, 2], together);
    expectArray(ref.softmaxBefore13(x, -3), [1, 2, 2], together);
    const pair = [0.2689414213699951, 0.7310585786300049];
    expectArray(ref.softmaxBefore13(x, 2), [1, 2, 2], [...pair, ...pair]);
  });
});

describe('shape', () => {
  test('flatten', () => {
    const x = counting(2, 3, 4);
    for (const [axis, dims] of [
      [0, [1, 24]],
      [1, [2, 12]],
      [3, [24, 1]],
      [-1, [6, 4]],
      [-3, [1, 24]],
    ] as const) {
      expectArray(ref.flatten(x, axis), [...dims], [...x.data]);
    }
    expect(ref.flatten(x).dims).toEqual([2, 12]);
    expect(() => ref.flatten(x, 4)).toThrow('axis 4');
  });

  test('reshape: 0 copies, -1 infers, allowzero takes 0 literally', () => {
    const x = counting(2, 3, 4);
    expectArray(ref.reshape(x, [0, -1]), [2, 12], [...x.data]);
    expect(ref.reshape(x, [4, 0, -1, 1]).dims).toEqual([4, 3, 2, 1]);
    expect(ref.reshape(array([0, 3]), [3, 0], true).dims).toEqual([3, 0]);
    expect(ref.reshape(array([1], [7]), []).dims).toEqual([]);
    expect(() => ref.reshape(x, [5, -1])).toThrow('does not reshape');
    expect(() => ref.reshape(x, [-1, -1])).toThrow('more than one -1');
    expect(() => ref.reshape(array([0]), [0, -1], true)).toThrow('both 0 and -1');
    expect(() => ref.reshape(x, [7])).toThrow('hold 7 elements, got 24');
  });

  test('transpose', () => {
    const x = counting(1, 2, 3);
    expectArray(ref.transpose(x), [3, 2, 1], [1, 4, 2, 5, 3, 6]);
    expectArray(ref.transpose(counting(2, 2, 2), [2, 0, 1]), [2, 2, 2], [1, 3, 5, 7, 2, 4, 6, 8]);
    expectArray(ref.transpose(counting(2, 1, 3), [1, 2, 0]), [1, 3, 2], [1, 4, 2, 5, 3, 6]);
    expect(() => ref.transpose(x, [0, 0, 1])).toThrow('does not permute');
  });
});
