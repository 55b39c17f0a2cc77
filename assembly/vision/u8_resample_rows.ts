// O[y][x][c] = clip((2^21 + sum of I[y][first(x) + t][c] * W[x][t] over t) >> 22) to a byte, c = 0, 1, 2: Pillow's
// horizontal pass.
//
//   input    [rows, pixels, channels], bytes, channels 3 or 4 (the fourth is skipped), rows inStride bytes apart
//   table    for each output: the byte offset of its first pixel in the row, the number of its taps / 4 rounded up; int32
//   weights  for each output, weightStride bytes apart: two pairs of taps (resample.inline.ts) for every four taps
//   output   [rows, outputs, 3], bytes, rows outStride bytes apart
// Four rows at a time share the weights; missing rows repeat the last one. Reads may run 28 bytes past a row; stores never
// do. Output may not alias input.

import { resampleRows } from './rows.inline';

export function u8_resample_rows(
  input: usize,
  inStride: usize,
  channels: i32,
  rows: i32,
  outputs: i32,
  table: usize,
  weights: usize,
  weightStride: usize,
  output: usize,
  outStride: usize,
): void {
  for (let y = 0; y < rows; y += 4) {
    const n = min(4, rows - y);
    if (channels === 4) u8_resample_rows_rgba_4(input, inStride, n, outputs, table, weights, weightStride, output, outStride);
    else u8_resample_rows_rgb_4(input, inStride, n, outputs, table, weights, weightStride, output, outStride);
    input += inStride << 2;
    output += outStride << 2;
  }
}

export function u8_resample_rows_rgb_4(
  input: usize,
  inStride: usize,
  rows: i32,
  outputs: i32,
  table: usize,
  weights: usize,
  weightStride: usize,
  output: usize,
  outStride: usize,
): void {
  resampleRows(3, input, inStride, rows, outputs, table, weights, weightStride, output, outStride);
}

export function u8_resample_rows_rgba_4(
  input: usize,
  inStride: usize,
  rows: i32,
  outputs: i32,
  table: usize,
  weights: usize,
  weightStride: usize,
  output: usize,
  outStride: usize,
): void {
  resampleRows(4, input, inStride, rows, outputs, table, weights, weightStride, output, outStride);
}
