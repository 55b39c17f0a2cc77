// int8 or int16 weights (W) into panels of NR = 8 columns.
//
//   source  element (group, column, i0, i1, i2) at group * GroupStride + column * ColumnStride + i0 * Stride0 + ...
//   bias    0, or int32 for each column of all groups
//   output  [group][ceil(Columns / 8)] panels: eight biases and eight sums of weights (PANEL_HEAD), then for each i0 the weights
//           (i1, i2), padded with zeros to a multiple of four, four by four of the depth: in files and in binaries without
//           relaxed dots two pairs of the depth, [2][8][2], else [8][4]; int16 always in pairs
// Columns past the end are zeros.

import { arg } from '../math/simd.inline';
import { NR } from '../opcodes';
import { ArrangePanelsArg, DEPTH_STEP, PANEL_HEAD, QuantizedPackArg } from '../opcodes-quantized';

export function i8_pack_panels<W>(pc: usize): void {
  const groups = arg(pc, QuantizedPackArg.Groups);
  const columns = arg(pc, QuantizedPackArg.Columns);
  const row = (arg(pc, QuantizedPackArg.Depth1) * arg(pc, QuantizedPackArg.Depth2) + DEPTH_STEP - 1) & -DEPTH_STEP;
  const depth = arg(pc, QuantizedPackArg.Depth0) * row;
  const columnStride = <usize>arg(pc, QuantizedPackArg.ColumnStride) * sizeof<W>();
  const bytes = <usize>PANEL_HEAD + <usize>(depth * NR) * sizeof<W>();
  let source = <usize>arg(pc, QuantizedPackArg.Source);
  let bias = <usize>arg(pc, QuantizedPackArg.Bias);
  let output = <usize>arg(pc, QuantizedPackArg.Output);
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < columns; n += NR) {
      memory.fill(output, 0, bytes);
      for (let j = 0; j < min(NR, columns - n); j++) {
        const at = output + ((<usize>j) << 2);
        if (bias) {
          store<i32>(at, load<i32>(bias));
          bias += 4;
        }
        const to = output + PANEL_HEAD + <usize>(j << 1) * sizeof<W>();
        store<i32>(at, packColumn<W>(pc, source + <usize>(n + j) * columnStride, row, to), NR << 2);
      }
      if (PACK_DOTS && sizeof<W>() === 1) arrange(output + PANEL_HEAD, depth);
      output += bytes;
    }
    source += <usize>arg(pc, QuantizedPackArg.GroupStride) * sizeof<W>();
  }
}

/** @returns the sum of the column's weights */
function packColumn<W>(pc: usize, source: usize, row: i32, output: usize): i32 {
  const depth0 = arg(pc, QuantizedPackArg.Depth0);
  const depth1 = arg(pc, QuantizedPackArg.Depth1);
  const depth2 = arg(pc, QuantizedPackArg.Depth2);
  const stride1 = <usize>arg(pc, QuantizedPackArg.Stride1) * sizeof<W>();
  const stride2 = <usize>arg(pc, QuantizedPackArg.Stride2) * sizeof<W>();
  let sum = 0;
  for (let i0 = 0; i0 < depth0; i0++) {
    let k = i0 * row;
    for (let i1 = 0; i1 < depth1; i1++) {
      let p = source + <usize>i1 * stride1;
      for (let i2 = 0; i2 < depth2; i2++) {
        const weight = load<W>(p);
        store<W>(output + <usize>((k >> 1) * (NR << 1) + (k & 1)) * sizeof<W>(), weight);
        sum += <i32>weight;
        p += stride2;
        k++;
      }
    }
    source += <usize>arg(pc, QuantizedPackArg.Stride0) * sizeof<W>();
  }
  return sum;
}

/** Panels from a file into the binary's order. */
export function i8_arrange_panels(pc: usize): void {
  if (!PACK_DOTS) return;
  const depth = arg(pc, ArrangePanelsArg.Depth);
  let panel = <usize>arg(pc, ArrangePanelsArg.Panels);
  for (let i = 0; i < arg(pc, ArrangePanelsArg.Count); i++) {
    arrange(panel + PANEL_HEAD, depth);
    panel += <usize>(PANEL_HEAD + depth * NR);
  }
}

/** From [2][8][2] to [8][4], 32 bytes at a time. */
function arrange(weights: usize, depth: i32): void {
  const end = weights + <usize>(depth * NR);
  for (; weights < end; weights += DEPTH_STEP * NR) {
    const first = v128.load(weights);
    const second = v128.load(weights, 16);
    v128.store(weights, v128.shuffle<i16>(first, second, 0, 8, 1, 9, 2, 10, 3, 11));
    v128.store(weights, v128.shuffle<i16>(first, second, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  }
}
