/** The least and the largest x whose e^x is a normal float32. */
// @ts-expect-error: decorator
@inline
export const LOWEST: f32 = -87.33654;
// @ts-expect-error: decorator
@inline
export const HIGHEST: f32 = 88.72283;

/**
 * e^x for four lanes from LOWEST to HIGHEST; undefined for others and for NaN. x = n·ln 2 + r with n a whole number and |r|
 * ≤ ln 2 / 2; e^r by a polynomial of degree 7 (Taylor's, whose remainder on that interval is 5e-9 of the value); 2^n into
 * the exponent bits. ln 2 is subtracted in two parts (Cody and Waite) so that r keeps its low bits.
 * @param gradual from -104 to 89: 2^n is multiplied in two halves, so that results become denormal or infinite as in float32
 */
// @ts-expect-error: decorator
@inline
export function expInside(x: v128, gradual: bool = false): v128 {
  // Adding 1.5 · 2^23 rounds to an integer, which is then in the low bits.
  const magic = f32x4.splat(12582912);
  const rounded = f32x4.add(f32x4.mul(x, f32x4.splat(1.4426950408889634)), magic);
  const n = f32x4.sub(rounded, magic);
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  // Coefficients in pairs (Estrin), because Horner's chain of additions would have the longest latency; r and 1 last, for
  // precision.
  const square = f32x4.mul(r, r);
  const c23 = f32x4.add(f32x4.mul(r, f32x4.splat(1.0 / 6.0)), f32x4.splat(0.5));
  const c45 = f32x4.add(f32x4.mul(r, f32x4.splat(1.0 / 120.0)), f32x4.splat(1.0 / 24.0));
  const c67 = f32x4.add(f32x4.mul(r, f32x4.splat(1.0 / 5040.0)), f32x4.splat(1.0 / 720.0));
  const c27 = f32x4.add(f32x4.mul(f32x4.add(f32x4.mul(c67, square), c45), square), c23);
  const y = f32x4.add(f32x4.add(f32x4.mul(c27, square), r), f32x4.splat(1.0));
  if (gradual) {
    const half = i32x4.shl(i32x4.shr_s(rounded, 1), 23);
    const rest = i32x4.sub(i32x4.shl(rounded, 23), half);
    return f32x4.mul(i32x4.add(y, half), i32x4.add(rest, f32x4.splat(1.0)));
  }
  // n · 2^23 added to the bits. n = 128 only comes with r < 0 and -126 with r ≥ 0, so the exponent stays in its field; a NaN
  // would not.
  return i32x4.add(y, i32x4.shl(rounded, 23));
}

/** e^x for four lanes, with denormal results; NaN stays NaN. */
// @ts-expect-error: decorator
@inline
export function expGradual(x: v128): v128 {
  // These are 0, without an underflow, which is slow on some machines.
  const none = f32x4.lt(x, f32x4.splat(-104));
  const y = expInside(v128.andnot(f32x4.pmin(x, f32x4.splat(89)), none), true);
  return v128.or(v128.andnot(y, none), f32x4.ne(x, x));
}

/** e^x for four lanes in sums that the smallest do not change: 0 below LOWEST, infinity above HIGHEST; NaN stays NaN. */
// @ts-expect-error: decorator
@inline
export function exp(x: v128): v128 {
  const low = f32x4.splat(LOWEST);
  const high = f32x4.splat(HIGHEST);
  let y = expInside(f32x4.pmin(f32x4.pmax(x, low), high));
  y = v128.or(v128.andnot(y, f32x4.lt(x, low)), f32x4.ne(x, x));
  return v128.bitselect(f32x4.splat(f32.MAX_VALUE * 2), y, f32x4.gt(x, high));
}
