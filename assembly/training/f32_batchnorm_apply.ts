// Batch-norm that learns, second pass: Y = clamp((X - mean)·a + b + R, Min, Max), with the factors of f32_batchnorm_moments.
//
//   input, residual, output  NHWC, pixels their PixelStride bytes apart; output may be input or residual
//   factors                  mean, a, b: each of Channels floats, rounded up to whole vectors
// Reads may run 12 bytes past the last channel.

import { arg, argSplat, clamp, storeLanes } from '../math/simd.inline';
import { BatchNormApplyArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';

export function f32_batchnorm_apply(pc: usize): void {
  const pixels = arg(pc, BatchNormApplyArg.Pixels);
  const block = arg(pc, BatchNormApplyArg.BlockPixels);
  share((pixels + block - 1) / block, <f32>min(block, pixels) * <f32>arg(pc, BatchNormApplyArg.Channels) * 2);
  for (let m = 0; m < pixels; m += block) if (mine()) f32_batchnorm_apply_block(pc, m, min(block, pixels - m));
}

/** `count` pixels from `from` on; eight channels at a time, then four. */
export function f32_batchnorm_apply_block(pc: usize, from: i32, count: i32): void {
  const channels = arg(pc, BatchNormApplyArg.Channels);
  const inStride = <usize>arg(pc, BatchNormApplyArg.InPixelStride);
  const outStride = <usize>arg(pc, BatchNormApplyArg.OutPixelStride);
  const residualStride = <usize>arg(pc, BatchNormApplyArg.ResidualPixelStride);
  const bytes = (<usize>channels) << 2;
  const row = (bytes + 15) & ~15;
  const input = <usize>arg(pc, BatchNormApplyArg.Input) + <usize>from * inStride;
  const output = <usize>arg(pc, BatchNormApplyArg.Output) + <usize>from * outStride;
  let residual = <usize>arg(pc, BatchNormApplyArg.Residual);
  const adds = residual !== 0;
  residual += <usize>from * residualStride;
  const low = argSplat(pc, BatchNormApplyArg.Min);
  const high = argSplat(pc, BatchNormApplyArg.Max);
  let c: usize = 0;
  let k = <usize>arg(pc, BatchNormApplyArg.Factors);
  for (; c + 32 <= bytes; c += 32) {
    const mean0 = v128.load(k);
    const mean1 = v128.load(k, 16);
    const a0 = v128.load(k + row);
    const a1 = v128.load(k + row, 16);
    const b0 = v128.load(k + 2 * row);
    const b1 = v128.load(k + 2 * row, 16);
    let x = input + c;
    let y = output + c;
    if (adds) {
      let r = residual + c;
      for (let m = 0; m < count; m++) {
        const y0 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x), mean0), a0), b0);
        const y1 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x, 16), mean1), a1), b1);
        v128.store(y, clamp(f32x4.add(y0, v128.load(r)), low, high));
        v128.store(y, clamp(f32x4.add(y1, v128.load(r, 16)), low, high), 16);
        x += inStride;
        y += outStride;
        r += residualStride;
      }
    } else {
      for (let m = 0; m < count; m++) {
        const y0 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x), mean0), a0), b0);
        const y1 = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x, 16), mean1), a1), b1);
        v128.store(y, clamp(y0, low, high));
        v128.store(y, clamp(y1, low, high), 16);
        x += inStride;
        y += outStride;
      }
    }
    k += 32;
  }
  for (; c < bytes; c += 16) {
    const mean = v128.load(k);
    const a = v128.load(k + row);
    const b = v128.load(k + 2 * row);
    const lanes = <i32>((bytes - c) >> 2);
    let x = input + c;
    let y = output + c;
    let r = residual + c;
    for (let m = 0; m < count; m++) {
      let value = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x), mean), a), b);
      if (adds) value = f32x4.add(value, v128.load(r));
      storeLanes(y, clamp(value, low, high), lanes);
      x += inStride;
      y += outStride;
      r += residualStride;
    }
    k += 16;
  }
}
