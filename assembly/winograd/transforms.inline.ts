// The one-dimensional transforms of F(m, r) with the points 0, ±A, ±B and infinity (six points: m + r = 7) or 0, ±1 and
// infinity (four: m + r = 5), as polynomials: Toom-Cook in Winograd's form (Lavin and Gray 2015, arXiv:1509.09308). With A =
// √½ and B = √2 instead of 1 and 2 intermediate numbers stay smaller, and the error is about a third.

import { madd } from '../math/simd.inline';

// @ts-expect-error: decorator
@inline
export const A: f32 = 0.7071067811865476;
// @ts-expect-error: decorator
@inline
export const B: f32 = 1.4142135623730951;
// A² = 1/2, B² = 2, A²B² = 1 and A² + B² = 5/2 are exact.

/** Vectors of one tile's four channels. */
// @ts-expect-error: decorator
@inline
export const PATCH_BYTES: usize = 36 << 4;

// @ts-expect-error: decorator
@inline
function times(x: v128, factor: f32): v128 {
  return f32x4.mul(x, f32x4.splat(factor));
}

/** Six inputs to six points: coefficients of the products of (x - p) over the other points. Stored `stride` bytes apart. */
// @ts-expect-error: decorator
@inline
export function input6(x0: v128, x1: v128, x2: v128, x3: v128, x4: v128, x5: v128, output: usize, stride: usize): void {
  v128.store(output, f32x4.add(f32x4.sub(x0, times(x2, 2.5)), x4));
  const evenA = f32x4.sub(x4, f32x4.add(x2, x2));
  const oddA = times(f32x4.sub(x3, f32x4.add(x1, x1)), A);
  output += stride;
  v128.store(output, f32x4.add(evenA, oddA));
  output += stride;
  v128.store(output, f32x4.sub(evenA, oddA));
  const evenB = f32x4.sub(x4, times(x2, 0.5));
  const oddB = times(f32x4.sub(x3, times(x1, 0.5)), B);
  output += stride;
  v128.store(output, f32x4.add(evenB, oddB));
  output += stride;
  v128.store(output, f32x4.sub(evenB, oddB));
  output += stride;
  v128.store(output, f32x4.add(f32x4.sub(x1, times(x3, 2.5)), x5));
}

/** Four inputs to four points. */
// @ts-expect-error: decorator
@inline
export function input4(x0: v128, x1: v128, x2: v128, x3: v128, output: usize, stride: usize): void {
  v128.store(output, f32x4.sub(x0, x2));
  output += stride;
  v128.store(output, f32x4.add(x1, x2));
  output += stride;
  v128.store(output, f32x4.sub(x2, x1));
  output += stride;
  v128.store(output, f32x4.sub(x3, x1));
}

/** Points to sums: y[k] = Σ pᵏ m[p]; the last one includes the point at infinity. */
// @ts-expect-error: decorator
@inline
export function output1d(points: i32, size: i32, from: usize, stride: usize, to: usize, toStride: usize): void {
  const m0 = v128.load(from);
  from += stride;
  const m1 = v128.load(from);
  from += stride;
  const m2 = v128.load(from);
  from += stride;
  const m3 = v128.load(from);
  const sumA = f32x4.add(m1, m2);
  const differenceA = f32x4.sub(m1, m2);
  if (points === 4) {
    v128.store(to, f32x4.add(m0, sumA));
    v128.store(to + toStride, f32x4.add(differenceA, m3));
    return;
  }
  from += stride;
  const m4 = v128.load(from);
  from += stride;
  const m5 = v128.load(from);
  const sumB = f32x4.add(m3, m4);
  const differenceB = f32x4.sub(m3, m4);
  const y1 = madd(differenceB, f32x4.splat(B), f32x4.mul(differenceA, f32x4.splat(A)));
  v128.store(to, f32x4.add(f32x4.add(m0, sumA), sumB));
  to += toStride;
  if (size === 2) {
    v128.store(to, f32x4.add(y1, m5));
    return;
  }
  v128.store(to, y1);
  to += toStride;
  v128.store(to, madd(sumB, f32x4.splat(B * B), f32x4.mul(sumA, f32x4.splat(A * A))));
  to += toStride;
  const cubes = madd(differenceB, f32x4.splat(B * B * B), f32x4.mul(differenceA, f32x4.splat(A * A * A)));
  v128.store(to, f32x4.add(cubes, m5));
}

/** Weights at the points p and -p, from their even and odd powers. */
// @ts-expect-error: decorator
@inline
export function pair(even: v128, odd: v128, scale: f32, to: usize, toStride: usize): void {
  v128.store(to, f32x4.mul(f32x4.add(even, odd), f32x4.splat(scale)));
  v128.store(to + toStride, f32x4.mul(f32x4.sub(even, odd), f32x4.splat(scale)));
}
