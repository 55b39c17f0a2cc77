// Functions of four lanes that are not inlined, because each would include the exponential function. NaN stays NaN.

import { expGradual, expInside } from './exp.inline';
import { copySign, one } from './functions.inline';
import { log as logarithm } from './log.inline';

/** e^x. */
export function power(x: v128): v128 {
  return expGradual(x);
}

/** The natural logarithm. */
export function log(x: v128): v128 {
  return logarithm(x);
}

/** e^x - 1; near 0 by Taylor's polynomial, because the subtraction would cancel. */
export function expm1(x: v128): v128 {
  let p = f32x4.splat(1.0 / 5040.0);
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 720.0));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 120.0));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 24.0));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 6.0));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(0.5));
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(x, x), p));
  return v128.bitselect(near, f32x4.sub(power(x), one()), f32x4.lt(f32x4.abs(x), f32x4.splat(0.35)));
}

/** tanh x: below 0.65 an odd polynomial (fitted, error under 3e-10), else 1 - 2 / (e^2|x| + 1). */
export function tanh(x: v128): v128 {
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(0.002064662054181099);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.00809196475893259));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.02166634425520897));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.05394056439399719));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.13333158195018768));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.333333283662796));
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(x, z), p));
  const size = f32x4.abs(x);
  const e = power(f32x4.add(size, size));
  const far = f32x4.sub(one(), f32x4.div(f32x4.splat(2), f32x4.add(e, one())));
  // For -0 the sum is 0, so the sign is set on both.
  return copySign(v128.bitselect(near, far, f32x4.lt(size, f32x4.splat(0.65))), x);
}

/** From here on erfc is below float32's precision. */
const MIDDLE: f32 = 0.8439054489135742;
const ERFC_OF_MIDDLE: f32 = 0.2326882779598236;

/**
 * The error function, right to 0.9 units in the last place: below MIDDLE x + x·P(x²), P fitted to erf(x) / x - 1 (its error
 * is under 2e-10); else 1 - erfc(MIDDLE)·e^-(u·Q(u)), u = |x| - MIDDLE, Q fitted to -log(erfc(x) / erfc(MIDDLE)) / u (under
 * 3e-9 of the result); 1 from 4 on. Both add something small to what is exact.
 */
export function erf(x: v128): v128 {
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(8.8962544396054e-5);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.0008256555302068591));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.005210236646234989));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.02686281129717827));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.1128375232219696));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.37612637877464294));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.12837916612625122));
  const near = f32x4.add(x, f32x4.mul(x, p));
  const size = f32x4.abs(x);
  const u = f32x4.sub(f32x4.pmin(size, f32x4.splat(4)), f32x4.splat(MIDDLE));
  let q = f32x4.splat(-0.00020440641674213111);
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(0.0020900170784443617));
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(-0.011545089073479176));
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(0.048271458595991135));
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(0.8221108913421631));
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(2.3789546489715576));
  const far = f32x4.sub(one(), f32x4.mul(f32x4.splat(ERFC_OF_MIDDLE), expInside(f32x4.neg(f32x4.mul(u, q)))));
  // NaN compares false, so it counts as near.
  return v128.bitselect(copySign(far, x), near, f32x4.ge(size, f32x4.splat(MIDDLE)));
}

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|); log1p(e) = log(u)·e / (u - 1), u = 1 + e rounded (Kahan). */
export function softplus(x: v128): v128 {
  const e = power(f32x4.neg(f32x4.abs(x)));
  const u = f32x4.add(one(), e);
  const rest = f32x4.sub(u, one());
  const tail = v128.bitselect(e, f32x4.div(f32x4.mul(log(u), e), rest), f32x4.eq(rest, f32x4.splat(0)));
  // pmax gives its first operand if the comparison is false, so NaN stays.
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), tail);
}

/** x·tanh(softplus(x)) = x·(n / (n + 2)), n = e·(e + 2), e = e^x; x itself from 20 on. In this order nothing overflows. */
export function mish(x: v128): v128 {
  const e = power(f32x4.pmin(x, f32x4.splat(20)));
  const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
  return f32x4.mul(x, f32x4.div(n, f32x4.add(n, f32x4.splat(2))));
}
