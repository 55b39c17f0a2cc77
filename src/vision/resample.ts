// Resampling along one axis, as Pillow's src/libImaging/Resample.c does it: the weights, and the two passes as plain loops.
// The passes in simd.ts give the same bytes.

import type { Picture } from './picture.ts';

/**
 * Fraction bits of a weight: a sum of weights times bytes fits an int32, even if the negative weights of a cubic make it
 * overshoot.
 */
const FRACTION = 22;
const HALF = 1 << (FRACTION - 1);

/**
 * Which input samples each output sample is made of: `count[i]` samples from `first[i]` on, weighted by `weights[i * stride
 * ...]`.
 */
export interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly stride: number;
  readonly weights: Int32Array;
}

/** A filter's half width, and its height at a distance from its middle; the height is 0 from the half width on. */
interface Kernel {
  readonly support: number;
  readonly at: (x: number) => number;
}

/** Those of Pillow's filters that need only arithmetic, because sines differ between engines. */
export const kernels = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: bicubic },
} as const satisfies Record<string, Kernel>;

/** Keys' cubic convolution (1981) with a = -1/2, the terms in Pillow's order. */
function bicubic(x: number): number {
  const a = -0.5;
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

/**
 * The taps of `outputs` samples that share [from, to] of `inputs` samples evenly; the filter widens with the reduction
 * (antialias).
 */
export function taps({ support, at }: Kernel, inputs: number, from: number, to: number, outputs: number): Taps {
  const scale = Math.fround(to - from) / outputs;
  const widen = Math.max(scale, 1);
  const reach = support * widen;
  const inverse = 1 / widen;
  const stride = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const weights = new Int32Array(outputs * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < outputs; i++) {
    const center = from + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - reach + 0.5));
    const n = Math.min(inputs, Math.trunc(center + reach + 0.5)) - start;
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const weight = at((j + start - center + 0.5) * inverse);
      exact[j] = weight;
      sum += weight;
    }
    for (let j = 0; j < n; j++) {
      const weight = sum === 0 ? (exact[j] as number) : (exact[j] as number) / sum;
      weights[i * stride + j] = Math.trunc(weight * (1 << FRACTION) + (weight < 0 ? -0.5 : 0.5));
    }
    first[i] = start;
    count[i] = n;
  }
  return { first, count, stride, weights };
}

/** A sum that includes `HALF`, as a byte. */
function toByte(sum: number): number {
  const whole = sum >> FRACTION;
  return (whole & ~255) === 0 ? whole : whole < 0 ? 0 : 255;
}

/** The rows of `source`, RGB or RGBA, from `firstRow` to before `lastRow`, into `data`, RGB. */
export function resampleRows(
  source: Picture,
  { first, count, stride, weights }: Taps,
  firstRow: number,
  lastRow: number,
  data: Uint8Array,
): void {
  const { channels, data: input } = source;
  const width = first.length;
  let to = 0;
  for (let y = firstRow; y < lastRow; y++) {
    for (let x = 0; x < width; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let from = (y * source.width + (first[x] as number)) * channels;
      const end = x * stride + (count[x] as number);
      for (let j = x * stride; j < end; j++, from += channels) {
        const weight = weights[j] as number;
        red = (red + (input[from] as number) * weight) | 0;
        green = (green + (input[from + 1] as number) * weight) | 0;
        blue = (blue + (input[from + 2] as number) * weight) | 0;
      }
      data[to++] = toByte(red);
      data[to++] = toByte(green);
      data[to++] = toByte(blue);
    }
  }
}

/** The columns of `source`, RGB, into `data`. `source` begins with row `firstRow`, in the numbering of `first`. */
export function resampleColumns(source: Picture, { first, count, stride, weights }: Taps, firstRow: number, data: Uint8Array): void {
  const input = source.data;
  const row = source.width * 3;
  const sums = new Int32Array(row);
  for (let y = 0; y < first.length; y++) {
    sums.fill(HALF);
    let from = ((first[y] as number) - firstRow) * row;
    const end = y * stride + (count[y] as number);
    for (let j = y * stride; j < end; j++) {
      const weight = weights[j] as number;
      for (let x = 0; x < row; x++) sums[x] = (sums[x] as number) + (input[from++] as number) * weight;
    }
    for (let x = 0; x < row; x++) data[y * row + x] = toByte(sums[x] as number);
  }
}
