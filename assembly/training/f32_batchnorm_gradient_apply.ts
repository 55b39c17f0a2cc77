// The gradient of batch-norm, second pass: dX = G·a + ((X - mean)·b + d), with the factors of f32_batchnorm_gradient_factors.
//
//   input, gradient, result  NHWC, pixels their PixelStride bytes apart; result may be input or gradient
//   factors                  mean, a, b, d: each of Channels floats, rounded up to whole vectors
// Reads may run 12 bytes past the last channel.

import { arg, storeLanes } from '../math/simd.inline';
import { BatchNormGradientApplyArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';

export function f32_batchnorm_gradient_apply(pc: usize): void {
  const pixels = arg(pc, BatchNormGradientApplyArg.Pixels);
  const block = arg(pc, BatchNormGradientApplyArg.BlockPixels);
  share((pixels + block - 1) / block, <f32>min(block, pixels) * <f32>arg(pc, BatchNormGradientApplyArg.Channels) * 3);
  for (let m = 0; m < pixels; m += block) if (mine()) f32_batchnorm_gradient_apply_block(pc, m, min(block, pixels - m));
}

/** `count` pixels from `from` on; eight channels at a time, then four. */
export function f32_batchnorm_gradient_apply_block(pc: usize, from: i32, count: i32): void {
  const inStride = <usize>arg(pc, BatchNormGradientApplyArg.InPixelStride);
  const gradientStride = <usize>arg(pc, BatchNormGradientApplyArg.GradientPixelStride);
  const resultStride = <usize>arg(pc, BatchNormGradientApplyArg.ResultPixelStride);
  const bytes = (<usize>arg(pc, BatchNormGradientApplyArg.Channels)) << 2;
  const row = (bytes + 15) & ~15;
  const at = <usize>from;
  const input = <usize>arg(pc, BatchNormGradientApplyArg.Input) + at * inStride;
  const gradient = <usize>arg(pc, BatchNormGradientApplyArg.Gradient) + at * gradientStride;
  const result = <usize>arg(pc, BatchNormGradientApplyArg.Result) + at * resultStride;
  let c: usize = 0;
  let k = <usize>arg(pc, BatchNormGradientApplyArg.Factors);
  for (; c + 32 <= bytes; c += 32) {
    const mean0 = v128.load(k);
    const mean1 = v128.load(k, 16);
    const a0 = v128.load(k + row);
    const a1 = v128.load(k + row, 16);
    const b0 = v128.load(k + 2 * row);
    const b1 = v128.load(k + 2 * row, 16);
    const d0 = v128.load(k + 3 * row);
    const d1 = v128.load(k + 3 * row, 16);
    let x = input + c;
    let g = gradient + c;
    let to = result + c;
    for (let m = 0; m < count; m++) {
      const x0 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x), mean0), b0), d0);
      v128.store(to, f32x4.add(f32x4.mul(v128.load(g), a0), x0));
      const x1 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x, 16), mean1), b1), d1);
      v128.store(to, f32x4.add(f32x4.mul(v128.load(g, 16), a1), x1), 16);
      x += inStride;
      g += gradientStride;
      to += resultStride;
    }
    k += 32;
  }
  for (; c < bytes; c += 16) {
    const mean = v128.load(k);
    const a = v128.load(k + row);
    const b = v128.load(k + 2 * row);
    const d = v128.load(k + 3 * row);
    const lanes = <i32>((bytes - c) >> 2);
    let x = input + c;
    let g = gradient + c;
    let to = result + c;
    for (let m = 0; m < count; m++) {
      const centered = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x), mean), b), d);
      storeLanes(to, f32x4.add(f32x4.mul(v128.load(g), a), centered), lanes);
      x += inStride;
      g += gradientStride;
      to += resultStride;
    }
    k += 16;
  }
}
