// The gradient of local response normalisation, Y = X / Z^Beta, Z = Bias + Alpha * sum of X² over the channels of a window (see
// norm/f32_lrn):
//
//   dX[k] = dY[k] / Z[k]^Beta - 2·Alpha·Beta·X[k] * sum over i of dY[i]·X[i] / (Z[i]^Beta·Z[i]), i whose window holds k
//
// so from k - ceil((Size - 1) / 2) to k + floor((Size - 1) / 2).
//
//   input, gradient, result  NHWC, pixels their PixelStride bytes apart; result may be gradient
//   scratch                  two lists between zeros, each of Size - 1 + Channels rounded up to whole vectors: squares, then
//                            what is summed up
// Alpha has been divided by Size. Four channels at a time. Reads may run 12 bytes past the last channel.

import { log, power } from '../math/functions';
import { threeQuarterPower } from '../math/functions.inline';
import { arg, argSplat, storeLanes } from '../math/simd.inline';
import { LrnGradientArg } from '../opcodes-training';
import { mine, share, workspace } from '../threads.inline';

export function f32_lrn_gradient(pc: usize): void {
  const pixels = arg(pc, LrnGradientArg.Pixels);
  const words = max(0, ((arg(pc, LrnGradientArg.Channels) + 3) & ~3) + arg(pc, LrnGradientArg.Size) - 1);
  memory.fill(workspace(<usize>arg(pc, LrnGradientArg.Scratch)), 0, (<usize>words) << 3);
  let input = <usize>arg(pc, LrnGradientArg.Input);
  let gradient = <usize>arg(pc, LrnGradientArg.Gradient);
  let result = <usize>arg(pc, LrnGradientArg.Result);
  share(pixels, <f32>words * 16);
  for (let m = 0; m < pixels; m++) {
    if (mine()) f32_lrn_gradient_pixel(pc, input, gradient, result);
    input += <usize>arg(pc, LrnGradientArg.InPixelStride);
    gradient += <usize>arg(pc, LrnGradientArg.GradientPixelStride);
    result += <usize>arg(pc, LrnGradientArg.ResultPixelStride);
  }
}

export function f32_lrn_gradient_pixel(pc: usize, input: usize, gradient: usize, result: usize): void {
  const channels = arg(pc, LrnGradientArg.Channels);
  const size = arg(pc, LrnGradientArg.Size);
  const alpha = argSplat(pc, LrnGradientArg.Alpha);
  const beta = argSplat(pc, LrnGradientArg.Beta);
  const bias = argSplat(pc, LrnGradientArg.Bias);
  const scratch = workspace(<usize>arg(pc, LrnGradientArg.Scratch));
  const summed = scratch + ((<usize>(((channels + 3) & ~3) + size - 1)) << 2);
  const squares = scratch + ((<usize>((size - 1) >> 1)) << 2);
  // The windows that hold a channel are a window too, the other way round.
  const terms = summed + ((<usize>(size >> 1)) << 2);
  // The usual beta, 3/4, by two square roots.
  const threeQuarters = load<f32>(pc + (LrnGradientArg.Beta << 2)) === 0.75;
  for (let c = 0; c < channels; c += 4) {
    const at = (<usize>c) << 2;
    const x = v128.load(input + at);
    storeLanes(squares + at, f32x4.mul(x, x), channels - c);
  }
  for (let c = 0; c < channels; c += 4) {
    const at = (<usize>c) << 2;
    const z = f32x4.add(bias, f32x4.mul(alpha, windowSum(scratch + at, size)));
    const raised = threeQuarters ? threeQuarterPower(z) : power(f32x4.mul(beta, log(z)));
    const scaled = f32x4.div(v128.load(gradient + at), raised);
    storeLanes(terms + at, f32x4.div(f32x4.mul(scaled, v128.load(input + at)), z), channels - c);
    storeLanes(result + at, scaled, channels - c);
  }
  const factor = f32x4.mul(f32x4.add(alpha, alpha), beta);
  for (let c = 0; c < channels; c += 4) {
    const at = (<usize>c) << 2;
    const shared = f32x4.mul(f32x4.mul(factor, v128.load(input + at)), windowSum(summed + at, size));
    storeLanes(result + at, f32x4.sub(v128.load(result + at), shared), channels - c);
  }
}

/** The sums of `size` numbers from `pointer` on, and from the three after it. */
function windowSum(pointer: usize, size: i32): v128 {
  let sum = f32x4.splat(0);
  for (let j = 0; j < size; j++) sum = f32x4.add(sum, v128.load(pointer + ((<usize>j) << 2)));
  return sum;
}
