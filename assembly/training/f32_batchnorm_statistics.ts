// Batch-norm that learns, first pass: of every block of BlockPixels pixels and every channel the first pixel's s, and the sums
// of X - s and (X - s)², which f32_batchnorm_moments adds up. Without the shift, squares of features around 10,000 would leave
// no digit to their variance.
//
//   input     NHWC, pixels InPixelStride bytes apart
//   partials  [blocks][3][channels rounded up to whole vectors]
// The last block may be shorter. Reads may run 12 bytes past the last channel.

import { arg } from '../math/simd.inline';
import { BatchNormStatisticsArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';

export function f32_batchnorm_statistics(pc: usize): void {
  const pixels = arg(pc, BatchNormStatisticsArg.Pixels);
  const channels = arg(pc, BatchNormStatisticsArg.Channels);
  const block = arg(pc, BatchNormStatisticsArg.BlockPixels);
  const stride = <usize>arg(pc, BatchNormStatisticsArg.InPixelStride);
  const row = (<usize>((channels + 3) & ~3)) << 2;
  let input = <usize>arg(pc, BatchNormStatisticsArg.Input);
  let partials = <usize>arg(pc, BatchNormStatisticsArg.Partials);
  share((pixels + block - 1) / block, <f32>min(block, pixels) * <f32>channels);
  for (let m = 0; m < pixels; m += block) {
    if (mine()) f32_batchnorm_statistics_block(min(block, pixels - m), row, stride, input, partials);
    input += <usize>block * stride;
    partials += 3 * row;
  }
}

/** Eight channels at a time, because sixteen would not find registers, then four. */
export function f32_batchnorm_statistics_block(pixels: i32, row: usize, stride: usize, input: usize, partials: usize): void {
  const zero = f32x4.splat(0);
  let c: usize = 0;
  for (; c + 32 <= row; c += 32) {
    let p = input + c;
    const shift0 = v128.load(p);
    const shift1 = v128.load(p, 16);
    let s0 = zero;
    let s1 = zero;
    let q0 = zero;
    let q1 = zero;
    for (let m = 0; m < pixels; m++) {
      const x0 = f32x4.sub(v128.load(p), shift0);
      s0 = f32x4.add(s0, x0);
      q0 = f32x4.add(q0, f32x4.mul(x0, x0));
      const x1 = f32x4.sub(v128.load(p, 16), shift1);
      s1 = f32x4.add(s1, x1);
      q1 = f32x4.add(q1, f32x4.mul(x1, x1));
      p += stride;
    }
    const to = partials + c;
    v128.store(to, shift0);
    v128.store(to, shift1, 16);
    v128.store(to + row, s0);
    v128.store(to + row, s1, 16);
    v128.store(to + 2 * row, q0);
    v128.store(to + 2 * row, q1, 16);
  }
  for (; c < row; c += 16) {
    let p = input + c;
    const shift = v128.load(p);
    let s = zero;
    let q = zero;
    for (let m = 0; m < pixels; m++) {
      const x = f32x4.sub(v128.load(p), shift);
      s = f32x4.add(s, x);
      q = f32x4.add(q, f32x4.mul(x, x));
      p += stride;
    }
    const to = partials + c;
    v128.store(to, shift);
    v128.store(to + row, s);
    v128.store(to + 2 * row, q);
  }
}
