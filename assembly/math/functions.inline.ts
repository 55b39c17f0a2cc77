// Functions of four lanes that activations are made of. NaN stays NaN.

import { exp } from './exp.inline';

// @ts-expect-error: decorator
@inline
export function one(): v128 {
  return f32x4.splat(1);
}

/** 1 / (1 + e^-x). */
// @ts-expect-error: decorator
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(one(), f32x4.add(one(), exp(f32x4.neg(x))));
}

/** The size of the first with the sign of the second. */
// @ts-expect-error: decorator
@inline
export function copySign(size: v128, sign: v128): v128 {
  return v128.bitselect(sign, size, i32x4.splat(0x80000000));
}
