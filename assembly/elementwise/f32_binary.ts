// Y = clamp(f(A, B), Min, Max) with broadcasting, f by its Kind (BinaryKind in opcodes.ts).
//
//   output, a, b  RANK dimensions Dims, each with strides in bytes; a stride of 0 repeats an element. The output may be
//                 a or b if their strides are the same.
// The compiler merges dimensions, so that the last one is as long as it can be. Its rows run in vectors if its strides are 0
// or 4 bytes, else element by element. Reads may run 12 bytes past a row.

import { arg, argSplat, clamp, storeLanes } from '../math/simd.inline';
import { BinaryArg, BinaryKind, RANK } from '../opcodes';
import { QuantizedOp } from '../opcodes-quantized';
import { u8_binary_rows } from '../quantized/u8_binary';
import { mine, product, share } from '../threads.inline';
import { apply, loop } from './binary.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_binary(pc: usize): void {
  if (ASC_FEATURE_THREADS) {
    const rows = arg(pc, BinaryArg.Dims + RANK - 2);
    const columns = arg(pc, BinaryArg.Dims + RANK - 1);
    const step = rowsAtOnce(columns);
    const parts = product(pc + (BinaryArg.Dims << 2), RANK - 2) * ((rows + step - 1) / step) * ((columns + BLOCK - 1) / BLOCK);
    share(parts, <f32>min(rows, step) * <f32>min(BLOCK, columns));
  }
  dimension(pc, 0, <usize>arg(pc, BinaryArg.Output), <usize>arg(pc, BinaryArg.A), <usize>arg(pc, BinaryArg.B));
}

/** Rows of the last dimension but one in a call. */
function rowsAtOnce(columns: i32): i32 {
  return max(1, BLOCK / max(1, columns));
}

function dimension(pc: usize, index: i32, output: usize, a: usize, b: usize): void {
  const word = pc + ((<usize>index) << 2);
  const size = arg(word, BinaryArg.Dims);
  const inner = index === RANK - 2;
  const columns = arg(pc, BinaryArg.Dims + RANK - 1);
  // Whole rows, or parts of one.
  const step = inner ? rowsAtOnce(columns) : 1;
  for (let i = 0; i < size; i += step) {
    if (inner) {
      for (let c = 0; c < columns; c += BLOCK) {
        if (!mine()) continue;
        const at = <usize>c;
        f32_binary_rows(
          pc,
          min(step, size - i),
          min(BLOCK, columns - c),
          output + at * <usize>arg(pc, BinaryArg.OutputStrides + RANK - 1),
          a + at * <usize>arg(pc, BinaryArg.AStrides + RANK - 1),
          b + at * <usize>arg(pc, BinaryArg.BStrides + RANK - 1),
        );
      }
    } else {
      dimension(pc, index + 1, output, a, b);
    }
    output += <usize>arg(word, BinaryArg.OutputStrides) * <usize>step;
    a += <usize>arg(word, BinaryArg.AStrides) * <usize>step;
    b += <usize>arg(word, BinaryArg.BStrides) * <usize>step;
  }
}

/** Computes `count` elements of the last dimension in each of `rows` rows of the one before. Each kind has loops of its own. */
export function f32_binary_rows(pc: usize, rows: i32, count: i32, output: usize, a: usize, b: usize): void {
  if (PACK_QUANTIZED && load<i32>(pc) === QuantizedOp.Binary) {
    u8_binary_rows(pc, rows, count, output, a, b);
    return;
  }
  const strides = (arg(pc, BinaryArg.AStrides + RANK - 1) | arg(pc, BinaryArg.BStrides + RANK - 1)) & ~4;
  if (arg(pc, BinaryArg.OutputStrides + RANK - 1) !== 4 || strides) {
    scattered(pc, rows, count, output, a, b);
    return;
  }
  switch (arg(pc, BinaryArg.Kind)) {
    case BinaryKind.Add:
      loop(BinaryKind.Add, pc, rows, count, output, a, b);
      break;
    case BinaryKind.Sub:
      loop(BinaryKind.Sub, pc, rows, count, output, a, b);
      break;
    case BinaryKind.Mul:
      loop(BinaryKind.Mul, pc, rows, count, output, a, b);
      break;
    case BinaryKind.Div:
      loop(BinaryKind.Div, pc, rows, count, output, a, b);
      break;
    case BinaryKind.Min:
      loop(BinaryKind.Min, pc, rows, count, output, a, b);
      break;
    case BinaryKind.Max:
      loop(BinaryKind.Max, pc, rows, count, output, a, b);
      break;
    case BinaryKind.PRelu:
      loop(BinaryKind.PRelu, pc, rows, count, output, a, b);
      break;
    case BinaryKind.Pow:
      if (PACK_MORE) loop(BinaryKind.Pow, pc, rows, count, output, a, b);
      break;
    case BinaryKind.Mod:
      if (PACK_MORE) loop(BinaryKind.Mod, pc, rows, count, output, a, b);
      break;
  }
}

/** Rows of elements with any strides, one by one: one loop for all kinds. */
function scattered(pc: usize, rows: i32, count: i32, output: usize, a: usize, b: usize): void {
  const kind: BinaryKind = arg(pc, BinaryArg.Kind);
  const low = argSplat(pc, BinaryArg.Min);
  const high = argSplat(pc, BinaryArg.Max);
  const outputStride = <usize>arg(pc, BinaryArg.OutputStrides + RANK - 1);
  const aStride = <usize>arg(pc, BinaryArg.AStrides + RANK - 1);
  const bStride = <usize>arg(pc, BinaryArg.BStrides + RANK - 1);
  for (let r = 0; r < rows; r++) {
    let to = output;
    let x = a;
    let y = b;
    for (let i = 0; i < count; i++) {
      storeLanes(to, clamp(apply(kind, v128.load32_splat(x), v128.load32_splat(y)), low, high), 1);
      to += outputStride;
      x += aStride;
      y += bStride;
    }
    output += <usize>arg(pc, BinaryArg.OutputStrides + RANK - 2);
    a += <usize>arg(pc, BinaryArg.AStrides + RANK - 2);
    b += <usize>arg(pc, BinaryArg.BStrides + RANK - 2);
  }
}
