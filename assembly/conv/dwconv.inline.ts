// The inner loops of f32_dwconv_ring_c4, for each stride.

import { arg, argSplat, clamp, madd, storeLanes } from '../math/simd.inline';
import { DepthwiseConvArg, DepthwiseRingArg, WindowArg } from '../opcodes';
import { workspace } from '../threads.inline';

/** Bytes of a pixel in the ring. */
export const PIXEL: usize = 64;

/**
 * Computes an output row of up to 16 channels from the kernel's rows `first` to `end`; the first of them meets the ring's
 * row at `slot`.
 */
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
  const low = argSplat(pc, DepthwiseConvArg.Min);
  const high = argSplat(pc, DepthwiseConvArg.Max);
  const rowBytes = <usize>((outWidth - 1) * <i32>stride + kernelWidth) * PIXEL;
  const ringBytes = <usize>kernelHeight * rowBytes;
  const ringEnd = workspace(<usize>arg(pc, DepthwiseRingArg.Ring)) + ringBytes;
  const weightsRow = (<usize>kernelWidth) << 5;
  // The distance to the second half of a panel, or to the next panel.
  const nextPanel = ((<usize>(1 + kernelHeight * kernelWidth)) << 5) - 16;
  const last = <usize>(outWidth - pixels) * (stride * PIXEL);
  const back = output + <usize>(outWidth - pixels) * outStride;
  const blocks = min(channels, 16);
  let panel = panels;
  for (let c = 0; c < blocks; c += 4) {
    const left = channels - c;
    const at = (<usize>c) << 2;
    const weights = panel + 32 + <usize>first * weightsRow;
    const weightsEnd = panel + 32 + <usize>end * weightsRow;
    let x: usize = 0;
    let y = output;
    while (true) {
      let s0 = v128.load(panel);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      let p = slot + at + x;
      // Engines unroll only innermost loops, so the usual width has one of its own.
      if (kernelWidth === 3) {
        for (let w = weights; w < weightsEnd; w += 96) {
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
          p += rowBytes;
          p = select<usize>(p - ringBytes, p, p >= ringEnd);
        }
      } else {
        for (let w = weights; w < weightsEnd; w += weightsRow) {
          let q = p;
          let v = w;
          for (let kx = 1; kx < kernelWidth; kx += 2) {
            const w0 = v128.load(v);
            const w1 = v128.load(v, 32);
            const x1 = v128.load(q, 64);
            const x2 = v128.load(q, 128);
            if (stride === 1) {
              const x3 = v128.load(q, 192);
              s0 = madd(x1, w1, madd(v128.load(q), w0, s0));
              s1 = madd(x2, w1, madd(x1, w0, s1));
              s2 = madd(x3, w1, madd(x2, w0, s2));
              s3 = madd(v128.load(q, 256), w1, madd(x3, w0, s3));
            } else {
              s0 = madd(x1, w1, madd(v128.load(q), w0, s0));
              s1 = madd(v128.load(q, 192), w1, madd(x2, w0, s1));
              s2 = madd(v128.load(q, 320), w1, madd(v128.load(q, 256), w0, s2));
            }
            q += 2 * PIXEL;
            v += 64;
          }
          const w2 = v128.load(v);
          s0 = madd(v128.load(q), w2, s0);
          s1 = madd(v128.load(q + stride * 64), w2, s1);
          s2 = madd(v128.load(q + stride * 128), w2, s2);
          if (stride === 1) s3 = madd(v128.load(q, 192), w2, s3);
          p += rowBytes;
          p = select<usize>(p - ringBytes, p, p >= ringEnd);
        }
      }
      // A partial block is stored behind the ring first.
      const to = left < 4 ? ringEnd : y;
      const step = left < 4 ? <usize>16 : outStride;
      v128.store(to, clamp(s0, low, high));
      v128.store(to + step, clamp(s1, low, high));
      v128.store(to + 2 * step, clamp(s2, low, high));
      if (pixels > 3) v128.store(to + 3 * step, clamp(s3, low, high));
      if (left < 4) for (let i = 0; i < pixels; i++) storeLanes(y + <usize>i * outStride, v128.load(ringEnd + ((<usize>i) << 4)), left);
      if (x === last) break;
      x += <usize>pixels * (stride * PIXEL);
      y += <usize>pixels * outStride;
      if (x > last) {
        x = last;
        y = back + at;
      }
    }
    panel += c & 4 ? nextPanel : 16;
    output += 16;
  }
}
