// Reading the taps of a window: pointers and packing.

import { transpose4 } from '../move/transpose.inline';

/** The address that a tap reads: its pixel, or the zeros outside the picture. */
// @ts-expect-error: decorator
@inline
export function tapPointer(image: usize, y: i32, x: i32, height: i32, width: i32, pixelStride: usize, zeros: usize): usize {
  const inside = i32(<u32>y < <u32>height) & i32(<u32>x < <u32>width);
  return select<usize>(image + (<usize>y * <usize>width + <usize>x) * pixelStride, zeros, inside);
}

/** Whether 0 <= x <= last. */
// @ts-expect-error: decorator
@inline
export function within(x: i32, last: i32): bool {
  return x >= 0 && x <= last;
}

/**
 * Interleaves `count` channels of four pixels: [4][count] to [count][4]. Whole vectors throughout: up to 48 bytes past the
 * result are overwritten, and reads may run 12 bytes past the last channel.
 */
// @ts-expect-error: decorator
@inline
export function packTap(output: usize, p0: usize, p1: usize, p2: usize, p3: usize, count: i32): usize {
  const end = output + ((<usize>count) << 4);
  while (output < end) {
    transpose4(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), output);
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
    output += 64;
  }
  return end;
}
