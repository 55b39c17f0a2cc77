// Reading the taps of a window: pointers and packing.

/** Where a tap reads: its pixel, or the zeros outside the picture. */
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
    const r0 = v128.load(p0);
    const r1 = v128.load(p1);
    const r2 = v128.load(p2);
    const r3 = v128.load(p3);
    const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(output, v128.shuffle<f64>(t0, t1, 0, 2));
    v128.store(output, v128.shuffle<f64>(t0, t1, 1, 3), 16);
    v128.store(output, v128.shuffle<f64>(t2, t3, 0, 2), 32);
    v128.store(output, v128.shuffle<f64>(t2, t3, 1, 3), 48);
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
    output += 64;
  }
  return end;
}
