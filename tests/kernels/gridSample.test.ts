import { failure } from '../failure.ts';
import { type GridSampleOptions, gridModes, gridPaddings, gridSample } from '../reference/gridSample.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { graphOf, type NodeSpec } from './graph.ts';
import { still } from './moves.ts';
import { eachVariant, expectClose, runGraph } from './run.ts';

eachVariant((variant) => {
  /** From row-major, behind a pool, and before one. */
  function check(x: NdArray, grid: NdArray, options: GridSampleOptions, tolerance: number, opset = 20): void {
    const expected = gridSample(x, grid, options);
    const { mode, padding, alignCorners } = options;
    const old = { nearest: 'nearest', linear: 'bilinear', cubic: 'bicubic' }[mode ?? 'linear'];
    const attributes = { mode: opset < 20 ? old : mode, padding_mode: padding, align_corners: alignCorners ? 1 : undefined };
    const nodes: NodeSpec[] = [
      { op: 'MaxPool', attributes: still(x.dims), inputs: ['x'], outputs: ['p'] },
      { op: 'GridSample', attributes, inputs: ['x', 'grid'], outputs: ['y'] },
      { op: 'GridSample', attributes, inputs: ['p', 'grid'], outputs: ['q'] },
      { op: 'MaxPool', attributes: still(expected.dims), inputs: ['q'], outputs: ['z'] },
    ];
    const graph = graphOf({ opset, inputs: { x: x.dims, grid: grid.dims }, nodes, outputs: ['y', 'z'] });
    for (const actual of runGraph(graph, { x, grid }, { variant })) expectClose(actual, expected, tolerance);
  }

  describe.each(gridModes)('%s', (mode) => {
    describe.each(gridPaddings)('%s', (padding) => {
      test.each([false, true])('align_corners %s', (alignCorners) => {
        const options = { mode, padding, alignCorners };
        for (const channels of [1, 3, 4, 5, 8, 17]) {
          for (const [height, width] of [
            [1, 1],
            [1, 6],
            [5, 1],
            [4, 7],
          ] as const) {
            const x = random([2, channels, height, width], 1);
            check(x, random([2, 3, 5, 2], 2, -1.2, 1.2), options, 1e-5);
          }
        }
        const x = random([1, 3, 4, 5], 3);
        check(x, random([1, 1, 1, 2], 4), options, 1e-5, 16);
        check(x, random([1, 7, 9, 2], 5, -4, 4), options, 1e-4);
        // The corners, the middle, and what is far away.
        const far = padding === 'reflection' ? [-40, 25.5] : [-1e9, 3e38, Number.POSITIVE_INFINITY];
        const places = [-1, -0.5, 0, 0.5, 1, ...far];
        const grid = array([1, places.length, places.length, 2], places.flatMap((b) => places.flatMap((a) => [a, b])).map(Math.fround));
        check(x, grid, options, padding === 'reflection' ? 1e-3 : 1e-5);
      });

      test('coordinates that are no numbers sample the first pixel', () => {
        const x = random([1, 5, 3, 3], 1);
        const nan = Number.NaN;
        check(x, array([1, 1, 3, 2], [nan, nan, nan, 0.1, -0.2, nan]), { mode, padding }, 1e-5);
        // Wherever they fall, they stay inside the picture.
        const wild = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3.4e38, -3.4e38, 1e20, -1e12].flatMap((value) => [value, value]);
        const grid = array([1, 2, 3, 2], wild.map(Math.fround));
        const attributes = { mode, padding_mode: padding };
        const graph = graphOf({
          opset: 20,
          inputs: { x: x.dims, grid: grid.dims },
          nodes: [{ op: 'GridSample', attributes, inputs: ['x', 'grid'] }],
        });
        const [y] = runGraph(graph, { x, grid }, { variant }) as [NdArray];
        expect([...y.data].every((value) => Math.abs(value) < 4)).toBe(true);
      });
    });
  });

  // torch 1.13: F.grid_sample(torch.full((1, 1, 1, 1), inf), ...) is inf.
  test.each(['border', 'reflection'])('an infinity at the edge stays what it is, %s', (padding_mode) => {
    const graph = graphOf({
      opset: 16,
      inputs: { x: [1, 1, 1, 1], grid: [1, 1, 2, 2] },
      nodes: [{ op: 'GridSample', attributes: { padding_mode }, inputs: ['x', 'grid'] }],
    });
    const feeds = { x: array([1, 1, 1, 1], [Number.POSITIVE_INFINITY]), grid: array([1, 1, 2, 2], [0.625, 0.125, -0.5, 0.25]) };
    const [y] = runGraph(graph, feeds, { variant }) as [NdArray];
    expect([...y.data]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  test('no pixels, no channels, no batch', () => {
    for (const [x, grid] of [
      [
        [1, 3, 2, 2],
        [1, 0, 5, 2],
      ],
      [
        [1, 0, 2, 2],
        [1, 3, 5, 2],
      ],
      [
        [0, 3, 2, 2],
        [0, 3, 5, 2],
      ],
    ] as const) {
      const graph = graphOf({ opset: 16, inputs: { x, grid }, nodes: [{ op: 'GridSample', inputs: ['x', 'grid'] }] });
      const [y] = runGraph(graph, { x: array(x), grid: array(grid) }, { variant }) as [NdArray];
      expect(y.dims).toEqual([x[0], x[1], grid[1], grid[2]]);
    }
  });
});

test.each([
  [[1, 3, 4, 4], [2, 3, 5, 2], 'INVALID_MODEL'],
  [[1, 3, 4, 4], [1, 3, 5, 3], 'INVALID_MODEL'],
  [[1, 3, 0, 4], [1, 3, 5, 2], 'INVALID_MODEL'],
  [[1, 3, 4, 4, 4], [1, 3, 5, 5, 3], 'UNSUPPORTED'],
])('%j by %j is refused', (x, grid, code) => {
  const graph = graphOf({ opset: 16, inputs: { x, grid }, nodes: [{ op: 'GridSample', inputs: ['x', 'grid'] }] });
  expect(failure(() => runGraph(graph, { x: array(x), grid: array(grid) })).code).toBe(code);
});
