// Resize and Upsample, all modes, row-major and channels-last, behind a pool and before one.

import { failure } from '../failure.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { coordinateModes, nearestModes, type ResizeOptions, resize } from '../reference/resize.ts';
import { graphOf, int64 } from './graph.ts';
import { floats, isPicture, places, sizedTypes, taken, typedGraph, typedTensor } from './moves.ts';
import { rounded, specOf } from './resizeCase.ts';
import { eachVariant, expectClose, expectTensor, runGraph, runTensors } from './run.ts';

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
        expectTensor(runTensors(graph, { x }, { variant })[0], taken(x, resize(places(dims), { sizes: to })));
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
