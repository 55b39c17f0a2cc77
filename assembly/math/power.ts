// A power of one number, in float64, rounded once.

/**
 * x^y as C's pow has it: 1 to any power is 1, and so is anything to the power of 0; -1 to an infinite one is 1. |x| = m·2^n
 * with m from √½ to √2; log2 m by the series of the inverse hyperbolic tangent of (m - 1) / (m + 1); 2 to the fraction of
 * y·log2 |x| by Pade's approximation of e^r; and its integer part is added to the exponent.
 */
export function power(x: f32, y: f32): f32 {
  if (x === 1 || y === 0) return 1;
  const size = <f64>abs(x);
  // A mantissa below √½ belongs to the next smaller n.
  const root = reinterpret<i64>(NativeMath.SQRT1_2);
  const shifted = reinterpret<i64>(size) - root;
  const m = reinterpret<f64>((shifted & 0xfffffffffffff) + root);
  const f = (m - 1) / (m + 1);
  const z = f * f;
  let p = z * (1.0 / 11.0) + 1.0 / 9.0;
  p = z * (z * p + 1.0 / 7.0) + 1.0 / 5.0;
  p = z * (z * p + 1.0 / 3.0) + 1;
  let t = <f64>(shifted >> 52) + f * p * (2 / NativeMath.LN2);
  // The logarithm of 0 and of infinity is infinite, and NaN stays.
  if (size === 0) t = -Infinity;
  if (!(size < Infinity)) t = size;
  // ±512 is far outside float32's range. 0 times infinity would be NaN, which a power of -1 is not.
  t = size === 1 && abs(y) === Infinity ? 0 : min<f64>(max<f64>(t * y, -512), 512);
  const n = nearest<f64>(t);
  const r = (t - n) * NativeMath.LN2;
  const s = r * r;
  const c = r - s * (1.0 / 6.0 - s * (1.0 / 360.0 - s * (1.0 / 15120.0)));
  let result = 1 + r + (r * c) / (2 - c);
  result *= reinterpret<f64>((<i64>n + 1023) << 52);
  // Negative numbers have only integer powers, negative for odd ones; 0 and infinity have others too.
  if (reinterpret<i32>(x) < 0 && abs(y) < Infinity) {
    const half = <f64>y * 0.5;
    if (nearest<f32>(y) !== y) result = size === 0 || size === Infinity ? result : NaN;
    else if (nearest<f64>(half) !== half) result = -result;
  }
  return <f32>result;
}
