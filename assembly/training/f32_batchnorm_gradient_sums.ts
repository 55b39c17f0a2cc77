// The gradient of batch-norm, first pass: of every block of BlockPixels pixels and every channel the sums of G and G·(X - mean),
// which f32_batchnorm_gradient_factors adds up. G is dY, but 0 where the forward pass's output Y lies on a limit of its clamp that is
// no infinity. It is kept, because that costs less than the mask again in f32_batchnorm_gradient_apply.
//
//   input, gradient, output, masked  NHWC, pixels their PixelStride bytes apart; G goes to masked; masked may be gradient
//   mean      Channels floats: near the mean is enough
//   partials  [blocks][2][channels rounded up to whole vectors]
// Reads may run 12 bytes past the last channel.

import { arg, argSplat, storeLanes } from '../math/simd.inline';
import { BatchNormGradientSumsArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';

export function f32_batchnorm_gradient_sums(pc: usize): void {
  const pixels = arg(pc, BatchNormGradientSumsArg.Pixels);
  const block = arg(pc, BatchNormGradientSumsArg.BlockPixels);
  share((pixels + block - 1) / block, <f32>min(block, pixels) * <f32>arg(pc, BatchNormGradientSumsArg.Channels) * 3);
  for (let m = 0; m < pixels; m += block) if (mine()) f32_batchnorm_gradient_sums_block(pc, m, min(block, pixels - m));
}

/** `count` pixels from `from` on; eight channels at a time, if there is a Relu or no clamp, then four. */
export function f32_batchnorm_gradient_sums_block(pc: usize, from: i32, count: i32): void {
  const inStride = <usize>arg(pc, BatchNormGradientSumsArg.InPixelStride);
  const gradientStride = <usize>arg(pc, BatchNormGradientSumsArg.GradientPixelStride);
  const outStride = <usize>arg(pc, BatchNormGradientSumsArg.OutPixelStride);
  const maskedStride = <usize>arg(pc, BatchNormGradientSumsArg.MaskedPixelStride);
  const bytes = (<usize>arg(pc, BatchNormGradientSumsArg.Channels)) << 2;
  const row = (bytes + 15) & ~15;
  const at = <usize>from;
  const input = <usize>arg(pc, BatchNormGradientSumsArg.Input) + at * inStride;
  const gradient = <usize>arg(pc, BatchNormGradientSumsArg.Gradient) + at * gradientStride;
  let output = <usize>arg(pc, BatchNormGradientSumsArg.Output);
  const masks = output !== 0;
  output += at * outStride;
  let masked = <usize>arg(pc, BatchNormGradientSumsArg.Masked);
  const keeps = masked !== 0;
  masked += at * maskedStride;
  const block = arg(pc, BatchNormGradientSumsArg.BlockPixels);
  const partials = <usize>arg(pc, BatchNormGradientSumsArg.Partials) + <usize>(from / block) * 2 * row;
  const means = <usize>arg(pc, BatchNormGradientSumsArg.Mean);
  const low = argSplat(pc, BatchNormGradientSumsArg.Min);
  const high = argSplat(pc, BatchNormGradientSumsArg.Max);
  const unbounded = f32x4.eq(high, f32x4.splat(Infinity));
  const simple = masks ? keeps && v128.any_true(unbounded) : !keeps;
  let c: usize = 0;
  for (; simple && c + 32 <= bytes; c += 32) {
    const mean0 = v128.load(means + c);
    const mean1 = v128.load(means + c, 16);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let q0 = s0;
    let q1 = s0;
    let x = input + c;
    let g = gradient + c;
    if (keeps) {
      let y = output + c;
      let to = masked + c;
      for (let m = 0; m < count; m++) {
        const g0 = v128.and(v128.load(g), f32x4.gt(v128.load(y), low));
        const g1 = v128.and(v128.load(g, 16), f32x4.gt(v128.load(y, 16), low));
        v128.store(to, g0);
        v128.store(to, g1, 16);
        s0 = f32x4.add(s0, g0);
        s1 = f32x4.add(s1, g1);
        q0 = f32x4.add(q0, f32x4.mul(g0, f32x4.sub(v128.load(x), mean0)));
        q1 = f32x4.add(q1, f32x4.mul(g1, f32x4.sub(v128.load(x, 16), mean1)));
        x += inStride;
        g += gradientStride;
        y += outStride;
        to += maskedStride;
      }
    } else {
      for (let m = 0; m < count; m++) {
        const g0 = v128.load(g);
        const g1 = v128.load(g, 16);
        s0 = f32x4.add(s0, g0);
        s1 = f32x4.add(s1, g1);
        q0 = f32x4.add(q0, f32x4.mul(g0, f32x4.sub(v128.load(x), mean0)));
        q1 = f32x4.add(q1, f32x4.mul(g1, f32x4.sub(v128.load(x, 16), mean1)));
        x += inStride;
        g += gradientStride;
      }
    }
    v128.store(partials + c, s0);
    v128.store(partials + c, s1, 16);
    v128.store(partials + row + c, q0);
    v128.store(partials + row + c, q1, 16);
  }
  for (; c < bytes; c += 16) {
    const mean = v128.load(means + c);
    const lanes = <i32>((bytes - c) >> 2);
    let s = f32x4.splat(0);
    let q = s;
    let x = input + c;
    let g = gradient + c;
    let y = output + c;
    let to = masked + c;
    for (let m = 0; m < count; m++) {
      let value = v128.load(g);
      if (masks) {
        const limited = v128.load(y);
        value = v128.and(value, v128.and(f32x4.gt(limited, low), v128.or(f32x4.lt(limited, high), unbounded)));
      }
      if (keeps) storeLanes(to, value, lanes);
      s = f32x4.add(s, value);
      q = f32x4.add(q, f32x4.mul(value, f32x4.sub(v128.load(x), mean)));
      x += inStride;
      g += gradientStride;
      y += outStride;
      to += maskedStride;
    }
    v128.store(partials + c, s);
    v128.store(partials + row + c, q);
  }
}
