// Functions of four lanes that are called and not inlined: inlined, each would bring the exponential function along. NaN stays NaN.

import { exp, expInside } from './exp.inline';
import { copySign, one } from './functions.inline';
import { log as logarithm } from './log.inline';

/** e^x. */
export function power(x: v128): v128 {
  return exp(x);
}

/** The natural logarithm. */
export function log(x: v128): v128 {
  return logarithm(x);
}

/** e^x - 1; near 0 by Taylor's polynomial, where the subtraction would cancel. */
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
  // Of -0 the sum is 0, so that the sign is put on both.
  return copySign(v128.bitselect(near, far, f32x4.lt(size, f32x4.splat(0.65))), x);
}

/** The error function: below 1 an odd polynomial, else 1 - e^-Q(|x|), Q fitted to -log(erfc) (errors under 2e-9); 1 from 4 on. */
export function erf(x: v128): v128 {
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(7.889119297033176e-5);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.0008020841050893068));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.005189535208046436));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.026854444295167923));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.11283600330352783));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.3761262595653534));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.1283791065216064));
  const near = f32x4.mul(x, p);
  const size = f32x4.abs(x);
  const t = f32x4.pmin(size, f32x4.splat(4));
  let q = f32x4.splat(2.1686850232072175e-5);
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-0.00044133636401966214));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.004204561933875084));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-0.025208257138729095));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.10841857641935349));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.6332198977470398));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(1.1295784711837769));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-0.00018804021237883717));
  const far = f32x4.sub(one(), expInside(f32x4.neg(q)));
  // NaN is not at least 1, and near then.
  return v128.bitselect(copySign(far, x), near, f32x4.ge(size, one()));
}

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|); log1p(e) = log(u)·e / (u - 1), u = 1 + e rounded (Kahan). */
export function softplus(x: v128): v128 {
  const e = power(f32x4.neg(f32x4.abs(x)));
  const u = f32x4.add(one(), e);
  const rest = f32x4.sub(u, one());
  const tail = v128.bitselect(e, f32x4.div(f32x4.mul(log(u), e), rest), f32x4.eq(rest, f32x4.splat(0)));
  // pmax gives its first operand where the comparison is false, so NaN stays.
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), tail);
}

/** x·tanh(softplus(x)) = x·(n / (n + 2)), n = e·(e + 2), e = e^x; x itself from 20 on. In this order nothing overflows. */
export function mish(x: v128): v128 {
  const e = power(f32x4.pmin(x, f32x4.splat(20)));
  const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
  return f32x4.mul(x, f32x4.div(n, f32x4.add(n, f32x4.splat(2))));
}
