/**
 * e^x for four lanes. x = n·ln 2 + r with n a whole number and |r| ≤ ln 2 / 2; e^r by a polynomial of degree 7 (Taylor's, whose
 * remainder on that interval is 5e-9 of the value); 2^n into the exponent bits. ln 2
 * is subtracted in two parts (Cody and Waite) so that r keeps its low bits.
 * Below -87.33 the result is 0 (float32 would be denormal), above 88.72 infinity; NaN stays NaN.
 */
// @ts-expect-error: decorator
@inline
export function exp(x: v128): v128 {
  const low = f32x4.splat(-87.33654);
  const high = f32x4.splat(88.72283);
  const inside = f32x4.pmin(f32x4.pmax(x, low), high);
  const n = f32x4.nearest(f32x4.mul(inside, f32x4.splat(1.4426950408889634)));
  let r = f32x4.sub(inside, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let y = f32x4.splat(1.0 / 5040.0);
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0 / 720.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0 / 120.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0 / 24.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0 / 6.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(0.5));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0));
  // n goes from -126 to 128, more than one exponent field holds: 2^n = 2^(n >> 1) * 2^(n - (n >> 1)).
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  y = f32x4.mul(y, i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23));
  y = f32x4.mul(y, i32x4.shl(i32x4.add(i32x4.sub(whole, half), i32x4.splat(127)), 23));
  y = v128.andnot(y, f32x4.lt(x, low));
  return v128.bitselect(f32x4.splat(f32.MAX_VALUE * 2), y, f32x4.gt(x, high));
}
