// Zero points: read from memory, and taken off.

import { arg } from '../math/simd.inline';

/** The zero point at the address in an argument, flipped; 0 where there is none. @param flip of its type */
// @ts-expect-error: decorator
@inline
export function zeroAt(pc: usize, index: i32, flip: i32): i32 {
  const at = <usize>arg(pc, index);
  return (at ? <i32>load<u8>(at) : 0) ^ (flip & 0xff);
}

/** Eight bytes less the zero point, as int16; the first eight times if they do not lie side by side. */
// @ts-expect-error: decorator
@inline
export function wide(pointer: usize, stride: usize, flips: v128, zero: v128): v128 {
  const bytes = v128.xor(stride === 1 ? v128.load64_zero(pointer) : v128.load8_splat(pointer), flips);
  return i16x8.sub(i16x8.extend_low_i8x16_u(bytes), zero);
}
