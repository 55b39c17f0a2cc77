// Y = clamp(A + BScale * B, Min, Max) with broadcasting.
//
//   output, a, b  ADD_RANK dimensions Dims, each with strides in bytes; a stride of 0 repeats an element. The output may be
//                 a or b where their strides are the same.
// The compiler merges dimensions, so that the last one is as long as it can be. It runs in vectors where its strides are 0
// or 4 bytes, else element by element. Reads may run 12 bytes past a row.

import { arg, argSplat, clamp, storeLanes } from '../math/simd.inline';
import { ADD_RANK, AddArg } from '../opcodes';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_add(pc: usize): void {
  addDimension(pc, 0, <usize>arg(pc, AddArg.Output), <usize>arg(pc, AddArg.A), <usize>arg(pc, AddArg.B));
}

function addDimension(pc: usize, dimension: i32, output: usize, a: usize, b: usize): void {
  const word = pc + ((<usize>dimension) << 2);
  const size = arg(word, AddArg.Dims);
  const outputStride = <usize>arg(word, AddArg.OutputStrides);
  const aStride = <usize>arg(word, AddArg.AStrides);
  const bStride = <usize>arg(word, AddArg.BStrides);
  const inner = dimension === ADD_RANK - 1;
  const step = inner ? BLOCK : 1;
  for (let i = 0; i < size; i += step) {
    if (inner) {
      f32_add_row(pc, min(BLOCK, size - i), output, a, b, outputStride, aStride, bStride);
    } else {
      addDimension(pc, dimension + 1, output, a, b);
    }
    output += outputStride * <usize>step;
    a += aStride * <usize>step;
    b += bStride * <usize>step;
  }
}

/** `count` elements of the last dimension. */
export function f32_add_row(
  pc: usize,
  count: i32,
  output: usize,
  a: usize,
  b: usize,
  outputStride: usize,
  aStride: usize,
  bStride: usize,
): void {
  const scale = argSplat(pc, AddArg.BScale);
  const low = argSplat(pc, AddArg.Min);
  const high = argSplat(pc, AddArg.Max);
  if (outputStride === 4 && (aStride & ~4) === 0 && (bStride & ~4) === 0) {
    for (let i = 0; i < count; i += 4) {
      const x = aStride ? v128.load(a) : v128.load32_splat(a);
      const y = bStride ? v128.load(b) : v128.load32_splat(b);
      storeLanes(output, clamp(f32x4.add(x, f32x4.mul(scale, y)), low, high), count - i);
      output += 16;
      a += aStride << 2;
      b += bStride << 2;
    }
  } else {
    for (let i = 0; i < count; i++) {
      const sum = f32x4.add(v128.load32_splat(a), f32x4.mul(scale, v128.load32_splat(b)));
      storeLanes(output, clamp(sum, low, high), 1);
      output += outputStride;
      a += aStride;
      b += bStride;
    }
  }
}
