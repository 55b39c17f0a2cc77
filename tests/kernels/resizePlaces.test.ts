// Which places of the input Resize looks at: exact ones from sizes, float32 ones from scales.

import { type Coordinates, tableOf } from '../../src/ops/resample/resizeTable.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { coordinateModes, nearestModes, type ResizeOptions, resize } from '../reference/resize.ts';
import { graphOf } from './graph.ts';
import { places } from './moves.ts';
import { rounded, specOf } from './resizeCase.ts';
import { expectClose, runGraph } from './run.ts';

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
