// O[y][i] = clip((2^21 + sum of I[first(y) + t][i] * W[y][t] over t) >> 22) to a byte: Pillow's vertical pass.
//
//   input    [rows, bytes], `bytes` bytes apart
//   table    for each output row: the byte offset of its first input row, the number of its taps / 2 rounded up; int32
//   weights  for each output row, weightStride bytes apart: pairs of taps (resample.inline.ts)
//   output   [outputs, bytes], `bytes` bytes apart
// 16 bytes at a time. Reads may run one row and 15 bytes past the input's rows. Stores run 15 bytes past a row: into the
// next, which is written afterwards, and past the last. Output may not alias input.

import { half, whole } from './resample.inline';

export function u8_resample_columns(
  input: usize,
  bytes: usize,
  outputs: i32,
  table: usize,
  weights: usize,
  weightStride: usize,
  output: usize,
): void {
  for (let y = 0; y < outputs; y++) {
    u8_resample_columns_16(input + load<u32>(table), bytes, load<u32>(table, 4), weights, output);
    table += 8;
    weights += weightStride;
    output += bytes;
  }
}

/** Computes one output row. */
export function u8_resample_columns_16(input: usize, bytes: usize, pairs: u32, weights: usize, output: usize): void {
  for (const end = input + bytes; input < end; input += 16, output += 16) {
    let low0 = half();
    let low1 = low0;
    let low2 = low0;
    let low3 = low0;
    let high0 = i32x4.splat(0);
    let high1 = high0;
    let high2 = high0;
    let high3 = high0;
    let p = input;
    let w = weights;
    for (let n = pairs; n > 0; n--) {
      const wl = v128.load32_splat(w);
      const wh = v128.load32_splat(w, 4);
      const r0 = v128.load(p);
      const r1 = v128.load(p + bytes);
      const a = v128.shuffle<i8>(r0, r1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const b = v128.shuffle<i8>(r0, r1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      let pair = v128.extend_low<u8>(a);
      low0 = i32x4.add(low0, i32x4.dot_i16x8_s(pair, wl));
      high0 = i32x4.add(high0, i32x4.dot_i16x8_s(pair, wh));
      pair = v128.extend_high<u8>(a);
      low1 = i32x4.add(low1, i32x4.dot_i16x8_s(pair, wl));
      high1 = i32x4.add(high1, i32x4.dot_i16x8_s(pair, wh));
      pair = v128.extend_low<u8>(b);
      low2 = i32x4.add(low2, i32x4.dot_i16x8_s(pair, wl));
      high2 = i32x4.add(high2, i32x4.dot_i16x8_s(pair, wh));
      pair = v128.extend_high<u8>(b);
      low3 = i32x4.add(low3, i32x4.dot_i16x8_s(pair, wl));
      high3 = i32x4.add(high3, i32x4.dot_i16x8_s(pair, wh));
      p += bytes << 1;
      w += 8;
    }
    const result = i8x16.narrow_i16x8_u(
      i16x8.narrow_i32x4_s(whole(low0, high0), whole(low1, high1)),
      i16x8.narrow_i32x4_s(whole(low2, high2), whole(low3, high3)),
    );
    v128.store(output, result);
  }
}
