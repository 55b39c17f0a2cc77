// C[n] = clamp(bias[n] + sum over k of A[k] * B[k][n] + residual[n], min, max): one row, a dense layer at batch 1, or groups
// of them, one after the other in the memory of each pointer.
//
// Two panels of 8 columns (n) at a time over the whole depth (k); A is not packed. B is read only once, so memory is the
// limit, and four accumulators keep up with it.
//   a         depth floats
//   sumDepth  products of a partial sum, as gemm/f32_gemm_4x8 sums
//   panels    [8 biases] then [depth][8] floats; the second may be the first
//   c         `columns` (1 to 16) floats
//   residual  0, or floats like c's; may be c
//   limits    min and max
// Reads of the residual may run 28 bytes past the last column.

import { arg, clamp, madd } from '../math/simd.inline';
import { GemvArg, NR } from '../opcodes';
import { mine, share } from '../threads.inline';
import { storeColumns } from './f32_gemm_4x8';

export function f32_gemv_1x16(pc: usize): void {
  const groups = arg(pc, GemvArg.Groups);
  const channels = arg(pc, GemvArg.Channels);
  const outChannels = arg(pc, GemvArg.OutChannels);
  const sumDepth = arg(pc, GemvArg.SumDepth);
  const panels = (outChannels + NR - 1) / NR;
  const panelBytes = <usize>(channels + 1) * (NR << 2);
  let input = <usize>arg(pc, GemvArg.Input);
  let output = <usize>arg(pc, GemvArg.Output);
  let residual = <usize>arg(pc, GemvArg.Residual);
  let weights = <usize>arg(pc, GemvArg.Weights);
  share(groups * ((panels + 1) / 2), <f32>channels * <f32>(NR / 2));
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < outChannels; n += 2 * NR) {
      if (!mine()) continue;
      const panel = weights + <usize>(n / NR) * panelBytes;
      const at = (<usize>n) << 2;
      f32_gemv_columns_1x16(
        min(2 * NR, outChannels - n),
        channels,
        sumDepth,
        input,
        panel,
        n + NR < outChannels ? panel + panelBytes : panel,
        output + at,
        residual ? residual + at : 0,
        pc + (GemvArg.Min << 2),
      );
    }
    weights += <usize>panels * panelBytes;
    input += (<usize>channels) << 2;
    output += (<usize>outChannels) << 2;
    if (residual) residual += (<usize>outChannels) << 2;
  }
}

/** Computes up to 16 columns. */
export function f32_gemv_columns_1x16(
  columns: i32,
  depth: i32,
  sumDepth: i32,
  a: usize,
  panel0: usize,
  panel1: usize,
  c: usize,
  residual: usize,
  limits: usize,
): void {
  // As in f32_gemm_4x8, the first sum starts from the bias, and the others, which start from 0, are added to it.
  let p00 = v128.load(panel0);
  let p01 = v128.load(panel0, 16);
  let p10 = v128.load(panel1);
  let p11 = v128.load(panel1, 16);
  let x00 = p00,
    x01 = p01,
    x10 = p10,
    x11 = p11;
  const end = a + ((<usize>depth) << 2);
  const partBytes = (<usize>min(max(1, sumDepth), max(1, depth))) << 2;
  let more = false;
  while (a < end) {
    const partEnd = min(a + partBytes, end);
    while (a < partEnd) {
      const s = v128.load32_splat(a);
      p00 = madd(s, v128.load(panel0, 32), p00);
      p01 = madd(s, v128.load(panel0, 48), p01);
      p10 = madd(s, v128.load(panel1, 32), p10);
      p11 = madd(s, v128.load(panel1, 48), p11);
      a += 4;
      panel0 += 32;
      panel1 += 32;
    }
    x00 = more ? f32x4.add(p00, x00) : p00;
    x01 = more ? f32x4.add(p01, x01) : p01;
    x10 = more ? f32x4.add(p10, x10) : p10;
    x11 = more ? f32x4.add(p11, x11) : p11;
    p00 = p01 = p10 = p11 = f32x4.splat(0);
    more = true;
  }
  if (residual) {
    x00 = f32x4.add(x00, v128.load(residual));
    x01 = f32x4.add(x01, v128.load(residual, 16));
    if (columns > 8) {
      x10 = f32x4.add(x10, v128.load(residual, 32));
      x11 = f32x4.add(x11, v128.load(residual, 48));
    }
  }
  const low = v128.load32_splat(limits);
  const high = v128.load32_splat(limits, 4);
  storeColumns(c, clamp(x00, low, high), clamp(x01, low, high), columns);
  if (columns > 8) storeColumns(c + 32, clamp(x10, low, high), clamp(x11, low, high), columns - 8);
}
