import { array, at, maxError, type NdArray, random, softmax, softmaxBefore13 } from '../reference/index.ts';
import { graphOf, type NodeSpec } from './graph.ts';
import { eachVariant, expectNode, ROUNDING, runGraph, runNode } from './run.ts';

/**
 * How far a probability may be off, relatively: x - max is rounded once, which e^x makes up to |x - max| roundings; exp and the
 * quotient add a few, the sum of a row some at random.
 */
const toleranceOf = (length: number, spread: number): number => ROUNDING * (4 + spread + Math.sqrt(length) / 2);

function expectRelative(actual: NdArray, expected: NdArray, tolerance: number): void {
  const quotients = actual.data.map((value, i) => value / at(expected.data, i));
  expect(actual.dims).toEqual(expected.dims);
  expect(
    maxError(
      quotients,
      array(
        actual.dims,
        quotients.map(() => 1),
      ),
    ),
  ).toBeLessThanOrEqual(tolerance);
}

eachVariant((variant) => {
  function expectSoftmax(x: NdArray, axis: number | undefined, opset: number, spread = 2): void {
    const y = runNode({ op: 'Softmax', opset, attributes: { axis }, inputs: [x], variant });
    const expected = opset < 13 ? softmaxBefore13(x, axis) : softmax(x, axis);
    expectRelative(y, expected, toleranceOf(Math.max(...x.dims), spread));
  }

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 1000])('rows of %i', (length) => {
    expectSoftmax(random([3, length], 1), -1, 13);
    expectSoftmax(random([length, 3], 1), 0, 13);
    expectSoftmax(random([2, length, 5], 1), 1, 13);
    expectSoftmax(random([1, length], 1, -40, 40), 1, 13, 80);
  });

  test.each([[[5]], [[1, 1]], [[3, 4]], [[2, 3, 5]], [[2, 3, 4, 5]], [[1, 7, 1, 3]], [[2, 1, 3, 2, 4]]])(
    'every axis of %j, both meanings',
    (dims) => {
      const x = random(dims, 1, -3, 3);
      for (let axis = -dims.length; axis < dims.length; axis++) {
        expectSoftmax(x, axis, 13, 6);
        expectSoftmax(x, axis, 11, 6);
      }
    },
  );

  test('the default axis: the last one from opset 13 on, 1 with everything after it before', () => {
    const x = random([2, 3, 4], 1);
    for (const opset of [13, 21]) expectSoftmax(x, undefined, opset);
    for (const opset of [1, 11, 12]) expectSoftmax(x, undefined, opset);
    expect(runNode({ op: 'Softmax', opset: 12, inputs: [x] }).data).not.toEqual(runNode({ op: 'Softmax', inputs: [x] }).data);
  });

  // A pool of 1×1 windows leaves its output channels last.
  test.each([13, 11])('after channels-last values, opset %i', (opset) => {
    const x = random([2, 7, 3, 5], 1);
    for (const axis of [0, 1, 2, 3]) {
      const nodes: NodeSpec[] = [
        { op: 'MaxPool', inputs: ['x'], attributes: { kernel_shape: [1, 1] } },
        { op: 'Softmax', inputs: ['MaxPool_0'], attributes: { axis } },
      ];
      const [y] = runGraph(graphOf({ opset, inputs: { x: x.dims }, nodes }), { x }, { variant });
      const expected = opset < 13 ? softmaxBefore13(x, axis) : softmax(x, axis);
      expectRelative(y as NdArray, expected, toleranceOf(105, 2));
    }
  });

  test('numbers far apart, huge and infinite', () => {
    const { NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high, NaN: nan } = Number;
    const rows: [number[], number[]][] = [
      [
        [3e38, 3e38, -3e38],
        [0.5, 0.5, 0],
      ],
      [
        [1e4, 1e4 - 1, -1e4],
        [1 / (1 + Math.exp(-1)), 1 / (1 + Math.E), 0],
      ],
      [
        [-3e38, -3e38, -3e38],
        [1 / 3, 1 / 3, 1 / 3],
      ],
      [
        [low, 0, low],
        [0, 1, 0],
      ],
      [
        [low, low, low],
        [nan, nan, nan],
      ],
      [
        [high, 0, 1],
        [nan, nan, nan],
      ],
      [
        [0, nan, 1],
        [nan, nan, nan],
      ],
      [
        [0, 0, -87],
        [0.5, 0.5, Math.exp(-87) / 2],
      ],
      [
        [0, -200, -1e30],
        [1, 0, 0],
      ],
    ];
    for (const [values, probabilities] of rows) {
      // Along rows and along columns: two kernels.
      expectNode({ op: 'Softmax', inputs: [array([1, 3], values)], variant }, array([1, 3], probabilities), 2 * ROUNDING);
      const columns = (list: number[]) =>
        array(
          [3, 2],
          list.flatMap((value) => [value, value]),
        );
      expectNode({ op: 'Softmax', attributes: { axis: 0 }, inputs: [columns(values)], variant }, columns(probabilities), 2 * ROUNDING);
    }
  });

  // Beside a 0 the probability of x is e^x / (1 + e^x): for x far below 0, e^x itself. Of the error 2.5e-7 are exp's.
  test('probabilities down to e^-87.3 are right to 2e-7 of their value', () => {
    const count = 200_000;
    const x = array([count, 2]);
    for (let i = 0; i < count; i++) x.data[2 * i] = Math.fround((-87.3 * i) / count);
    const y = runNode({ op: 'Softmax', inputs: [x], variant });
    let worst = 0;
    for (let i = 0; i < count; i++) {
      const e = Math.exp(at(x.data, 2 * i));
      worst = Math.max(worst, Math.abs(at(y.data, 2 * i) / (e / (1 + e)) - 1));
      worst = Math.max(worst, Math.abs(at(y.data, 2 * i + 1) * (1 + e) - 1));
    }
    expect(worst).toBeLessThan(2e-7);
    expect(worst).toBeGreaterThan(0);
  });

  test('rows sum to 1', () => {
    const y = runNode({ op: 'Softmax', inputs: [random([50, 1000], 1, -5, 5)], variant });
    for (let row = 0; row < 50; row++) {
      const sum = y.data.subarray(row * 1000, (row + 1) * 1000).reduce((a, b) => a + b);
      expect(Math.abs(sum - 1)).toBeLessThan(1e-6);
    }
  });
});
