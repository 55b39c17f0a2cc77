// The one-dimensional transforms of F(4, 3)'s weight gradient: the transposes of those in winograd/transforms.inline, with the
// same points. Y = Aᵀ [G g Gᵀ ⊙ Bᵀ d B] A gives dg = Gᵀ [A dY Aᵀ ⊙ Bᵀ d B] G.

import { madd } from '../math/simd.inline';
import { A, B } from '../winograd/transforms.inline';

/** A y: four gradients of outputs to six points, stored `stride` bytes apart. */
// @ts-expect-error: decorator
@inline
export function gradient6(y0: v128, y1: v128, y2: v128, y3: v128, output: usize, stride: usize): void {
  const half = f32x4.splat(0.5);
  const evenA = f32x4.add(y0, f32x4.mul(y2, half));
  const oddA = f32x4.mul(f32x4.add(y1, f32x4.mul(y3, half)), f32x4.splat(A));
  v128.store(output, y0);
  output += stride;
  v128.store(output, f32x4.add(evenA, oddA));
  output += stride;
  v128.store(output, f32x4.sub(evenA, oddA));
  const evenB = f32x4.add(y0, f32x4.add(y2, y2));
  const oddB = f32x4.mul(f32x4.add(y1, f32x4.add(y3, y3)), f32x4.splat(B));
  output += stride;
  v128.store(output, f32x4.add(evenB, oddB));
  output += stride;
  v128.store(output, f32x4.sub(evenB, oddB));
  output += stride;
  v128.store(output, y3);
}

/** Gᵀ u: the sums at six points to three taps. In place it may be, if the strides are the same or the outputs closer. */
// @ts-expect-error: decorator
@inline
export function weights3(from: usize, stride: usize, to: usize, toStride: usize): void {
  const u0 = v128.load(from);
  const u1 = v128.load(from + stride);
  const u2 = v128.load(from + stride * 2);
  const u3 = v128.load(from + stride * 3);
  const u4 = v128.load(from + stride * 4);
  const u5 = v128.load(from + stride * 5);
  const evenA = f32x4.mul(f32x4.add(u1, u2), f32x4.splat(-1.0 / 1.5));
  const evenB = f32x4.mul(f32x4.add(u3, u4), f32x4.splat(1.0 / 6.0));
  const oddA = f32x4.mul(f32x4.sub(u1, u2), f32x4.splat(-A / 1.5));
  const oddB = f32x4.mul(f32x4.sub(u3, u4), f32x4.splat(B / 6.0));
  v128.store(to, f32x4.add(u0, f32x4.add(evenA, evenB)));
  v128.store(to + toStride, f32x4.add(oddA, oddB));
  v128.store(to + toStride * 2, f32x4.add(f32x4.add(f32x4.mul(evenA, f32x4.splat(0.5)), f32x4.add(evenB, evenB)), u5));
}

/** The four sums of output1d of winograd/transforms.inline. */
// @ts-expect-error: decorator
@inline
export function first4(m0: v128, sumA: v128, sumB: v128): v128 {
  return f32x4.add(f32x4.add(m0, sumA), sumB);
}

// @ts-expect-error: decorator
@inline
export function second4(differenceA: v128, differenceB: v128): v128 {
  return madd(differenceB, f32x4.splat(B), f32x4.mul(differenceA, f32x4.splat(A)));
}

// @ts-expect-error: decorator
@inline
export function third4(sumA: v128, sumB: v128): v128 {
  return madd(sumB, f32x4.splat(B * B), f32x4.mul(sumA, f32x4.splat(A * A)));
}

// @ts-expect-error: decorator
@inline
export function fourth4(differenceA: v128, differenceB: v128, m5: v128): v128 {
  return f32x4.add(madd(differenceB, f32x4.splat(B * B * B), f32x4.mul(differenceA, f32x4.splat(A * A * A))), m5);
}
