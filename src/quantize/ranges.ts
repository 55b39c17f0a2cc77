// The range of a value that its bytes shall hold, from a histogram.

import type { Histogram } from './histogram.ts';

/** How ranges are chosen. */
export type Calibration = 'minmax' | 'mse' | 'percentile';

export type Range = readonly [low: number, high: number];

/**
 * @param percentile how many percent of the elements the range holds at least, on each side of 0
 * @internal
 */
export function rangeOf(histogram: Histogram, calibration: Calibration, percentile: number): Range {
  const low = Math.min(0, histogram.least);
  const high = Math.max(0, histogram.most);
  if (calibration === 'minmax' || !(high > low)) return [low, high];
  return calibration === 'mse' ? leastError(histogram, low, high) : inside(histogram, low, high, percentile);
}

/** Cuts off so many of the largest elements, and as many of the least. */
function inside({ bins, count, width, reach }: Histogram, low: number, high: number, percentile: number): Range {
  const most = count * (1 - percentile / 100);
  const cut = (from: number, step: 1 | -1): number => {
    let over = 0;
    let i = from;
    for (; i >= 0 && i < bins.length; i += step) {
      over += bins[i] as number;
      if (over > most) break;
    }
    // The outer edge of the first bin that stays.
    return (step > 0 ? i : i + 1) * width - reach;
  };
  return [Math.max(low, Math.min(0, cut(0, 1))), Math.min(high, Math.max(0, cut(bins.length - 1, -1)))];
}

/** The ranges that are tried: so many parts of the whole one, on each side. */
const PARTS = 128;
/** The least of them, because less than that never was the best. */
const FIRST = 16;

/**
 * The range with the least mean squared error: a twelfth of a step's square within, and outside the square of what is cut off. Zeros have
 * none, because a zero point is exact.
 */
function leastError(histogram: Histogram, low: number, high: number): Range {
  const { bins, width, reach } = histogram;
  // Sums of counts, elements and squares of all bins before.
  const [counts, sums, squares] = [0, 1, 2].map(() => new Float64Array(bins.length + 1)) as [Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < bins.length; i++) {
    const x = (i + 0.5) * width - reach;
    const count = bins[i] as number;
    counts[i + 1] = (counts[i] as number) + count;
    sums[i + 1] = (sums[i] as number) + count * x;
    squares[i + 1] = (squares[i] as number) + count * x * x;
  }
  const part = (table: Float64Array, from: number, to: number) => (table[to] as number) - (table[from] as number);
  const edge = (x: number) => Math.min(bins.length, Math.max(0, Math.round((x + reach) / width)));
  const outside = (limit: number, from: number, to: number) =>
    part(squares, from, to) - 2 * limit * part(sums, from, to) + limit * limit * part(counts, from, to);
  const candidates = (limit: number): number[] =>
    limit === 0 ? [0] : Array.from({ length: PARTS - FIRST + 1 }, (_, i) => (limit * (FIRST + i)) / PARTS);
  const [lows, highs] = [candidates(low), candidates(high)];
  let best: Range = [low, high];
  let least = Number.POSITIVE_INFINITY;
  for (const a of lows) {
    const first = edge(a);
    const below = outside(a, 0, first);
    for (const b of highs) {
      const last = edge(b);
      const step = (b - a) / 255;
      const error = below + outside(b, last, bins.length) + (part(counts, first, last) * step * step) / 12;
      if (error < least) {
        least = error;
        best = [a, b];
      }
    }
  }
  return best;
}
