// Y[i] = X[i] over RANK loops whose strides differ on the two sides: transposes, slices, concatenations, tiles, broadcasts.
//
//   input, output  RANK loops of Dims, each with strides in bytes, which may be 0 (the input repeats) or negative (it runs
//                  backwards)
// Elements have ElementBytes (1, 2, 4 or 8) bytes; their type does not matter. The compiler merges loops, so that the last
// one is as long as it can be; if it is without gaps on both sides it is one copy. Never reads or writes past an element.
// The output may not be the input.

import { arg } from '../math/simd.inline';
import { CopyArg, RANK } from '../opcodes';
import { mine, product, share } from '../threads.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;
/** Bytes from which on the engine's own copy is faster than a loop. */
const BULK: i32 = 64;

export function copy(pc: usize): void {
  if (ASC_FEATURE_THREADS) {
    const last = arg(pc, CopyArg.Dims + RANK - 1);
    share(product(pc + (CopyArg.Dims << 2), RANK - 1) * ((last + BLOCK - 1) / BLOCK), <f32>min(BLOCK, last));
  }
  dimension(pc, 0, <usize>arg(pc, CopyArg.Input), <usize>arg(pc, CopyArg.Output));
}

function dimension(pc: usize, index: i32, input: usize, output: usize): void {
  const word = pc + ((<usize>index) << 2);
  const size = arg(word, CopyArg.Dims);
  const inStride = <usize>arg(word, CopyArg.InStrides);
  const outStride = <usize>arg(word, CopyArg.OutStrides);
  const inner = index === RANK - 1;
  const step = inner ? BLOCK : 1;
  for (let i = 0; i < size; i += step) {
    if (!inner) dimension(pc, index + 1, input, output);
    else if (mine()) copy_row(arg(pc, CopyArg.ElementBytes), min(BLOCK, size - i), input, output, inStride, outStride);
    input += inStride * <usize>step;
    output += outStride * <usize>step;
  }
}

/** Copies `count` elements of the last loop. */
export function copy_row(bytes: i32, count: i32, input: usize, output: usize, inStride: usize, outStride: usize): void {
  const length = bytes * count;
  if (length >= BULK && inStride === <usize>bytes && outStride === <usize>bytes) {
    memory.copy(output, input, <usize>length);
    return;
  }
  if (bytes === 4) elements<u32>(count, input, output, inStride, outStride);
  else if (bytes === 8) elements<u64>(count, input, output, inStride, outStride);
  else if (bytes === 1) elements<u8>(count, input, output, inStride, outStride);
  else elements<u16>(count, input, output, inStride, outStride);
}

function elements<T>(count: i32, input: usize, output: usize, inStride: usize, outStride: usize): void {
  for (let i = 0; i < count; i++) {
    store<T>(output, load<T>(input));
    input += inStride;
    output += outStride;
  }
}
