// Y[o][i][c] = sum over t of Weights[i][t] * X[o][Indices[i][t]][c]: one axis of a picture made longer or shorter (linear, cubic,
// antialiased). The compiler computes the taps of every output row; a picture is resized axis by axis.
//
//   input, output     [Outer, rows, Inner]; Inner floats without gaps, other strides in bytes
//   indices, weights  [OutLength, Taps] int32 and float32, indices from 0 to the input's rows - 1
// Four elements at a time. Sums run in the order of the taps; a row ends where its first tap's index is repeated. Reads may
// run 12 bytes past Inner. The output may not be the input.

import { arg, storeLanes } from '../math/simd.inline';
import { ResampleArg } from '../opcodes';
import { mine, share } from '../threads.inline';

export function f32_resample(pc: usize): void {
  const outer = arg(pc, ResampleArg.Outer);
  const length = arg(pc, ResampleArg.OutLength);
  const taps = (<usize>arg(pc, ResampleArg.Taps)) << 2;
  let input = <usize>arg(pc, ResampleArg.Input);
  let output = <usize>arg(pc, ResampleArg.Output);
  share(outer * length, <f32>arg(pc, ResampleArg.Inner) * <f32>arg(pc, ResampleArg.Taps));
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < length; i++) {
      const row = output + <usize>i * <usize>arg(pc, ResampleArg.OutRowStride);
      if (mine()) f32_resample_row(pc, input, row, <usize>i * taps);
    }
    input += <usize>arg(pc, ResampleArg.InOuterStride);
    output += <usize>arg(pc, ResampleArg.OutOuterStride);
  }
}

/** Computes one row of Inner elements, whose taps are `offset` bytes into the tables. */
export function f32_resample_row(pc: usize, input: usize, output: usize, offset: usize): void {
  const inner = arg(pc, ResampleArg.Inner);
  let taps = arg(pc, ResampleArg.Taps);
  const rowStride = <usize>arg(pc, ResampleArg.InRowStride);
  const indices = <usize>arg(pc, ResampleArg.Indices) + offset;
  const weights = <usize>arg(pc, ResampleArg.Weights) + offset;
  // Rows of fewer taps are padded with the first index and weight 0, which times infinity would be NaN.
  while (taps > 1 && load<i32>(indices + ((<usize>(taps - 1)) << 2)) === load<i32>(indices)) taps--;
  if (taps === 2) {
    // Linear: the same sums, but the tables are read once.
    const first = input + <usize>load<i32>(indices) * rowStride;
    const second = input + <usize>load<i32>(indices, 4) * rowStride;
    const a = v128.load32_splat(weights);
    const b = v128.load32_splat(weights, 4);
    for (let c = 0; c < inner; c += 4) {
      const at = (<usize>c) << 2;
      const sum = f32x4.add(f32x4.mul(a, v128.load(first + at)), f32x4.mul(b, v128.load(second + at)));
      storeLanes(output + at, sum, inner - c);
    }
    return;
  }
  for (let c = 0; c < inner; c += 4) {
    const at = input + ((<usize>c) << 2);
    let sum = f32x4.mul(v128.load32_splat(weights), v128.load(at + <usize>load<i32>(indices) * rowStride));
    for (let t = 1; t < taps; t++) {
      const tap = (<usize>t) << 2;
      const x = v128.load(at + <usize>load<i32>(indices + tap) * rowStride);
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weights + tap), x));
    }
    storeLanes(output + ((<usize>c) << 2), sum, inner - c);
  }
}
