// Local response normalisation across channels (Krizhevsky, Sutskever and Hinton 2012, section 3.3; ONNX LRN):
// Y[p][c] = X[p][c] / (Bias + Alpha * sum over j of X[p][j]²)^Beta, j from c - floor((Size - 1) / 2) to c + ceil((Size - 1) / 2)
//
//   input, output  NHWC, pixels InPixelStride and OutPixelStride bytes apart; output may be input
//   scratch        the squares of a pixel between zeros: Size - 1 + Channels rounded up to whole vectors
// Alpha has been divided by Size. Four channels at a time. Reads may run 12 bytes past the last channel.

import { log, power } from '../math/functions';
import { threeQuarterPower } from '../math/functions.inline';
import { arg, argSplat, storeLanes } from '../math/simd.inline';
import { LrnArg } from '../opcodes';
import { mine, share, workspace } from '../threads.inline';

export function f32_lrn(pc: usize): void {
  const pixels = arg(pc, LrnArg.Pixels);
  const words = max(0, ((arg(pc, LrnArg.Channels) + 3) & ~3) + arg(pc, LrnArg.Size) - 1);
  memory.fill(workspace(<usize>arg(pc, LrnArg.Scratch)), 0, (<usize>words) << 2);
  let input = <usize>arg(pc, LrnArg.Input);
  let output = <usize>arg(pc, LrnArg.Output);
  share(pixels, <f32>words * 8);
  for (let m = 0; m < pixels; m++) {
    if (mine()) f32_lrn_pixel(pc, input, output);
    input += <usize>arg(pc, LrnArg.InPixelStride);
    output += <usize>arg(pc, LrnArg.OutPixelStride);
  }
}

export function f32_lrn_pixel(pc: usize, input: usize, output: usize): void {
  const channels = arg(pc, LrnArg.Channels);
  const size = arg(pc, LrnArg.Size);
  const alpha = argSplat(pc, LrnArg.Alpha);
  const beta = argSplat(pc, LrnArg.Beta);
  const bias = argSplat(pc, LrnArg.Bias);
  const scratch = workspace(<usize>arg(pc, LrnArg.Scratch));
  const squares = scratch + ((<usize>((size - 1) >> 1)) << 2);
  // The usual beta, 3/4, by two square roots.
  const threeQuarters = load<f32>(pc + (LrnArg.Beta << 2)) === 0.75;
  for (let c = 0; c < channels; c += 4) {
    const at = (<usize>c) << 2;
    const x = v128.load(input + at);
    storeLanes(squares + at, f32x4.mul(x, x), channels - c);
  }
  for (let c = 0; c < channels; c += 4) {
    const at = (<usize>c) << 2;
    let sum = f32x4.splat(0);
    for (let j = 0; j < size; j++) sum = f32x4.add(sum, v128.load(scratch + at + ((<usize>j) << 2)));
    const z = f32x4.add(bias, f32x4.mul(alpha, sum));
    const raised = threeQuarters ? threeQuarterPower(z) : power(f32x4.mul(beta, log(z)));
    storeLanes(output + at, f32x4.div(v128.load(input + at), raised), channels - c);
  }
}
