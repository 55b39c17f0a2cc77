// The inner loops of f32_dwconv_ring_c4, for each stride.

import { arg, argSplat, clamp, madd, storeLanes } from '../math/simd.inline';
import { DepthwiseConvArg, WindowArg } from '../opcodes';

/** Bytes of a pixel in the ring. */
export const PIXEL: usize = 64;

/** An output row of up to 16 channels, from the kernel's rows `first` to `end`, the first of which meets the ring's row at `slot`. */
// @ts-expect-error: decorator
@inline
export function tiles(
  stride: usize,
  pixels: i32,
  pc: usize,
  panels: usize,
  slot: usize,
  first: i32,
  end: i32,
  channels: i32,
  output: usize,
): void {
  const outWidth = arg(pc, WindowArg.OutWidth);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const outStride = <usize>arg(pc, WindowArg.OutPixelStride);
  const ring = <usize>arg(pc, DepthwiseConvArg.Ring);
  const ringBytes = <usize>(kernelHeight * ((outWidth - 1) * <i32>stride + kernelWidth)) * PIXEL;
  const ringEnd = ring + ringBytes;
  const rowBytes = <usize>((outWidth - 1) * <i32>stride + kernelWidth) * PIXEL;
  const weightsRow = (<usize>kernelWidth) << 5;
  const skipped = (<usize>(1 + first * kernelWidth)) << 5;
  // To the second half of a panel, or to the next one.
  const nextPanel = ((<usize>(1 + kernelHeight * kernelWidth)) << 5) - 16;
  const blocks = min(channels, 16);
  for (let ox = 0; ox < outWidth; ox += pixels) {
    const x = min(ox, outWidth - pixels);
    let panel = panels;
    for (let c = 0; c < blocks; c += 4) {
      let s0 = v128.load(panel);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      let w = panel + skipped;
      let p = slot + <usize>x * (stride * PIXEL) + ((<usize>c) << 2);
      for (let ky = first; ky < end; ky++) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 32);
        const w2 = v128.load(w, 64);
        if (stride === 1) {
          const x1 = v128.load(p, 64);
          const x2 = v128.load(p, 128);
          const x3 = v128.load(p, 192);
          const x4 = v128.load(p, 256);
          s0 = madd(x2, w2, madd(x1, w1, madd(v128.load(p), w0, s0)));
          s1 = madd(x3, w2, madd(x2, w1, madd(x1, w0, s1)));
          s2 = madd(x4, w2, madd(x3, w1, madd(x2, w0, s2)));
          s3 = madd(v128.load(p, 320), w2, madd(x4, w1, madd(x3, w0, s3)));
        } else {
          const x2 = v128.load(p, 128);
          const x4 = v128.load(p, 256);
          s0 = madd(x2, w2, madd(v128.load(p, 64), w1, madd(v128.load(p), w0, s0)));
          s1 = madd(x4, w2, madd(v128.load(p, 192), w1, madd(x2, w0, s1)));
          s2 = madd(v128.load(p, 384), w2, madd(v128.load(p, 320), w1, madd(x4, w0, s2)));
        }
        let q = p;
        let v = w;
        for (let kx = 3; kx < kernelWidth; kx += 2) {
          const w3 = v128.load(v, 96);
          const w4 = v128.load(v, 128);
          const x3 = v128.load(q, 192);
          const x4 = v128.load(q, 256);
          if (stride === 1) {
            const x5 = v128.load(q, 320);
            const x6 = v128.load(q, 384);
            s0 = madd(x4, w4, madd(x3, w3, s0));
            s1 = madd(x5, w4, madd(x4, w3, s1));
            s2 = madd(x6, w4, madd(x5, w3, s2));
            s3 = madd(v128.load(q, 448), w4, madd(x6, w3, s3));
          } else {
            s0 = madd(x4, w4, madd(x3, w3, s0));
            s1 = madd(v128.load(q, 384), w4, madd(v128.load(q, 320), w3, s1));
            s2 = madd(v128.load(q, 512), w4, madd(v128.load(q, 448), w3, s2));
          }
          q += 2 * PIXEL;
          v += 64;
        }
        w += weightsRow;
        p += rowBytes;
        if (p >= ringEnd) p -= ringBytes;
      }
      const low = argSplat(pc, DepthwiseConvArg.Min);
      const high = argSplat(pc, DepthwiseConvArg.Max);
      const y = output + <usize>x * outStride + ((<usize>c) << 2);
      const left = channels - c;
      // A block that is not whole is stored behind the ring first.
      const to = left < 4 ? ringEnd : y;
      const step = left < 4 ? <usize>16 : outStride;
      v128.store(to, clamp(s0, low, high));
      v128.store(to + step, clamp(s1, low, high));
      v128.store(to + 2 * step, clamp(s2, low, high));
      if (pixels > 3) v128.store(to + 3 * step, clamp(s3, low, high));
      if (left < 4) for (let i = 0; i < pixels; i++) storeLanes(y + <usize>i * outStride, v128.load(ringEnd + ((<usize>i) << 4)), left);
      panel += c & 4 ? nextPanel : 16;
    }
  }
}
