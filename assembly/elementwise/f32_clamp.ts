// Y[p][c] = min(max(X[p][c], Min), Max): Relu is 0 to infinity. NaN stays NaN.
//
//   input, output  Pixels rows of Channels floats, InPixelStride and OutPixelStride bytes apart; output may be input
// A tensor without gaps is one row. Reads may run 12 bytes past a row.

import { arg, argSplat, clamp, storeLanes } from '../math/simd.inline';
import { ClampArg } from '../opcodes';
import { mine, share } from '../threads.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_clamp(pc: usize): void {
  const pixels = arg(pc, ClampArg.Pixels);
  const channels = arg(pc, ClampArg.Channels);
  let input = <usize>arg(pc, ClampArg.Input);
  let output = <usize>arg(pc, ClampArg.Output);
  share(pixels * ((channels + BLOCK - 1) / BLOCK), <f32>min(BLOCK, channels));
  for (let m = 0; m < pixels; m++) {
    for (let c = 0; c < channels; c += BLOCK) {
      if (mine()) f32_clamp_row(pc, min(BLOCK, channels - c), input + ((<usize>c) << 2), output + ((<usize>c) << 2));
    }
    input += <usize>arg(pc, ClampArg.InPixelStride);
    output += <usize>arg(pc, ClampArg.OutPixelStride);
  }
}

/** Clamps `count` elements. */
export function f32_clamp_row(pc: usize, count: i32, input: usize, output: usize): void {
  const low = argSplat(pc, ClampArg.Min);
  const high = argSplat(pc, ClampArg.Max);
  for (let i = 0; i < count; i += 4) {
    const at = (<usize>i) << 2;
    storeLanes(output + at, clamp(v128.load(input + at), low, high), count - i);
  }
}
