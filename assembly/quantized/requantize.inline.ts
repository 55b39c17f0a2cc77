// From sums to what is stored, bit for bit as onnxruntime's QLinearConv does it: round(float32(sum) * scale) to even, the zero
// point added, clamped.

/** 1.5 * 2^23: added to a number below 2^22 it rounds. */
const MAGIC: f32 = 12582912;
const MAGIC_BITS: i32 = 0x4b400000;

/**
 * Four numbers as integers, half to even, plus `zero`; `low` and `high` are their limits before it is added, below 2^22. NaN
 * becomes the lowest: pmax gives its first operand if the comparison is false.
 */
// @ts-expect-error: decorator
@inline
export function rounded(x: v128, low: v128, high: v128, zero: i32): v128 {
  return i32x4.sub(f32x4.add(f32x4.pmin(f32x4.pmax(low, x), high), f32x4.splat(MAGIC)), i32x4.splat(MAGIC_BITS - zero));
}

/** Four sums times their scales. */
// @ts-expect-error: decorator
@inline
export function scaled(sum: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(sum), scale);
}

/** Eight integers as bytes in the low half, flipped. */
// @ts-expect-error: decorator
@inline
export function bytesOf(a: v128, b: v128, flip: i32): v128 {
  const words = i16x8.narrow_i32x4_s(a, b);
  return v128.xor(i8x16.narrow_i16x8_u(words, words), i32x4.splat(flip));
}

/** Stores the first `count` bytes, 1 to 8. */
// @ts-expect-error: decorator
@inline
export function storeBytes(pointer: usize, x: v128, count: i32): void {
  if (count >= 8) {
    v128.store64_lane(pointer, x, 0);
    return;
  }
  let bytes = i64x2.extract_lane(x, 0);
  for (let i = 0; i < count; i++) {
    store<u8>(pointer + <usize>i, <u8>bytes);
    bytes >>= 8;
  }
}

/** Stores the first `count` of eight words, or all. */
// @ts-expect-error: decorator
@inline
export function storeWords(pointer: usize, a: v128, b: v128, count: i32): void {
  if (count >= 8) {
    v128.store(pointer, a);
    v128.store(pointer, b, 16);
    return;
  }
  for (let i = 0; i < count; i++) {
    store<i32>(pointer + ((<usize>i) << 2), i32x4.extract_lane(a, 0));
    a = v128.shuffle<i32>(a, b, 1, 2, 3, 4);
    b = v128.shuffle<i32>(b, b, 1, 2, 3, 3);
  }
}
