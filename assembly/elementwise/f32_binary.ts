// Y = clamp(f(A, B), Min, Max) with broadcasting, f by its Kind (BinaryKind in opcodes.ts).
//
//   output, a, b  RANK dimensions Dims, each with strides in bytes; a stride of 0 repeats an element. The output may be
//                 a or b where their strides are the same.
// The compiler merges dimensions, so that the last one is as long as it can be. It runs in vectors where its strides are 0
// or 4 bytes, else element by element. Reads may run 12 bytes past a row.

import { arg } from '../math/simd.inline';
import { BinaryArg, BinaryKind, RANK } from '../opcodes';
import { loop } from './binary.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_binary(pc: usize): void {
  dimension(pc, 0, <usize>arg(pc, BinaryArg.Output), <usize>arg(pc, BinaryArg.A), <usize>arg(pc, BinaryArg.B));
}

function dimension(pc: usize, index: i32, output: usize, a: usize, b: usize): void {
  const word = pc + ((<usize>index) << 2);
  const size = arg(word, BinaryArg.Dims);
  const outputStride = <usize>arg(word, BinaryArg.OutputStrides);
  const aStride = <usize>arg(word, BinaryArg.AStrides);
  const bStride = <usize>arg(word, BinaryArg.BStrides);
  const inner = index === RANK - 1;
  const step = inner ? BLOCK : 1;
  for (let i = 0; i < size; i += step) {
    if (inner) {
      f32_binary_row(pc, min(BLOCK, size - i), output, a, b, outputStride, aStride, bStride);
    } else {
      dimension(pc, index + 1, output, a, b);
    }
    output += outputStride * <usize>step;
    a += aStride * <usize>step;
    b += bStride * <usize>step;
  }
}

/** `count` elements of the last dimension. Each kind has loops of its own. */
export function f32_binary_row(
  pc: usize,
  count: i32,
  output: usize,
  a: usize,
  b: usize,
  outputStride: usize,
  aStride: usize,
  bStride: usize,
): void {
  switch (arg(pc, BinaryArg.Kind)) {
    case BinaryKind.Add:
      loop(BinaryKind.Add, pc, count, output, a, b, outputStride, aStride, bStride);
      break;
    case BinaryKind.Sub:
      loop(BinaryKind.Sub, pc, count, output, a, b, outputStride, aStride, bStride);
      break;
    case BinaryKind.Mul:
      loop(BinaryKind.Mul, pc, count, output, a, b, outputStride, aStride, bStride);
      break;
    case BinaryKind.Div:
      loop(BinaryKind.Div, pc, count, output, a, b, outputStride, aStride, bStride);
      break;
    case BinaryKind.Min:
      loop(BinaryKind.Min, pc, count, output, a, b, outputStride, aStride, bStride);
      break;
    case BinaryKind.Max:
      loop(BinaryKind.Max, pc, count, output, a, b, outputStride, aStride, bStride);
      break;
    case BinaryKind.PRelu:
      loop(BinaryKind.PRelu, pc, count, output, a, b, outputStride, aStride, bStride);
      break;
    case BinaryKind.Pow:
      loop(BinaryKind.Pow, pc, count, output, a, b, outputStride, aStride, bStride);
      break;
    case BinaryKind.Mod:
      loop(BinaryKind.Mod, pc, count, output, a, b, outputStride, aStride, bStride);
      break;
  }
}
