// Y[p][c] = f(X[p][c]), f by its Kind (UnaryKind in opcodes.ts), with two parameters Alpha and Beta where f has any.
//
//   input, output  Pixels rows of Channels floats, InPixelStride and OutPixelStride bytes apart; output may be input
// A tensor without gaps is one row. Reads may run 12 bytes past a row. The vector functions are right to a few units in the
// last place (tests/kernels/functions.test.ts has each one's error); sin and cos take each lane through a scalar function,
// which reduces large arguments.

import { arg } from '../math/simd.inline';
import { UnaryArg } from '../opcodes';
import { mine, share } from '../threads.inline';
import { f32_unary_row } from './unary.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_unary(pc: usize): void {
  const pixels = arg(pc, UnaryArg.Pixels);
  const channels = arg(pc, UnaryArg.Channels);
  let input = <usize>arg(pc, UnaryArg.Input);
  let output = <usize>arg(pc, UnaryArg.Output);
  share(pixels * ((channels + BLOCK - 1) / BLOCK), <f32>min(BLOCK, channels) * 4);
  for (let m = 0; m < pixels; m++) {
    for (let c = 0; c < channels; c += BLOCK) {
      if (mine()) f32_unary_row(pc, min(BLOCK, channels - c), input + ((<usize>c) << 2), output + ((<usize>c) << 2));
    }
    input += <usize>arg(pc, UnaryArg.InPixelStride);
    output += <usize>arg(pc, UnaryArg.OutPixelStride);
  }
}
