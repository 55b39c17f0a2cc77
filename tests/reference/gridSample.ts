import { array, at, type NdArray, offsetOf } from './array.ts';

export const gridModes = ['nearest', 'linear', 'cubic'] as const;
export const gridPaddings = ['zeros', 'border', 'reflection'] as const;

export interface GridSampleOptions {
  mode?: (typeof gridModes)[number];
  padding?: (typeof gridPaddings)[number];
  alignCorners?: boolean;
}

/** ONNX GridSample of pictures. A coordinate that is NaN is taken for the first pixel's. */
export function gridSample(x: NdArray, grid: NdArray, options: GridSampleOptions = {}): NdArray {
  const [n = 0, c = 0, h = 0, w = 0] = x.dims;
  const [, outHeight = 0, outWidth = 0] = grid.dims;
  const y = array([n, c, outHeight, outWidth]);
  for (let b = 0; b < n; b++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        const coordinate = (k: number) => at(grid.data, offsetOf(grid.dims, [b, i, j, k]));
        const [columns, rows] = [tapsOf(coordinate(0), w, options), tapsOf(coordinate(1), h, options)];
        for (let channel = 0; channel < c; channel++) {
          let sum = 0;
          for (const row of rows) {
            for (const column of columns) {
              sum += row.weight * column.weight * at(x.data, offsetOf(x.dims, [b, channel, row.index, column.index]));
            }
          }
          y.data[offsetOf(y.dims, [b, channel, i, j])] = sum;
        }
      }
    }
  }
  return y;
}

interface Tap {
  index: number;
  weight: number;
}

function tapsOf(coordinate: number, size: number, { mode = 'linear', padding = 'zeros', alignCorners = false }: GridSampleOptions): Tap[] {
  let place = alignCorners ? ((coordinate + 1) / 2) * (size - 1) : ((coordinate + 1) * size - 1) / 2;
  if (Number.isNaN(place)) place = 0;
  const [low, high] = alignCorners ? [0, size - 1] : [-0.5, size - 0.5];
  const clipped = (p: number) => Math.min(Math.max(p, 0), size - 1);
  const mirrored = (p: number) => clipped(reflected(p, low, high));
  // Nearest and linear mend the place itself, cubic each of its taps.
  if (mode !== 'cubic' && padding === 'border') place = clipped(place);
  if (mode !== 'cubic' && padding === 'reflection') place = mirrored(place);
  if (!Number.isFinite(place) && padding === 'border') place = clipped(place);
  if (!Number.isFinite(place)) return [];
  const taps: Tap[] = [];
  const first = Math.floor(place);
  if (mode === 'nearest') taps.push({ index: halfToEven(place), weight: 1 });
  if (mode === 'linear') taps.push({ index: first, weight: 1 - (place - first) }, { index: first + 1, weight: place - first });
  if (mode === 'cubic') for (let k = -1; k <= 2; k++) taps.push({ index: first + k, weight: cubic(Math.abs(place - first - k)) });
  return taps.flatMap(({ index, weight }) => {
    if (index >= 0 && index < size) return [{ index, weight }];
    if (padding === 'zeros') return [];
    return [{ index: padding === 'border' ? clipped(index) : mirrored(index), weight }];
  });
}

/** Back and forth between low and high. */
function reflected(p: number, low: number, high: number): number {
  const span = high - low;
  if (span === 0) return low;
  const phase = Math.abs(p - low) % (2 * span);
  return low + (phase <= span ? phase : 2 * span - phase);
}

function halfToEven(p: number): number {
  const below = Math.floor(p);
  if (p - below !== 0.5) return Math.round(p);
  return below % 2 === 0 ? below : below + 1;
}

function cubic(d: number): number {
  const a = -0.75;
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}
