// Resize and Upsample, all modes, row-major and channels-last, behind a pool and before one.

import type { Attribute } from '../../src/graph/graph.ts';
import { type Coordinates, tableOf } from '../../src/ops/resizeTable.ts';
import { failure } from '../failure.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { coordinateModes, nearestModes, type ResizeOptions, resize } from '../reference/resize.ts';
import { type GraphSpec, graphOf, int64, type NodeSpec } from './graph.ts';
import { expectTensor, floats, isPicture, places, runTyped, sizedTypes, still, taken, typedGraph, typedTensor } from './moves.ts';
import { eachVariant, expectClose, runGraph } from './run.ts';

/** ONNX's attributes for the reference's options; what opset 18 brought only where it is used. */
function attributesOf(options: ResizeOptions): Record<string, Attribute | undefined> {
  return {
    mode: options.mode,
    coordinate_transformation_mode: options.coordinates,
    nearest_mode: options.nearest,
    cubic_coeff_a: options.cubic,
    exclude_outside: options.excludeOutside ? 1 : undefined,
    extrapolation_value: options.extrapolation,
    antialias: options.antialias ? 1 : undefined,
    axes: options.axes,
    keep_aspect_ratio_policy: options.policy,
  };
}

/** Scales are float32, for the reference too. */
const rounded = (options: ResizeOptions): ResizeOptions => ({
  ...options,
  ...(options.scales ? { scales: options.scales.map(Math.fround) } : {}),
  ...(options.roi ? { roi: options.roi.map(Math.fround) } : {}),
  ...(options.cubic === undefined ? {} : { cubic: Math.fround(options.cubic) }),
});

function specOf(dims: readonly number[], options: ResizeOptions, outDims: readonly number[], way: string): GraphSpec {
  const { roi, scales, sizes } = options;
  const constants = {
    ...(roi ? { roi: floats('roi', roi) } : {}),
    ...(scales ? { scales: floats('scales', scales) } : {}),
    ...(sizes ? { sizes: int64('sizes', sizes) } : {}),
  };
  const others = [roi ? 'roi' : '', scales ? 'scales' : '', ...(sizes ? ['sizes'] : [])];
  const nodes: NodeSpec[] = [
    { op: 'MaxPool', attributes: still(dims), inputs: ['x'], outputs: ['p'] },
    { op: 'Resize', attributes: attributesOf(options), inputs: [way === 'alone' ? 'x' : 'p', ...others], outputs: ['r'] },
    { op: 'MaxPool', attributes: still(outDims), inputs: ['r'], outputs: ['y'] },
  ];
  const used = way === 'alone' ? nodes.slice(1, 2) : way === 'behind' ? nodes.slice(0, 2) : nodes;
  return { opset: 18, inputs: { x: dims }, constants, nodes: used };
}

