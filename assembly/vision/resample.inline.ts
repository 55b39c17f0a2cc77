// What both directions of resampling share. All are inlined.
//
// Pillow's sums are of bytes times int32 weights with 22 fraction bits. A weight w is taken apart as high * 65536 + low, two
// int16, so that i32x4.dot_i16x8_s makes two products and their sum at once; low sums and high sums are added up apart.
// Everything wraps around at 2^32, so the result is exact if the true sum fits an int32, which it does. Weights come in
// pairs of taps: [low of tap 0, low of tap 1, high of tap 0, high of tap 1], int16, 8 bytes. Absent taps are 0.

/** One half, for rounding: sums of low parts start with it. */
// @ts-expect-error: decorator
@inline
export function half(): v128 {
  return i32x4.splat(1 << 21);
}

/** The integer parts of four outputs; values below 0 or over 255 are clipped when they are narrowed. */
// @ts-expect-error: decorator
@inline
export function whole(low: v128, high: v128): v128 {
  return i32x4.shr_s(i32x4.add(low, i32x4.shl(high, 16)), 22);
}
