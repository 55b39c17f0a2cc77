// Integers of eight bits in plain loops, as ONNX 1.23 defines them and onnxruntime 1.30 rounds.

import { at } from '../../src/graph/at.ts';

/** Half to even. */
export function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

export const clampTo = (x: number, [low, high]: readonly [number, number]): number => Math.min(high, Math.max(low, x));

export const rangeOf = (type: string): readonly [number, number] => (type === 'int8' ? [-128, 127] : [0, 255]);

export interface IntegerConv {
  readonly x: ArrayLike<number>;
  readonly dims: readonly number[];
  readonly zero: number;
  readonly w: ArrayLike<number>;
  readonly filters: readonly number[];
  readonly zeros?: ArrayLike<number>;
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  readonly pads?: readonly number[];
  readonly group?: number;
}

/** The exact sums of a convolution [N, C, H, W] by [M, C / group, KH, KW]; padding is the zero point. */
export function integerConv({
  x,
  dims,
  zero,
  w,
  filters,
  zeros = [0],
  strides = [1, 1],
  dilations = [1, 1],
  pads = [0, 0, 0, 0],
  group = 1,
}: IntegerConv): { dims: number[]; data: Int32Array } {
  const [n = 1, c = 1, h = 1, width = 1] = dims;
  const [m = 1, depth = 1, kh = 1, kw = 1] = filters;
  const size = (axis: number, length: number, k: number) =>
    Math.floor((length + at(pads, axis) + at(pads, axis + 2) - (k - 1) * at(dilations, axis) - 1) / at(strides, axis)) + 1;
  const [oh, ow] = [size(0, h, kh), size(1, width, kw)];
  const data = new Int32Array(n * m * oh * ow);
  let o = 0;
  for (let b = 0; b < n; b++)
    for (let f = 0; f < m; f++)
      for (let oy = 0; oy < oh; oy++)
        for (let ox = 0; ox < ow; ox++) {
          let sum = 0;
          const first = Math.floor(f / (m / group)) * depth;
          const point = zeros[zeros.length === 1 ? 0 : f] as number;
          for (let i = 0; i < depth; i++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++) {
                const y = oy * at(strides, 0) + ky * at(dilations, 0) - at(pads, 0);
                const xx = ox * at(strides, 1) + kx * at(dilations, 1) - at(pads, 1);
                if (y < 0 || y >= h || xx < 0 || xx >= width) continue;
                const pixel = x[((b * c + first + i) * h + y) * width + xx] as number;
                sum += (pixel - zero) * ((w[((f * depth + i) * kh + ky) * kw + kx] as number) - point);
              }
          data[o++] = sum;
        }
  return { dims: [n, m, oh, ow], data };
}

/** float32(sum) * scale, rounded to even, + zero point, clamped. */
export function requantize(sum: number, scale: number, zero: number, type: string): number {
  return clampTo(roundEven(Math.fround(Math.fround(sum) * scale)) + zero, rangeOf(type));
}

/** Which zero point or scale belongs to an element: one for all, one for each of the innermost groups, or one for each of all. */
const nth = (list: ArrayLike<number>, i: number, count: number): number =>
  list[list.length === 1 ? 0 : list.length === count ? i % count : i] as number;

/**
 * The exact sums of a matrix product [..., M, K] by [..., K, N], the leading dimensions broadcast from [B] to [B] or 1.
 * @param aZeros one, M, or one for every row of every matrix; bZeros likewise for columns
 */
export function integerMatMul(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [batch, aBatch, bBatch, m, k, n]: readonly [number, number, number, number, number, number],
  aZeros: ArrayLike<number> = [0],
  bZeros: ArrayLike<number> = [0],
): Int32Array {
  const data = new Int32Array(batch * m * n);
  for (let o = 0; o < data.length; o++) {
    const [matrix, row, column] = [Math.floor(o / (m * n)), Math.floor(o / n) % m, o % n];
    const [x, w] = [matrix % aBatch, matrix % bBatch];
    let sum = 0;
    for (let i = 0; i < k; i++) {
      const left = (a[(x * m + row) * k + i] as number) - nth(aZeros, x * m + row, m);
      sum += left * ((b[(w * k + i) * n + column] as number) - nth(bZeros, w * n + column, n));
    }
    data[o] = sum;
  }
  return data;
}
