// Batch normalisation at inference, if it could not be folded into a convolution:
// Y[p][c] = clamp(X[p][c] * a[c] + b[c], min, max), a = scale / sqrt(variance + epsilon), b = bias - mean * a
//
//   input, output   NHWC, pixels InPixelStride and OutPixelStride bytes apart; output may be input
//   scale, bias, mean, variance  Channels floats each
//   scratch         a then b, each rounded up to whole vectors
// Reads may run 12 bytes past the last channel.

import { arg, argSplat, clamp, madd, storeLanes } from '../math/simd.inline';
import { BatchNormArg } from '../opcodes';
import { mine, share, workspace } from '../threads.inline';

/** Pixels per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 64;

export function f32_batchnorm_c4(pc: usize): void {
  const pixels = arg(pc, BatchNormArg.Pixels);
  const channels = arg(pc, BatchNormArg.Channels);
  const inStride = <usize>arg(pc, BatchNormArg.InPixelStride);
  const outStride = <usize>arg(pc, BatchNormArg.OutPixelStride);
  const epsilon = argSplat(pc, BatchNormArg.Epsilon);
  const scratch = workspace(<usize>arg(pc, BatchNormArg.Scratch));
  const offsets = scratch + ((<usize>((channels + 3) & ~3)) << 2);
  for (let c = 0; c < channels; c += 4) {
    const at = (<usize>c) << 2;
    const variance = v128.load(<usize>arg(pc, BatchNormArg.Variance) + at);
    const scale = v128.load(<usize>arg(pc, BatchNormArg.Scale) + at);
    const a = f32x4.div(scale, f32x4.sqrt(f32x4.add(variance, epsilon)));
    const mean = v128.load(<usize>arg(pc, BatchNormArg.Mean) + at);
    v128.store(scratch + at, a);
    v128.store(offsets + at, f32x4.sub(v128.load(<usize>arg(pc, BatchNormArg.Bias) + at), f32x4.mul(mean, a)));
  }
  share((pixels + BLOCK - 1) / BLOCK, <f32>BLOCK * <f32>channels);
  for (let m = 0; m < pixels; m += BLOCK) {
    if (!mine()) continue;
    const at = <usize>m;
    f32_batchnorm_block_c4(
      pc,
      min(BLOCK, pixels - m),
      <usize>arg(pc, BatchNormArg.Input) + at * inStride,
      <usize>arg(pc, BatchNormArg.Output) + at * outStride,
      offsets,
    );
  }
}

/** Applies a and b to `pixels` pixels. */
export function f32_batchnorm_block_c4(pc: usize, pixels: i32, input: usize, output: usize, offsets: usize): void {
  const channels = arg(pc, BatchNormArg.Channels);
  const inStride = <usize>arg(pc, BatchNormArg.InPixelStride);
  const outStride = <usize>arg(pc, BatchNormArg.OutPixelStride);
  const scratch = workspace(<usize>arg(pc, BatchNormArg.Scratch));
  const low = argSplat(pc, BatchNormArg.Min);
  const high = argSplat(pc, BatchNormArg.Max);
  const bytes = (<usize>channels) << 2;
  const whole = bytes & ~15;
  for (let m = 0; m < pixels; m++) {
    let at: usize = 0;
    for (; at < whole; at += 16) {
      const x = v128.load(input + at);
      v128.store(output + at, clamp(madd(x, v128.load(scratch + at), v128.load(offsets + at)), low, high));
    }
    if (at < bytes) {
      const y = clamp(madd(v128.load(input + at), v128.load(scratch + at), v128.load(offsets + at)), low, high);
      storeLanes(output + at, y, channels & 3);
    }
    input += inStride;
    output += outStride;
  }
}
