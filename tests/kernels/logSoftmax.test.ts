import { array, at, expand, flatten, logSoftmax, maxError, type NdArray, random } from '../reference/index.ts';
import { graphOf, type NodeSpec } from './graph.ts';
import { eachVariant, ROUNDING, runGraph, runNode } from './run.ts';

/** x - max and the difference from the logarithm are rounded once each; the logarithm of the sum is off as softmax.test.ts has its sum. */
const toleranceOf = (length: number, spread: number): number => ROUNDING * (4 + 2 * spread + Math.sqrt(length) / 2);

/** Before opset 13 everything from the axis on is one row. */
function expected(x: NdArray, axis: number, opset: number): NdArray {
  if (opset >= 13) return logSoftmax(x, axis);
  return array(x.dims, logSoftmax(flatten(x, axis < 0 ? axis + x.dims.length : axis), 1).data);
}

eachVariant((variant) => {
  function expectLog(x: NdArray, axis: number, opset: number, spread: number): void {
    const y = runNode({ op: 'LogSoftmax', opset, attributes: { axis }, inputs: [x], variant });
    expect(y.dims).toEqual(x.dims);
    expect(maxError(y.data, expected(x, axis, opset))).toBeLessThanOrEqual(toleranceOf(x.data.length, spread));
  }

  test.each([1, 2, 3, 4, 5, 7, 8, 9, 17, 1000])('rows and columns of %i', (length) => {
    expectLog(random([3, length], 1), -1, 13, 2);
    expectLog(random([length, 3], 1), 0, 13, 2);
    expectLog(random([length, 9], 1), 0, 13, 2);
    expectLog(random([2, length, 5], 1), 1, 13, 2);
    expectLog(random([1, length], 1, -40, 40), 1, 13, 80);
  });

  test.each([[[5]], [[1, 1]], [[3, 4]], [[2, 3, 5]], [[2, 3, 4, 5]], [[1, 7, 1, 3]], [[2, 1, 3, 2, 4]]])(
    'every axis of %j, both meanings',
    (dims) => {
      const x = random(dims, 1, -3, 3);
      for (let axis = -dims.length; axis < dims.length; axis++) {
        expectLog(x, axis, 13, 6);
        expectLog(x, axis, 11, 6);
      }
    },
  );

  test.each([13, 11])('after channels-last values, opset %i', (opset) => {
    const x = random([2, 7, 3, 5], 1);
    for (const axis of [0, 1, 2, 3]) {
      const nodes: NodeSpec[] = [
        { op: 'MaxPool', inputs: ['x'], attributes: { kernel_shape: [1, 1] } },
        { op: 'LogSoftmax', inputs: ['MaxPool_0'], attributes: { axis } },
      ];
      const [y] = runGraph(graphOf({ opset, inputs: { x: x.dims }, nodes }), { x }, { variant });
      expect(maxError((y as NdArray).data, expected(x, axis, opset))).toBeLessThanOrEqual(toleranceOf(105, 2));
    }
  });

  test('scalars and nothing', () => {
    expect([...runNode({ op: 'LogSoftmax', inputs: [array([], [7])], variant }).data]).toEqual([0]);
    expect(runNode({ op: 'LogSoftmax', inputs: [array([3, 0])], variant }).dims).toEqual([3, 0]);
    expect(runNode({ op: 'LogSoftmax', attributes: { axis: 1 }, inputs: [array([3, 0, 2])], variant }).dims).toEqual([3, 0, 2]);
  });

  test('numbers far apart, huge and infinite', () => {
    const { NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high, NaN: nan } = Number;
    const half = -Math.LN2;
    const rows: [number[], number[]][] = [
      [
        [0, -1000, -1e30],
        [0, -1000, -1e30],
      ],
      [
        [3e38, 3e38, 0],
        [half, half, -3e38],
      ],
      [
        [low, 0, 0],
        [low, half, half],
      ],
      [
        [0, nan, 1],
        [nan, nan, nan],
      ],
      [
        [high, 0, 1],
        [nan, nan, nan],
      ],
      [
        [low, low, low],
        [nan, nan, nan],
      ],
    ];
    for (const [values, logs] of rows) {
      const row = runNode({ op: 'LogSoftmax', inputs: [array([1, 3], values.map(Math.fround))], variant });
      const column = runNode({
        op: 'LogSoftmax',
        attributes: { axis: 0 },
        inputs: [expand(array([3, 1], values.map(Math.fround)), [3, 2])],
        variant,
      });
      logs.forEach((log, i) => {
        const wanted = Math.fround(log);
        expect([at(row.data, i), at(column.data, 2 * i), at(column.data, 2 * i + 1)]).toEqual([wanted, wanted, wanted]);
      });
    }
  });

  // Beside 0 the logarithm of x's own probability is x itself, however small that probability.
  test('logarithms of probabilities that float32 cannot hold', () => {
    const count = 2000;
    const x = array([count, 2]);
    for (let i = 0; i < count; i++) x.data[2 * i] = -30 - i;
    const y = runNode({ op: 'LogSoftmax', inputs: [x], variant });
    for (let i = 0; i < count; i++) expect(at(y.data, 2 * i)).toBe(-30 - i);
  });
});
