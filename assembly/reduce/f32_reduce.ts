// Y[o] = Scale * (combination over r of f(X[o][r])): sums (also of absolute values and of squares), products, greatest and
// least elements.
//
//   input   RANK loops OutDims with InStrides for the remaining dimensions, RANK loops ReducedDims with ReducedStrides for
//           the reduced ones
//   output  RANK loops OutDims with OutStrides
// Strides in bytes. Four outputs at a time if they are contiguous; else four elements of one output if those are, combined
// in the order (0 + 2) + (1 + 3); else one by one. The last reduced loop is halved until BLOCK elements are left, and every
// loop around it has a partial result of its own, so that the error of a large sum hardly grows with its length. The order
// is fixed by the shape. Reads may run 12 bytes past a row. The output may not be the input.

import { arg, argSplat, storeLanes } from '../math/simd.inline';
import { RANK, ReduceArg, ReduceKind } from '../opcodes';
import { mine, product, share } from '../threads.inline';
import { combine, identity, row } from './reduce.inline';

const BLOCK: i32 = 256;

export function f32_reduce(pc: usize): void {
  // Skips leading loops of size 1, which most are, because they would cost more than a short row.
  let first = 0;
  while (first < RANK - 1 && arg(pc, ReduceArg.ReducedDims + first) === 1) first++;
  if (ASC_FEATURE_THREADS) {
    const step = lanes(pc);
    const parts = product(pc + (ReduceArg.OutDims << 2), RANK - 1) * ((arg(pc, ReduceArg.OutDims + RANK - 1) + step - 1) / step);
    share(parts, <f32>product(pc + (ReduceArg.ReducedDims << 2), RANK) * <f32>step);
  }
  outputs(pc, 0, first, <usize>arg(pc, ReduceArg.Input), <usize>arg(pc, ReduceArg.Output));
}

/** Runs loop `index` and those inside it. Each output is reduced by the loops from `first` on. */
function outputs(pc: usize, index: i32, first: i32, input: usize, output: usize): void {
  const word = pc + ((<usize>index) << 2);
  const size = arg(word, ReduceArg.OutDims);
  const inStride = <usize>arg(word, ReduceArg.InStrides);
  const outStride = <usize>arg(word, ReduceArg.OutStrides);
  if (index < RANK - 1) {
    for (let i = 0; i < size; i++) {
      outputs(pc, index + 1, first, input, output);
      input += inStride;
      output += outStride;
    }
    return;
  }
  const kind: i32 = PACK_MORE ? arg(pc, ReduceArg.Kind) : ReduceKind.Sum;
  const scale = argSplat(pc, ReduceArg.Scale);
  const step = lanes(pc);
  const across = step === 4;
  for (let i = 0; i < size; i += step) {
    if (mine()) {
      let y = reduced(pc, first, kind, input, across);
      if (kind !== ReduceKind.Max && kind !== ReduceKind.Min && kind !== ReduceKind.Prod) y = f32x4.mul(y, scale);
      storeLanes(output, y, across ? size - i : 1);
    }
    input += inStride * <usize>step;
    output += outStride * <usize>step;
  }
}

/** Outputs computed at a time. */
function lanes(pc: usize): i32 {
  return arg(pc, ReduceArg.InStrides + RANK - 1) === 4 && arg(pc, ReduceArg.OutStrides + RANK - 1) === 4 ? 4 : 1;
}

/** Runs loop `index` and those inside it. */
function reduced(pc: usize, index: i32, kind: i32, input: usize, across: bool): v128 {
  const word = pc + ((<usize>index) << 2);
  const size = arg(word, ReduceArg.ReducedDims);
  const stride = <usize>arg(word, ReduceArg.ReducedStrides);
  if (index === RANK - 1) return halved(kind, input, size, stride, across);
  let y = identity(kind);
  for (let i = 0; i < size; i++) {
    y = combine(kind, y, reduced(pc, index + 1, kind, input, across));
    input += stride;
  }
  return y;
}

function halved(kind: i32, input: usize, count: i32, stride: usize, across: bool): v128 {
  if (count <= BLOCK) return f32_reduce_row(kind, input, count, stride, across);
  const half = ((count >> 1) + BLOCK - 1) & -BLOCK;
  const y = halved(kind, input, half, stride, across);
  return combine(kind, y, halved(kind, input + <usize>half * stride, count - half, stride, across));
}

/** Reduces `count` elements of the last loop; the result is in lane 0, or in four lanes for four outputs. */
export function f32_reduce_row(kind: i32, input: usize, count: i32, stride: usize, across: bool): v128 {
  if (!PACK_MORE) return row(ReduceKind.Sum, input, count, stride, across);
  switch (kind) {
    case ReduceKind.Sum:
      return row(ReduceKind.Sum, input, count, stride, across);
    case ReduceKind.SumAbs:
      return row(ReduceKind.SumAbs, input, count, stride, across);
    case ReduceKind.SumSquare:
      return row(ReduceKind.SumSquare, input, count, stride, across);
    case ReduceKind.Max:
      return row(ReduceKind.Max, input, count, stride, across);
    case ReduceKind.Min:
      return row(ReduceKind.Min, input, count, stride, across);
    default:
      return row(ReduceKind.Prod, input, count, stride, across);
  }
}
