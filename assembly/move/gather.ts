// Y[o][j] = X[o][Indices[j]]: rows chosen by a list that is known when the plan is made, and checked there.
//
//   input, output  [Outer, rows] of RowBytes bytes; strides in bytes
//   indices        Count int32, each from 0 to the input's rows - 1
// Never reads or writes past a row. The output may not be the input.

import { arg } from '../math/simd.inline';
import { GatherArg } from '../opcodes';
import { mine, share } from '../threads.inline';
import { copy_row } from './copy';

export function gather(pc: usize): void {
  const outer = arg(pc, GatherArg.Outer);
  const count = arg(pc, GatherArg.Count);
  const bytes = arg(pc, GatherArg.RowBytes);
  let input = <usize>arg(pc, GatherArg.Input);
  let output = <usize>arg(pc, GatherArg.Output);
  share(outer * count, <f32>bytes * 0.25);
  for (let o = 0; o < outer; o++) {
    let index = <usize>arg(pc, GatherArg.Indices);
    let row = output;
    for (let j = 0; j < count; j++) {
      const from = input + <usize>load<i32>(index) * <usize>arg(pc, GatherArg.InRowStride);
      if (!mine()) {
        // Another thread computes it.
      } else if ((bytes & 3) === 0) copy_row(4, bytes >> 2, from, row, 4, 4);
      else copy_row(1, bytes, from, row, 1, 1);
      index += 4;
      row += <usize>arg(pc, GatherArg.OutRowStride);
    }
    input += <usize>arg(pc, GatherArg.InOuterStride);
    output += <usize>arg(pc, GatherArg.OutOuterStride);
  }
}
