// The limit that kernels are held against: the most multiply-adds of 128-bit vectors that an engine gives on one thread.
//
//   xᵢ ← xᵢ + xᵢ · xᵢ
//
// Thirteen independent chains and nothing but arithmetic: no loads, and no operand beside the chains, so that the
// accumulators and the one product that strict multiply-adds need stay in V8's 15 vector registers. A chain takes the
// latency of a multiplication and an addition, 6 to 8 cycles; thirteen fill two multipliers and two adders meanwhile. All
// are 0 if `seed` is, which the compiler cannot know, so neither overflow nor denormal numbers slow anything.

import { madd } from '../math/simd.inline';

/** Floating-point operations of a step. */
export const STEP: i32 = 104;

/** Runs `steps` steps; the sum of everything keeps them all from being dropped. */
export function run(steps: i32, seed: f32): f32 {
  let x0 = f32x4.splat(seed * 1);
  let x1 = f32x4.splat(seed * 2);
  let x2 = f32x4.splat(seed * 3);
  let x3 = f32x4.splat(seed * 4);
  let x4 = f32x4.splat(seed * 5);
  let x5 = f32x4.splat(seed * 6);
  let x6 = f32x4.splat(seed * 7);
  let x7 = f32x4.splat(seed * 8);
  let x8 = f32x4.splat(seed * 9);
  let x9 = f32x4.splat(seed * 10);
  let x10 = f32x4.splat(seed * 11);
  let x11 = f32x4.splat(seed * 12);
  let x12 = f32x4.splat(seed * 13);
  for (let i = 0; i < steps; i++) {
    x0 = madd(x0, x0, x0);
    x1 = madd(x1, x1, x1);
    x2 = madd(x2, x2, x2);
    x3 = madd(x3, x3, x3);
    x4 = madd(x4, x4, x4);
    x5 = madd(x5, x5, x5);
    x6 = madd(x6, x6, x6);
    x7 = madd(x7, x7, x7);
    x8 = madd(x8, x8, x8);
    x9 = madd(x9, x9, x9);
    x10 = madd(x10, x10, x10);
    x11 = madd(x11, x11, x11);
    x12 = madd(x12, x12, x12);
  }
  x0 = f32x4.add(x0, x1);
  x0 = f32x4.add(x0, x2);
  x0 = f32x4.add(x0, x3);
  x0 = f32x4.add(x0, x4);
  x0 = f32x4.add(x0, x5);
  x0 = f32x4.add(x0, x6);
  x0 = f32x4.add(x0, x7);
  x0 = f32x4.add(x0, x8);
  x0 = f32x4.add(x0, x9);
  x0 = f32x4.add(x0, x10);
  x0 = f32x4.add(x0, x11);
  x0 = f32x4.add(x0, x12);
  return f32x4.extract_lane(x0, 0);
}
