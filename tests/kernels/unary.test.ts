// Relu, Clip and the functions of one number over shapes and layouts; how exact they are, see functions.test.ts.
import { array, clip, type FunctionAttributes, functions, functionTable, type NdArray, random, relu } from '../reference/index.ts';
import { graphOf, type NodeSpec } from './graph.ts';
import { opsOf } from './plans.ts';
import { eachVariant, expectClose, expectNode, runGraph, runNode } from './run.ts';

/** Far over the kernels' errors, far below what a wrong element makes. */
const CLOSE = 1e-5;

const applied = (op: string, x: NdArray, attributes: FunctionAttributes = {}): NdArray =>
  array(
    x.dims,
    x.data.map((value) => functions[op]?.(value, attributes) ?? Number.NaN),
  );

// Each kind has a loop of its own, so that each is run.
const ops = Object.keys(functions);
const inputOf = (op: string, dims: readonly number[]): NdArray => random(dims, 7, ...(functionTable[op]?.domain ?? ([-4, 4] as const)));

const shapes = [
  [],
  [1],
  [3],
  [4],
  [5],
  [7],
  [8],
  [17],
  [0],
  [3, 0, 2],
  [1, 1],
  [5, 3],
  [1, 1, 1, 1],
  [2, 3, 5],
  [2, 5, 3, 7],
  [2, 1, 2, 1, 3, 1, 2],
];

const pool = (input: string, output: string): NodeSpec => ({
  op: 'MaxPool',
  inputs: [input],
  outputs: [output],
  attributes: { kernel_shape: [1, 1] },
});

eachVariant((variant) => {
  test.each(ops)('%s over shapes', (op) => {
    for (const dims of shapes) {
      const x = inputOf(op, dims);
      expectNode({ op, opset: 24, inputs: [x], constants: [0], variant }, applied(op, x), CLOSE);
    }
  });

  test.each(ops)('%s after channels-last values and on slices of them', (op) => {
    for (const dims of [
      [2, 7, 3, 5],
      [1, 1, 3, 3],
      [3, 5, 1, 1],
      [1, 9, 1, 4],
    ]) {
      const x = inputOf(op, dims);
      const graph = graphOf({ opset: 24, inputs: { x: dims }, nodes: [pool('x', 'p'), { op, inputs: ['p'] }, pool(`${op}_1`, 'y')] });
      expectClose(runGraph(graph, { x }, { variant })[0] as NdArray, applied(op, x), CLOSE);
    }
    // Its channels are written into the concatenation, whose pixels are 5 channels wide.
    for (const channels of [1, 3]) {
      const [x, b] = [inputOf(op, [2, channels, 3, 2]), random([2, 2, 3, 2], 2)];
      const nodes = [
        pool('x', 'p'),
        pool('b', 'q'),
        { op, inputs: ['p'], outputs: ['f'] },
        { op: 'Concat', inputs: ['q', 'f', 'q'], attributes: { axis: 1 } },
      ];
      const graph = graphOf({ opset: 24, inputs: { x: x.dims, b: b.dims }, nodes });
      const [y] = runGraph(graph, { x, b }, { variant });
      const expected = applied(op, x);
      const size = channels * 6;
      for (let n = 0; n < 2; n++) {
        const start = n * (24 + size);
        expectClose(
          array([size], y?.data.subarray(start + 12, start + 12 + size)),
          array([size], expected.data.subarray(n * size, (n + 1) * size)),
          CLOSE,
        );
        expect(y?.data.subarray(start, start + 12)).toEqual(b.data.subarray(n * 12, n * 12 + 12));
        expect(y?.data.subarray(start + 12 + size, start + 24 + size)).toEqual(b.data.subarray(n * 12, n * 12 + 12));
      }
    }
  });

  test('attributes', () => {
    const x = random([33], 3, -6, 6);
    for (const [op, { more = [] }] of Object.entries(functionTable)) {
      for (const { attributes } of more) {
        expectNode({ op, opset: 24, attributes: { ...attributes }, inputs: [x], variant }, applied(op, x, attributes), CLOSE);
      }
    }
  });

  test('Clip: limits as attributes, constants, inputs, and left out', () => {
    for (const dims of shapes) {
      const x = random(dims, 5, -4, 4);
      const [low, high] = [array([], [-1]), array([], [2])];
      expectNode({ op: 'Clip', opset: 6, attributes: { min: -1, max: 2 }, inputs: [x], variant }, clip(x, -1, 2), 0);
      expectNode({ op: 'Clip', opset: 6, attributes: { min: -1 }, inputs: [x], variant }, clip(x, -1), 0);
      expectNode({ op: 'Clip', inputs: [x], variant }, x, 0);
      for (const constants of [[], [1], [2], [1, 2], [0, 1, 2], [0, 1]]) {
        const run = (...limits: (NdArray | undefined)[]) =>
          runNode({ op: 'Clip', inputs: [x, ...limits], constants: constants.filter((i) => i === 0 || limits[i - 1]), variant });
        expectClose(run(low, high), clip(x, -1, 2), 0);
        expectClose(run(low), clip(x, -1), 0);
        expectClose(run(undefined, high), clip(x, undefined, 2), 0);
        // The upper one wins.
        expectClose(run(high, low), clip(x, 2, -1), 0);
        expectClose(run(array([1], [0])), clip(x, 0), 0);
      }
    }
  });

  test('Clip keeps NaN; infinities become the limits', () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const x = array([5], [nan, inf, -inf, -0, 1e-42]);
    const limits = [array([], [-2]), array([], [3])];
    for (const constants of [[], [1, 2], [0, 1, 2]]) {
      const y = runNode({ op: 'Clip', inputs: [x, ...limits], constants, variant });
      expectClose(y, array([5], [nan, 3, -2, 0, Math.fround(1e-42)]), 0);
    }
  });

  test('Clip and Relu after channels-last values, fused and with limits that are fed', () => {
    const x = random([2, 7, 3, 5], 4, -4, 4);
    const feeds = { x, low: array([], [-1]), high: array([1], [2]) };
    const inputs = { x: x.dims, low: [], high: [1] };
    const graph = graphOf({ inputs, nodes: [pool('x', 'p'), { op: 'Clip', inputs: ['p', 'low', 'high'] }] });
    expectClose(runGraph(graph, feeds, { variant })[0] as NdArray, clip(x, -1, 2), 0);
    const fused = graphOf({
      inputs: { x: x.dims },
      constants: { one: array([], [1]) },
      nodes: [pool('x', 'p'), { op: 'Sub', inputs: ['p', 'one'] }, { op: 'Relu', inputs: ['Sub_1'] }],
    });
    expect(opsOf(fused, { x }).filter((name) => name === 'f32_clamp')).toEqual([]);
    const shifted = array(
      x.dims,
      x.data.map((value) => Math.fround(value - 1)),
    );
    expectClose(runGraph(fused, { x }, { variant })[0] as NdArray, relu(shifted), 0);
  });
});
