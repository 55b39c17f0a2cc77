// LpPool and GlobalLpPool, which are composed of instructions, and what the pools do on the host.

import { globalLpPool, lpPool, maxPool, type NdArray, type PoolOptions, random, resolvePads } from '../reference/index.ts';
import { graphOf, type NodeSpec } from './graph.ts';
import { eachVariant, expectClose, expectNode, ROUNDING, runGraph, runNode } from './run.ts';

type Window = Omit<PoolOptions, 'x'>;

const windows: Record<string, { dims: number[]; window: Window }> = {
  '3×3, stride 2, padded': { dims: [2, 5, 7, 8], window: { kernelShape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  'asymmetric pads': { dims: [1, 5, 4, 4], window: { kernelShape: [3, 2], pads: [2, 0, 1, 1] } },
  dilations: { dims: [1, 3, 9, 8], window: { kernelShape: [3, 2], dilations: [2, 3], pads: [1, 0, 0, 2] } },
  ceil_mode: { dims: [1, 4, 6, 5], window: { kernelShape: [3, 2], strides: [2, 2], ceilMode: true } },
  'ceil_mode, the last window would start in the padding': {
    dims: [1, 5, 4, 4],
    window: { kernelShape: [1, 2], strides: [3, 4], pads: [0, 0, 1, 2], ceilMode: true },
  },
  'one dimension': { dims: [2, 5, 11], window: { kernelShape: [3], strides: [2], pads: [1, 0] } },
  'windows of padding alone': { dims: [1, 5, 3, 3], window: { kernelShape: [2, 2], pads: [5, 5, 5, 5], strides: [3, 3] } },
  'a large window': { dims: [1, 5, 20, 30], window: { kernelShape: [19, 29] } },
};

const attributesOf = ({ kernelShape, strides, pads, dilations, ceilMode }: Window) => ({
  kernel_shape: [...kernelShape],
  strides: strides && [...strides],
  pads: pads && [...pads],
  dilations: dilations && [...dilations],
  ceil_mode: ceilMode ? 1 : undefined,
});

eachVariant((variant) => {
  /** A power, a sum and a root: some roundings of numbers whose logarithm times p stays small. */
  const toleranceOf = ({ data }: NdArray, p: number) => ROUNDING * 8 * (1 + p) * Math.max(1, ...data);

  describe.each([1, 2, 3, 4, 7])('p = %i', (p) => {
    function expectLp(dims: number[], window: Window, x = random(dims, 1)): void {
      const expected = lpPool({ x, p, ...window });
      const attributes = { ...attributesOf(window), p };
      expectNode({ op: 'LpPool', opset: 18, attributes, inputs: [x], variant }, expected, toleranceOf(expected, p));
    }

    test.each(Object.entries(windows))('%s', (_, { dims, window }) => expectLp(dims, window));

    test.each([1, 3, 4, 5, 7, 8, 17])('%i channels', (channels) => {
      expectLp([2, channels, 5, 6], { kernelShape: [2, 3], strides: [2, 1], pads: [1, 1, 0, 0] });
    });

    test('zeros', () => expectLp([1, 3, 2, 2], { kernelShape: [2, 2] }, random([1, 3, 2, 2], 1, 0, 0)));

    test.each([[[1, 1, 1, 1]], [[2, 5, 7, 3]], [[1, 17, 1, 9]], [[3, 4, 31]], [[2, 7, 3, 4, 5]], [[1, 8, 40, 41]]])(
      'global, %j',
      (dims) => {
        const x = random(dims, 1);
        const expected = globalLpPool(x, p);
        expectNode({ op: 'GlobalLpPool', attributes: { p }, inputs: [x], variant }, expected, toleranceOf(expected, p));
      },
    );
  });

  test.each(['SAME_UPPER', 'SAME_LOWER', 'VALID'] as const)('auto_pad %s', (autoPad) => {
    const x = random([1, 5, 7, 4], 1);
    const expected = lpPool({ x, kernelShape: [3, 2], strides: [2, 3], pads: resolvePads(autoPad, [7, 4], [3, 2], [2, 3]) });
    const attributes = { kernel_shape: [3, 2], strides: [2, 3], auto_pad: autoPad };
    expectNode({ op: 'LpPool', opset: 11, attributes, inputs: [x], variant }, expected, toleranceOf(expected, 2));
  });

  test('p is 2 where it is left out, and 1 or more', () => {
    const x = random([1, 3, 4, 4], 1);
    const attributes = { kernel_shape: [2, 2] };
    const expected = lpPool({ x, kernelShape: [2, 2] });
    expectNode({ op: 'LpPool', attributes, inputs: [x], variant }, expected, toleranceOf(expected, 2));
    for (const op of ['LpPool', 'GlobalLpPool']) {
      const bad = { op, attributes: { ...(op === 'LpPool' ? attributes : {}), p: 0 }, inputs: [x], variant };
      expect(() => runNode(bad)).toThrow(expect.objectContaining({ code: 'INVALID_MODEL' }));
    }
  });
});

describe.each([
  ['int8', 3, -128, 127],
  ['uint8', 2, 0, 255],
] as const)('MaxPool of %s, on the host', (_, type, low, high) => {
  const cast = (input: string, to: number): NodeSpec => ({ op: 'Cast', attributes: { to }, inputs: [input] });
  const seen = Object.entries(windows).filter(([name]) => name !== 'windows of padding alone');

  seen.push(['a window that is mostly padding', { dims: [1, 2, 3, 3], window: { kernelShape: [2000, 2000], pads: [1999, 1998, 0, 1] } }]);

  test.each(seen)('%s', (__, { dims, window }) => {
    const x = random(dims, 1, low, high);
    x.data.set(x.data.map(Math.round));
    const pool: NodeSpec = { op: 'MaxPool', attributes: attributesOf(window), inputs: ['Cast_0'] };
    const graph = graphOf({ opset: 19, inputs: { x: dims }, nodes: [cast('x', type), pool, cast('MaxPool_1', 1)] });
    expectClose(runGraph(graph, { x })[0] as NdArray, maxPool({ x, ...window }), 0);
  });
});

test('the indices of MaxPool are not supported', () => {
  const graph = graphOf({
    inputs: { x: [1, 1, 2, 2] },
    nodes: [{ op: 'MaxPool', attributes: { kernel_shape: [2, 2] }, inputs: ['x'], outputs: ['y', 'indices'] }],
    outputs: ['y', 'indices'],
  });
  const x = random([1, 1, 2, 2], 1);
  expect(() => runGraph(graph, { x })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  // Nobody reads them: they need not be made.
  const [y] = runGraph({ ...graph, outputs: [{ name: 'y' }] }, { x }) as [NdArray];
  expect(y.data[0]).toBe(Math.max(...x.data));
});
