// Sine and cosine of one number, right to 0.51 units in the last place however large it is.

/** The first 192 binary digits of 2 / π, the last byte first, after four bytes of zeros before the point. */
const TWO_OVER_PI = memory.data<u8>([
  0x41, 0x90, 0x43, 0x3c, 0x99, 0x95, 0x62, 0xdb, 0xc0, 0xdd, 0x34, 0xf5, 0xd1, 0x57, 0x27, 0xfc, 0x29, 0x15, 0x44, 0x4e, 0x6e, 0x83, 0xf9,
  0xa2, 0x00, 0x00, 0x00, 0x00,
]);

/**
 * sin(x + quarter·π/2). x = m·2^s in quarter turns is m·2^s·2/π, of which only the digits around the point matter: those
 * further left are whole turns, those further right are negligible (Payne and Hanek 1983). They are taken from the table as
 * an integer, 62 of them after the point. Then Taylor's polynomial, and cos y = 1 - 2·sin²(y / 2).
 */
export function sine(x: f32, quarter: u32): f32 {
  const bits = reinterpret<u32>(x);
  const exponent = (bits >> 23) & 255;
  if (exponent === 255) return x - x;
  // The sine of a negative number is half a turn further on.
  let turns = quarter === 0 ? (bits >> 31) << 1 : quarter;
  let y = <f64>abs(x);
  if (exponent >= 126) {
    // Whole bytes, starting from the first digit that matters; m is scaled by the digits that this is too far left.
    const first = exponent - 120;
    const at = TWO_OVER_PI + 16 - (first >> 3);
    const m = (<u64>((bits & 0x7fffff) | 0x800000)) << (first & 7);
    const turn = m * load<u64>(at, 4) + ((m * load<u32>(at)) >> 32);
    turns += <u32>((turn + ((<u64>1) << 61)) >> 62);
    // π/2 · 2^-64
    y = <f64>(<i64>(turn << 2)) * 8.515303950216386e-20;
  }
  if (turns & 1) y *= 0.5;
  const z = y * y;
  let s = 1.0 / 362880.0 - z * (1.0 / 39916800.0);
  s = 1.0 / 120.0 - z * (1.0 / 5040.0 - z * s);
  s = y - y * z * (1.0 / 6.0 - z * s);
  if (turns & 1) s = 1 - 2 * s * s;
  return <f32>(turns & 2 ? -s : s);
}
