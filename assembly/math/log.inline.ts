/**
 * Natural logarithm of four lanes. x = 2^n * m with m from sqrt(1/2) to sqrt(2); log m = f - f²/2 + f³·P(f), f = m - 1, P a
 * polynomial of degree 8 fitted by weighted least squares (its error is under 1e-9); n·ln 2 is added in two parts (Cody and
 * Waite). Denormals are scaled up first. It is -infinity for 0 and NaN for negative numbers; infinity and NaN stay.
 */
// @ts-expect-error: decorator
@inline
export function log(x: v128): v128 {
  const small = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, small);
  // The bits of sqrt(1/2), so that the mantissa is in [sqrt(1/2), sqrt(2)).
  const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  let n = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  n = f32x4.sub(n, v128.and(small, f32x4.splat(23)));
  const m = i32x4.add(v128.and(shifted, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(m, f32x4.splat(1));
  let p = f32x4.splat(0.06915165483951569);
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.11789704859256744));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.11873012781143188));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.12384368479251862));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.14218655228614807));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.16669249534606934));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.20002226531505585));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.24999986588954926));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.3333331048488617));
  const square = f32x4.mul(f, f);
  let y = f32x4.mul(f32x4.mul(square, f), p);
  y = f32x4.add(y, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  y = f32x4.sub(y, f32x4.mul(square, f32x4.splat(0.5)));
  y = f32x4.add(f32x4.add(y, f), f32x4.mul(n, f32x4.splat(0.693359375)));
  const infinity = f32x4.splat(f32.MAX_VALUE * 2);
  y = v128.bitselect(x, y, v128.or(f32x4.eq(x, infinity), f32x4.ne(x, x)));
  y = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(f32x4.splat(f32.NaN), y, f32x4.lt(x, f32x4.splat(0)));
}
