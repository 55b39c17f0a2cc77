// Two channels at a time in float64, which sums of partial sums take: see f32_batchnorm_moments.

import { storeLanes } from '../math/simd.inline';

/** Two floats, as float64. */
// @ts-expect-error: decorator
@inline
export function loadDoubles(pointer: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(pointer));
}

/** Two numbers as floats. */
// @ts-expect-error: decorator
@inline
export function rounded(x: v128): v128 {
  return f32x4.demote_f64x2_zero(x);
}

/** Stores the first `count` of two numbers as floats, 1 or more. */
// @ts-expect-error: decorator
@inline
export function storeDoubles(pointer: usize, x: v128, count: i32): void {
  storeLanes(pointer, rounded(x), min(count, 2));
}
