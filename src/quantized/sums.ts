// Sums of products of integers in plain loops, exact modulo 2^32 as the kernels': where these do not fit, and for constants.

import { product } from '../graph/dims.ts';
import type { TypedArray } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { eachBroadcast } from '../ops/elements.ts';
import type { sizes } from '../ops/gemm/matmul.ts';
import { asImage, output } from '../ops/shapes.ts';
import type { Window } from '../ops/window/window.ts';

/** A tensor less its zero points. @param zeroAt the zero point of an element */
const less = (x: TypedArray, zero: TypedArray | undefined, zeroAt: (i: number) => number): Int16Array =>
  Int16Array.from(x as Int8Array, (value, i) => value - Number(zero?.[zeroAt(i)] ?? 0));

/**
 * The sums of a convolution.
 * @param x [N, C, ...] and its one zero point
 * @param w [M, C / group, ...] and its zero points: one, or M
 */
export function convSums(
  { inputs: [from], outputs }: { readonly inputs: readonly (Value | undefined)[]; readonly outputs: readonly Value[] },
  { kernel, stride, dilation, padBegin }: Window,
  groups: number,
  [x, xZero]: readonly [TypedArray, TypedArray | undefined],
  [w, wZero]: readonly [TypedArray, TypedArray | undefined],
): Int32Array {
  const { batch, channels, height, width } = asImage(from?.dims ?? []);
  const to = asImage(output({ outputs }).dims);
  const depth = channels / groups;
  const [rows, columns] = kernel;
  const taps = rows * columns * depth;
  const [a, b] = [less(x, xZero, () => 0), less(w, wZero, (i) => (wZero?.length === 1 ? 0 : Math.floor(i / taps)))];
  const sums = new Int32Array(batch * to.channels * to.height * to.width);
  let o = 0;
  for (let n = 0; n < batch; n++)
    for (let f = 0; f < to.channels; f++) {
      const first = n * channels + Math.floor(f / (to.channels / groups)) * depth;
      for (let oy = 0; oy < to.height; oy++)
        for (let ox = 0; ox < to.width; ox++) {
          let sum = 0;
          for (let ky = 0; ky < rows; ky++) {
            const y = oy * stride[0] - padBegin[0] + ky * dilation[0];
            if (y < 0 || y >= height) continue;
            for (let kx = 0; kx < columns; kx++) {
              const at = ox * stride[1] - padBegin[1] + kx * dilation[1];
              if (at < 0 || at >= width) continue;
              for (let c = 0; c < depth; c++)
                sum += (a[((first + c) * height + y) * width + at] as number) * (b[((f * depth + c) * rows + ky) * columns + kx] as number);
            }
          }
          sums[o++] = sum;
        }
    }
  return sums;
}

/** Which zero point or scale element `i` has, if there is one, `count`, or one for every `inner` elements, which share it. */
export const nth = (length: number, i: number, inner: number, count: number): number =>
  length === 1 ? 0 : length === count ? Math.floor(i / inner) % count : Math.floor(i / inner);

/** The sums of a matrix product, and for each the rows of A and the columns of B that it is made of. */
export function matMulSums(
  { batch, aBatch, bBatch, rows, columns, depth }: ReturnType<typeof sizes>,
  [a, aZero]: readonly [TypedArray, TypedArray | undefined],
  [b, bZero]: readonly [TypedArray, TypedArray | undefined],
  visit?: (sum: number, o: number, row: number, column: number) => void,
): Int32Array {
  const x = less(a, aZero, (i) => nth(aZero?.length ?? 1, i, depth, rows));
  const w = less(b, bZero, (i) => nth(bZero?.length ?? 1, Math.floor(i / (depth * columns)) * columns + (i % columns), 1, columns));
  const sums = new Int32Array(product(batch) * rows * columns);
  eachBroadcast(batch, [aBatch, bBatch], ([aAt = 0, bAt = 0], m) => {
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < depth; k++) sum += (x[(aAt * rows + i) * depth + k] as number) * (w[(bAt * depth + k) * columns + j] as number);
        const o = (m * rows + i) * columns + j;
        sums[o] = sum;
        visit?.(sums[o] as number, o, aAt * rows + i, bAt * columns + j);
      }
  });
  return sums;
}
