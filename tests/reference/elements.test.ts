// Literal cases, computed by hand or by PyTorch in float64, of what works element by element or along axes.
import * as ref from './index.ts';
import { array, type NdArray } from './index.ts';

function expectArray(actual: NdArray, dims: number[], values: number[]): void {
  expect(actual.dims).toEqual(dims);
  expect(ref.maxError(Array.from(actual.data), array(dims, values))).toBeLessThan(1e-12);
}

test.each(
  Object.entries(ref.functionTable).flatMap(([op, { f, points, more = [] }]) =>
    [{ attributes: {}, points }, ...more].flatMap(({ attributes, points }) => (points ? [{ op, f, attributes, points }] : [])),
  ),
)('$op $attributes', ({ f, attributes, points }) => {
  ref.POINTS.forEach((x, i) => {
    expect(f(x, attributes)).toBeCloseTo(points[i] ?? Number.NaN, 13);
  });
});

test('erfc keeps its digits where 1 - erf has none', () => {
  expect(ref.erfc(3) / 2.209049699858544e-5).toBeCloseTo(1, 13);
  expect(ref.erfc(6) / 2.1519736712498913e-17).toBeCloseTo(1, 13);
  expect(ref.erfc(-1)).toBeCloseTo(1.8427007929497148, 14);
  // The series and the continued fraction meet.
  expect(ref.erf(2.5 - 1e-9) / ref.erf(2.5)).toBeCloseTo(1, 11);
});

test('ulpError counts units in the last place of float32', () => {
  expect(ref.ulpError(1 + 2 ** -23, 1)).toBe(1);
  expect(ref.ulpError(1, 1 + 2 ** -25)).toBe(0);
  expect(ref.ulpError(1 - 2 ** -23, 1)).toBe(1);
  expect(ref.ulpError(4 + 2 ** -20, 4)).toBe(2);
  expect(ref.ulpError(0, 1e-40)).toBe(0);
  expect(ref.ulpError(0, 1e-30)).toBeGreaterThan(1e6);
  expect(ref.ulpError(Number.NaN, 1)).toBe(Infinity);
  expect(ref.ulpError(1, Number.NaN)).toBe(Infinity);
  expect(ref.ulpError(Number.NaN, Number.NaN)).toBe(0);
  expect(ref.ulpError(Infinity, 1e30)).toBeGreaterThan(1e6);
  expect(ref.ulpError(Infinity, 1e40)).toBe(0);
});

const matrix = array([2, 3], [1, -2, 3, -4, 5, -6]);

test.each([
  ['ReduceSum', [2, -5], [-3, 3, -3]],
  ['ReduceMean', [2 / 3, -5 / 3], [-1.5, 1.5, -1.5]],
  ['ReduceMax', [3, 5], [1, 5, 3]],
  ['ReduceMin', [-2, -6], [-4, -2, -6]],
  ['ReduceProd', [-6, 120], [-4, -10, -18]],
  ['ReduceL1', [6, 15], [5, 7, 9]],
  ['ReduceL2', [3.7416573867739413, 8.774964387392123], [4.123105625617661, 5.385164807134504, 6.708203932499369]],
  ['ReduceSumSquare', [14, 77], [17, 29, 45]],
  ['ReduceLogSumExp', [3.1328452337275756, 5.000140101690177], [1.006715348489118, 5.000911466453775, 3.000123402189723]],
])('%s', (op, rows, columns) => {
  expectArray(ref.reduce(op, matrix, [1]), [2, 1], rows);
  expectArray(ref.reduce(op, matrix, [-2], false), [3], columns);
  expect(ref.reduce(op, matrix).dims).toEqual([1, 1]);
  expect(ref.reduce(op, matrix, undefined, false).dims).toEqual([]);
});

test('ReduceLogSum, and reductions of nothing', () => {
  expectArray(ref.reduce('ReduceLogSum', array([3], [1, 2, Math.E - 3])), [1], [1]);
  const nothing = (op: string) => ref.reduce(op, array([0])).data[0];
  expect(['ReduceSum', 'ReduceProd', 'ReduceMax', 'ReduceMin', 'ReduceMean'].map(nothing)).toEqual([0, 1, -Infinity, Infinity, Number.NaN]);
  expect(() => ref.reduce('ReduceSum', matrix, [2])).toThrow('axis 2');
});

test('broadcastMap takes each element with its own', () => {
  const minus = (a: number, b: number) => a - b;
  expectArray(ref.broadcastMap(minus, array([2, 1], [10, 20]), array([3], [1, 2, 3])), [2, 3], [9, 8, 7, 19, 18, 17]);
  expectArray(ref.broadcastMap(minus, array([], [5]), array([2], [1, 2])), [2], [4, 3]);
  expectArray(ref.where(array([2, 1], [1, 0]), array([2], [1, 2]), array([], [9])), [2, 2], [1, 2, 9, 9]);
  expect(() => ref.broadcastMap(minus, array([2]), array([3]))).toThrow('do not broadcast');
});

test('along an axis', () => {
  const ties = array([2, 3], [3, 1, 3, 0, 7, 7]);
  expectArray(ref.argMax(ties, { axis: 1 }), [2, 1], [0, 1]);
  expectArray(ref.argMax(ties, { axis: 1, selectLast: true, keepDims: false }), [2], [2, 2]);
  expectArray(ref.argMin(ties), [1, 3], [1, 0, 0]);
  const [values, indices] = ref.topK(ties, 2);
  expectArray(values, [2, 2], [3, 3, 7, 7]);
  expectArray(indices, [2, 2], [0, 2, 1, 2]);
  expectArray(ref.topK(ties, 1, 0, false)[1], [1, 3], [1, 0, 0]);
  expectArray(ref.cumSum(ties, 1), [2, 3], [3, 4, 7, 0, 7, 14]);
  expectArray(ref.cumSum(ties, 1, true), [2, 3], [0, 3, 4, 0, 0, 7]);
  expectArray(ref.cumSum(ties, 1, true, true), [2, 3], [4, 3, 0, 14, 7, 0]);
  expectArray(ref.hardmax(ties), [2, 3], [1, 0, 0, 0, 1, 0]);
  const logs = [
    -2.1328452337275756, -5.132845233727576, -0.13284523372757556, -9.000140101690176, -0.0001401016901767745, -11.000140101690176,
  ];
  expectArray(ref.logSoftmax(matrix), [2, 3], logs);
});