eachVariant((variant) => {
  /** @param tolerance for inputs from -1 to 1 */
  function check(dims: readonly number[], given: ResizeOptions, tolerance = 3e-6): void {
    const options = rounded(given);
    const x = random(dims, 1);
    const expected = resize(x, options);
    const pictures = isPicture(dims) && isPicture(expected.dims);
    for (const way of pictures ? ['alone', 'behind', 'between'] : ['alone']) {
      const [y] = runGraph(graphOf(specOf(dims, options, expected.dims, way)), { x }, { variant }) as [NdArray];
      expectClose(y, expected, tolerance);
    }
  }

  const sizes: readonly (readonly [from: readonly [number, number], to: readonly [number, number]])[] = [
    [
      [1, 1],
      [1, 1],
    ],
    [
      [1, 1],
      [3, 5],
    ],
    [
      [4, 7],
      [1, 1],
    ],
    [
      [3, 5],
      [6, 10],
    ],
    [
      [5, 3],
      [3, 8],
    ],
    [
      [7, 4],
      [2, 2],
    ],
    [
      [1, 9],
      [4, 5],
    ],
    [
      [5, 7],
      [5, 7],
    ],
    [
      [8, 6],
      [7, 6],
    ],
  ];

  describe.each(coordinateModes)('%s', (coordinates) => {
    test.each(nearestModes)('nearest, %s', (nearest) => {
      for (const [from, to] of sizes) {
        for (const channels of [1, 3, 8]) check([1, channels, ...from], { coordinates, nearest, sizes: [1, channels, ...to] }, 0);
        const scales = [1, 1, (to[0] + 0.3) / from[0], (to[1] + 0.4) / from[1]];
        check([2, 5, ...from], { coordinates, nearest, scales }, 0);
      }
    });

    test.each(['linear', 'cubic'] as const)('%s', (mode) => {
      for (const [from, to] of sizes) {
        for (const channels of [1, 4, 5, 17]) check([2, channels, ...from], { mode, coordinates, sizes: [2, channels, ...to] });
        for (const extra of [{}, { antialias: true }, ...(mode === 'cubic' ? [{ excludeOutside: true }, { cubic: -0.5 }] : [])]) {
          check([1, 3, ...from], { mode, coordinates, sizes: [1, 3, ...to], ...extra });
          const scales = [1, 1, (to[0] + 0.3) / from[0], (to[1] + 0.4) / from[1]];
          check([1, 7, ...from], { mode, coordinates, scales, ...extra });
        }
        if (mode === 'cubic') check([1, 3, ...from], { mode, coordinates, sizes: [1, 3, ...to], antialias: true, excludeOutside: true });
      }
    });
  });

  test('a region, and what lies outside', () => {
    const coordinates = 'tf_crop_and_resize';
    for (const mode of ['nearest', 'linear', 'cubic'] as const) {
      for (const dims of [
        [2, 3, 5, 6],
        [1, 1, 4, 4],
        [1, 8, 1, 3],
      ]) {
        const [n = 1, c = 1] = dims;
        for (const window of [
          [0.2, 0.4, 0.8, 1],
          [-0.3, 0.5, 1.2, 1.9],
          [0.9, 0.9, 0.1, 0.2],
          [-5, 1e6, -4, 2e6],
          [0.5, 0.5, 0.5, 0.5],
        ]) {
          const [top = 0, left = 0, bottom = 0, right = 0] = window;
          const roi = [0, 0, top, left, 1, 1, bottom, right];
          for (const to of [
            [3, 4],
            [1, 1],
            [7, 2],
          ]) {
            check(dims, { mode, coordinates, roi, sizes: [n, c, ...to], extrapolation: 10 }, 3e-5);
          }
          if (bottom > top && right > left && right < 9)
            check(dims, { mode, coordinates, roi, scales: [1, 1, 2, 0.9], extrapolation: -1 }, 3e-5);
          check(dims, { mode, coordinates, roi: window, axes: [2, -1], sizes: [3, 5] }, 3e-5);
        }
      }
    }
  });

  test('axes, and the ratio kept', () => {
    for (const mode of ['nearest', 'linear', 'cubic'] as const) {
      check([2, 5, 4, 6], { mode, axes: [2, 3], sizes: [7, 5] });
      check([2, 5, 4, 6], { mode, axes: [-1], scales: [2.5] });
      check([2, 5, 4, 6], { mode, axes: [3, 1], scales: [0.5, 0.6] });
      check([2, 3, 5, 7], { mode, axes: [0, 1], sizes: [3, 7] });
      for (const policy of ['stretch', 'not_larger', 'not_smaller'] as const) {
        for (const antialias of mode === 'nearest' ? [false] : [false, true]) {
          for (const to of [
            [7, 8],
            [8, 7],
            [3, 9],
            [2, 3],
            [1, 1],
            [10, 4],
          ])
            check([1, 3, 5, 6], { mode, axes: [2, 3], sizes: to, policy, antialias });
          check([2, 4, 4, 5], { mode, sizes: [2, 3, 3, 3], policy, antialias });
          // 3 · 20 / 23 rounds to 3: of one length, but not the same rows.
          check([1, 1, 23, 3], { mode, axes: [2, 3], sizes: [20, 15], policy, antialias });
        }
      }
    }
  });

  test.each([
    [[5], [8]],
    [
      [4, 3],
      [6, 2],
    ],
    [
      [2, 3, 5],
      [2, 3, 7],
    ],
    [
      [1, 4, 3, 2, 5],
      [1, 4, 2, 3, 8],
    ],
    [
      [2, 1, 3, 2, 2, 3],
      [1, 2, 3, 4, 1, 2],
    ],
    [
      [1, 2, 1, 2, 3, 1, 2],
      [2, 2, 2, 1, 4, 3, 2],
    ],
  ])('rank of %j to %j', (dims, to) => {
    for (const mode of ['nearest', 'linear', 'cubic'] as const) check(dims, { mode, sizes: to }, 1e-5);
  });

  test('elements of every size, nearest', () => {
    for (const type of sizedTypes) {
      for (const [dims, to] of [
        [
          [2, 3, 5, 4],
          [2, 3, 3, 9],
        ],
        [
          [1, 1, 3, 3],
          [1, 1, 7, 2],
        ],
        [[7], [3]],
        [
          [2, 5, 4, 4],
          [2, 5, 4, 4],
        ],
      ] as const) {
        const x = typedTensor(type, dims);
        const nodes = [{ op: 'Resize', inputs: ['x', '', '', 'sizes'] }];
        const graph = typedGraph({ inputs: { x: dims }, constants: { sizes: int64('sizes', to) }, nodes }, { x: type });
        expectTensor(runTyped(graph, { x }, variant)[0], taken(x, resize(places(dims), { sizes: to })));
      }
    }
  });

  test('values that are no numbers reach only what they weigh on', () => {
    const x = array([1, 1, 1, 4], [1, Number.NaN, 3, Number.POSITIVE_INFINITY]);
    const graph = graphOf(specOf(x.dims, { mode: 'nearest', sizes: [1, 1, 1, 8] }, [1, 1, 1, 8], 'alone'));
    const [y] = runGraph(graph, { x }, { variant }) as [NdArray];
    expect([...y.data]).toEqual([1, 1, Number.NaN, Number.NaN, 3, 3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  test('infinities at exact pixels: only what lies in the window counts', () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const x = array([1, 1, 1, 5], [-0, 1, inf, 2, -inf]);
    const run = (options: ResizeOptions) => [
      ...(runGraph(graphOf(specOf(x.dims, options, [], 'alone')), { x }, { variant })[0]?.data ?? []),
    ];
    // As in ONNX's formula, onnxruntime and PyTorch: the next row weighs 0 there, and 0 times infinity is NaN.
    expect(run({ mode: 'linear', coordinates: 'asymmetric', scales: [1, 1, 1, 2] })).toEqual([
      0,
      0.5,
      nan,
      inf,
      inf,
      inf,
      nan,
      -inf,
      -inf,
      -inf,
    ]);
    const cubic = run({ mode: 'cubic', coordinates: 'asymmetric', scales: [1, 1, 1, 2] });
    expect([cubic[0], cubic[4]]).toEqual([nan, nan]);
    expect(run({ mode: 'linear', sizes: [1, 1, 1, 5] })).toEqual([-0, 1, inf, 2, -inf]);
  });

  test('nothing stays nothing', () => {
    for (const options of [{ sizes: [0, 3, 6, 8] }, { scales: [1, 1, 2, 2] }, { axes: [2, 3], sizes: [6, 8] }]) {
      const spec = specOf([0, 3, 3, 4], options, [], 'alone');
      expect(runGraph(graphOf(spec), { x: array([0, 3, 3, 4]) }, { variant })[0]?.dims).toEqual([0, 3, 6, 8]);
    }
    const spec = specOf([1, 2, 3], { scales: [1, 1, 0.2] }, [], 'alone');
    expect(runGraph(graphOf(spec), { x: random([1, 2, 3], 1) }, { variant })[0]?.dims).toEqual([1, 2, 0]);
  });

  test('opset 10 and Upsample: from the corner on, linear or the nearest', () => {
    for (const dims of [
      [2, 3, 4, 5],
      [1, 1, 1, 1],
      [1, 8, 3, 2],
      [2, 4, 7],
    ]) {
      const x = random(dims, 1);
      for (const spatial of [
        [2, 3],
        [1, 1.5],
        [1.7, 1],
        [3, 3],
      ]) {
        const scales = dims.map((_, axis) => Math.fround(axis < 2 ? 1 : (spatial[axis - 2] ?? 1)));
        for (const mode of ['nearest', 'linear'] as const) {
          const expected = resize(x, { mode, scales, coordinates: 'asymmetric', nearest: 'floor' });
          const run = (op: string, opset: number, attribute: boolean) => {
            const attributes = { mode, ...(attribute ? { scales } : {}) };
            const nodes = [{ op, attributes, inputs: ['x', ...(attribute ? [] : ['scales'])] }];
            const constants = { ...(attribute ? {} : { scales: floats('scales', scales) }) };
            return runGraph(graphOf({ opset, inputs: { x: dims }, constants, nodes }), { x }, { variant })[0] as NdArray;
          };
          expectClose(run('Upsample', 7, true), expected, 1e-6);
          expectClose(run('Upsample', 9, false), expected, 1e-6);
          expectClose(run('Resize', 10, false), expected, 1e-6);
        }
      }
    }
  });

  test('opset 10 takes the next pixel where it gets smaller', () => {
    // ONNX 1.5's own case.
    const x = array([1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
    const run = (mode: string) =>
      runGraph(
        graphOf({
          opset: 10,
          inputs: { x: x.dims },
          constants: { scales: floats('scales', [1, 1, 0.6, 0.6]) },
          nodes: [{ op: 'Resize', attributes: { mode }, inputs: ['x', 'scales'] }],
        }),
        { x },
        { variant },
      )[0] as NdArray;
    expectClose(run('nearest'), array([1, 1, 1, 2], [1, 3]), 0);
    expectClose(run('linear'), array([1, 1, 1, 2], [1, 2.66666651]), 1e-6);
    const wide = random([2, 3, 7, 9], 2);
    const scales = [1, 1, Math.fround(0.4), Math.fround(1.3)];
    const graph = graphOf({
      opset: 10,
      inputs: { x: wide.dims },
      constants: { scales: floats('scales', scales) },
      nodes: [{ op: 'Resize', inputs: ['x', 'scales'] }],
    });
    const [y] = runGraph(graph, { x: wide }, { variant }) as [NdArray];
    expectClose(y, resize(wide, { scales, coordinates: 'asymmetric', nearest: 'simple' }), 0);
  });
});

/** The rows that nearest takes. */
const rowsOf = (from: number, options: ResizeOptions): number[] => {
  const x = array([1, from], places([from]).data);
  const graph = graphOf(specOf(x.dims, { ...options, mode: 'nearest' }, [], 'alone'));
  return [...(runGraph(graph, { x })[0]?.data ?? [])];
};

// Where the quotient of two lengths, as a float64 or a float32, would fall on the wrong side.
test.each([
  [56, 116, 'floor', 'asymmetric', 58, 28],
  [24, 56, 'floor', 'asymmetric', 49, 21],
  [60, 248, 'floor', 'asymmetric', 62, 15],
  [54, 60, 'floor', 'asymmetric', 50, 45],
  [47, 103, 'floor', 'half_pixel', 51, 23],
  [14, 17, 'round_prefer_floor', 'half_pixel', 8, 6],
  [14, 17, 'round_prefer_ceil', 'half_pixel', 8, 7],
  [20, 6, 'round_prefer_ceil', 'half_pixel', 4, 15],
  [54, 60, 'ceil', 'asymmetric', 50, 45],
] as const)('from %d to %d, nearest by %s of %s: row %d is %d', (from, to, nearest, coordinates, row, expected) => {
  expect(rowsOf(from, { nearest, coordinates, sizes: [1, to] })[row]).toBe(expected);
});

// The rows of onnxruntime 1.30, and of PyTorch where it has the mode: float32, and a tie where 1e-6 or less is between.
test.each([
  [3, 1 / 3, 'floor', 'asymmetric', 0, 0],
  [7, 1.7, 'floor', 'asymmetric', 10, 5],
  [41, 2.9, 'round_prefer_ceil', 'half_pixel', 43, 15],
  [9, 1.3571428060531616, 'round_prefer_floor', 'half_pixel', 9, 6],
  [32, 5.7, 'round_prefer_floor', 'half_pixel', 85, 14],
  [391, 1 / 28, 'round_prefer_ceil', 'half_pixel', 0, 14],
  [66, 0.125, 'round_prefer_ceil', 'half_pixel_symmetric', 1, 13],
  [23, 1.047619104385376, 'round_prefer_ceil', 'asymmetric', 11, 11],
  [16, 4.666666507720947, 'round_prefer_floor', 'asymmetric', 35, 7],
  [46, 5.8, 'floor', 'asymmetric', 87, 14],
] as const)('%d by %d, nearest by %s of %s: row %d is %d', (from, scale, nearest, coordinates, row, expected) => {
  expect(rowsOf(from, { nearest, coordinates, scales: [1, scale] })[row]).toBe(expected);
});

test('nearest over all sizes to 40 and many scales', () => {
  const roi = [0, 1] as const;
  const wrong: unknown[] = [];
  for (const mode of coordinateModes.slice(0, -1) as readonly Coordinates[]) {
    for (const nearest of nearestModes) {
      const sampling = {
        mode: 'nearest',
        coordinates: mode,
        rounding: nearest,
        cubic: -0.75,
        excludeOutside: false,
        antialias: false,
      } as const;
      const rows = (axis: Parameters<typeof tableOf>[0]) => [...(tableOf(axis, sampling)?.indices ?? places([axis.from]).data)];
      for (let from = 1; from <= 40; from += 3) {
        for (let to = 1; to <= 40; to++) {
          const expected = resize(places([from]), { coordinates: mode, nearest, sizes: [to] }).data;
          if (rows({ from, to, scale: to / from, ratio: [to, from], roi }).join() !== expected.join())
            wrong.push([mode, nearest, from, to]);
          const scale = Math.fround(to / 13);
          const scaled = resize(places([from]), { coordinates: mode, nearest, scales: [scale] }).data;
          const length = scaled.length;
          if (length > 0 && rows({ from, to: length, scale, roi }).join() !== scaled.join()) wrong.push([mode, nearest, from, scale]);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('align_corners reaches the last pixel, whatever the scale was cut to', () => {
  for (const mode of ['nearest', 'linear', 'cubic'] as const) {
    for (const antialias of mode === 'nearest' ? [false] : [false, true]) {
      for (const scale of [1.5, 0.7, 2.6]) {
        const x = random([1, 1, 1, 9], 3);
        const options = rounded({ mode, antialias, coordinates: 'align_corners', scales: [1, 1, 1, scale] });
        const [y] = runGraph(graphOf(specOf(x.dims, options, [], 'alone')), { x }) as [NdArray];
        if (!antialias || scale > 1) expect([y.data[0], y.data.at(-1)]).toEqual([x.data[0], x.data.at(-1)].map((v) => Math.fround(v ?? 0)));
        expectClose(y, resize(x, options), 3e-6);
      }
    }
  }
});

test('an axis whose length stays is copied, by any scale', () => {
  const x = random([1, 2, 5, 3], 4);
  for (const mode of ['nearest', 'linear', 'cubic'] as const) {
    for (const coordinates of coordinateModes.slice(0, -1)) {
      const run = (scales: number[]) => runGraph(graphOf(specOf(x.dims, { mode, coordinates, scales }, [], 'alone')), { x })[0];
      expect(run([1, 1, 1.19, 2])).toEqual(run([1, 1, 1, 2]));
      expectClose(run([1, 1.4, 1.1, 1.3]) as NdArray, x, 0);
    }
  }
});

test('what cannot be resized says so', () => {
  const run = (dims: number[], options: ResizeOptions, opset = 18) =>
    failure(() => runGraph({ ...graphOf(specOf(dims, options, [], 'alone')), opsets: new Map([['', opset]]) }, { x: random(dims, 1) }));
  expect(run([1, 1, 4, 4], { sizes: [1, 1, 0, 4] }).code).toBe('INVALID_MODEL');
  expect(run([1, 1, 4, 4], { sizes: [1, 1, -2, 4] }).code).toBe('INVALID_MODEL');
  expect(run([1, 1, 0, 4], { sizes: [1, 1, 2, 4] }).code).toBe('INVALID_MODEL');
  expect(run([1, 1, 4, 4], { scales: [1, 1, 0, 1] }).code).toBe('INVALID_MODEL');
  expect(run([1, 1, 4, 4], { scales: [1, 1, Number.NaN, 1] }).code).toBe('INVALID_MODEL');
  expect(run([1, 1, 4, 4], { scales: [1, 1, Number.POSITIVE_INFINITY, 1] }).code).toBe('INVALID_MODEL');
  expect(run([1, 1, 4, 4], { scales: [1, 1, 2] }).code).toBe('INVALID_MODEL');
  expect(run([1, 1, 4, 4], { axes: [4], scales: [2] }).code).toBe('INVALID_MODEL');
  expect(run([1, 1, 4, 4], {}).code).toBe('INVALID_MODEL');
  expect(run([1, 1, 4, 4], { sizes: [1, 1, 2 ** 30, 1] }).code).toBe('TOO_LARGE');
  expect(run([1, 1, 4, 4], { mode: 'linear', scales: [1, 1, 1, 1e9] }).code).toBe('TOO_LARGE');
  const far = { mode: 'linear', coordinates: 'tf_crop_and_resize', sizes: [1, 1, 2, 2] } as const;
  for (const end of [1e30, Number.POSITIVE_INFINITY, Number.NaN]) {
    const graph = graphOf(specOf([1, 1, 4, 4], { ...far, extrapolation: 5, roi: [0, 0, end, 0, 1, 1, end, 1] }, [], 'alone'));
    let y: NdArray | undefined;
    try {
      [y] = runGraph(graph, { x: random([1, 1, 4, 4], 1) });
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_MODEL' });
    }
    if (y) expect([...y.data]).toEqual([5, 5, 5, 5]);
  }
});
