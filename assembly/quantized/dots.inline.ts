// Dots of packed pixels and weights, in the two kinds of binaries. Relaxed dots take bytes only, so that int16 weights (W) are
// multiplied alike in both.

import { arg } from '../math/simd.inline';
import { QuantizedConvArg } from '../opcodes-quantized';

/** Rows of the depth in a dot. */
export const DOT_ROWS: i32 = PACK_DOTS ? 4 : 2;
/** Bytes of a panel's weights that one dot for each of its columns takes. */
export const DOT_BYTES: usize = PACK_DOTS ? 32 : 16;

// @ts-expect-error: decorator
@inline
export function usesDots<W>(): bool {
  return PACK_DOTS && sizeof<W>() === 1;
}

/** As DOT_BYTES. */
// @ts-expect-error: decorator
@inline
export function dotBytes<W>(): usize {
  return sizeof<W>() === 2 ? 32 : DOT_BYTES;
}

/** The weights of four columns. @param half 0 or 1, of a panel's columns */
// @ts-expect-error: decorator
@inline
export function weightsOf<W>(w: usize, half: usize): v128 {
  return PACK_DOTS || sizeof<W>() === 2 ? v128.load(w + half * 16) : v128.load8x8_s(w + half * 8);
}

/** sum + w · x in each lane: four bytes, or two int16. */
// @ts-expect-error: decorator
@inline
export function dot<W>(w: v128, x: v128, sum: v128): v128 {
  if (usesDots<W>()) return i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, w));
}

/** The zero point of the input, of the unsigned numbers. */
// @ts-expect-error: decorator
@inline
export function inZero(pc: usize): i32 {
  const at = <usize>arg(pc, QuantizedConvArg.InZeroAt);
  return at ? <i32>load<u8>(at) ^ (arg(pc, QuantizedConvArg.InFlip) & 0xff) : arg(pc, QuantizedConvArg.InZero);
}

/** Eight bytes at `a` and at `b`, by turns. */
// @ts-expect-error: decorator
@inline
export function interleaved(a: usize, b: usize): v128 {
  return v128.shuffle<i8>(v128.load64_zero(a), v128.load64_zero(b), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
