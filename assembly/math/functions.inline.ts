// Functions of four lanes for activations. NaN stays NaN.

import { expInside, HIGHEST, LOWEST } from './exp.inline';

// @ts-expect-error: decorator
@inline
export function one(): v128 {
  return f32x4.splat(1);
}

/** 1 / (1 + e^-x); 0 below -HIGHEST; undefined for NaN. */
// @ts-expect-error: decorator
@inline
export function gate(x: v128): v128 {
  const size = f32x4.neg(x);
  const e = expInside(f32x4.pmax(size, f32x4.splat(LOWEST)));
  return v128.andnot(f32x4.div(one(), f32x4.add(one(), e)), f32x4.gt(size, f32x4.splat(HIGHEST)));
}

/** 1 / (1 + e^-x). */
// @ts-expect-error: decorator
@inline
export function sigmoid(x: v128): v128 {
  return v128.or(gate(x), f32x4.ne(x, x));
}

/** The magnitude of the first with the sign of the second. */
// @ts-expect-error: decorator
@inline
export function copySign(size: v128, sign: v128): v128 {
  return v128.bitselect(sign, size, i32x4.splat(0x80000000));
}

/** z^¾ by two square roots: z / z^¼ has less of their errors than z^½ z^¼, which 0 and infinity need. */
// @ts-expect-error: decorator
@inline
export function threeQuarterPower(z: v128): v128 {
  const root = f32x4.sqrt(z);
  const fourthRoot = f32x4.sqrt(root);
  const inside = v128.and(f32x4.gt(z, f32x4.splat(0)), f32x4.lt(z, f32x4.splat(Infinity)));
  return v128.bitselect(f32x4.div(z, fourthRoot), f32x4.mul(root, fourthRoot), inside);
}
