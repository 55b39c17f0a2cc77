// Y[b][c][r] = X[b][r][c]: between channels-first and channels-last, and a matrix's transpose.
//
//   input   [Batch, Rows, Columns], rows InRowStride bytes apart
//   output  [Batch, Columns, Rows], rows OutRowStride bytes apart
// Blocks of 4×4; a block at the edge reads the last row again and stores the lanes that exist. Reads may run 12 bytes past a row.

import { arg, storeLanes } from '../math/simd.inline';
import { TransposeArg } from '../opcodes';
import { mine, share } from '../threads.inline';

export function f32_transpose_4x4(pc: usize): void {
  const batch = arg(pc, TransposeArg.Batch);
  const rows = arg(pc, TransposeArg.Rows);
  const columns = arg(pc, TransposeArg.Columns);
  const inStride = <usize>arg(pc, TransposeArg.InRowStride);
  const outStride = <usize>arg(pc, TransposeArg.OutRowStride);
  let input = <usize>arg(pc, TransposeArg.Input);
  let output = <usize>arg(pc, TransposeArg.Output);
  share(batch * ((rows + 3) >> 2), <f32>columns * 4);
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < rows; r += 4) {
      const row = input + <usize>r * inStride;
      if (mine()) f32_transpose_rows_4x4(row, inStride, min(4, rows - r), columns, output + ((<usize>r) << 2), outStride);
    }
    input += <usize>rows * inStride;
    output += <usize>columns * outStride;
  }
}

/** Transposes `rows` (1 to 4) rows of the input. */
export function f32_transpose_rows_4x4(p0: usize, inStride: usize, rows: i32, columns: i32, output: usize, outStride: usize): void {
  let p1 = select<usize>(p0 + inStride, p0, rows > 1);
  let p2 = select<usize>(p1 + inStride, p1, rows > 2);
  let p3 = select<usize>(p2 + inStride, p2, rows > 3);
  for (let c = 0; c < columns; c += 4) {
    const r0 = v128.load(p0);
    const r1 = v128.load(p1);
    const r2 = v128.load(p2);
    const r3 = v128.load(p3);
    const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    storeLanes(output, v128.shuffle<f64>(t0, t1, 0, 2), rows);
    output += outStride;
    if (c + 1 < columns) storeLanes(output, v128.shuffle<f64>(t0, t1, 1, 3), rows);
    output += outStride;
    const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    if (c + 2 < columns) storeLanes(output, v128.shuffle<f64>(t2, t3, 0, 2), rows);
    output += outStride;
    if (c + 3 < columns) storeLanes(output, v128.shuffle<f64>(t2, t3, 1, 3), rows);
    output += outStride;
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
  }
}
