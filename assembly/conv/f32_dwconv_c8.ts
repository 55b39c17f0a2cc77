// Depthwise convolution:
// Y[y][x][c] = clamp(bias[c] + sum over (ky, kx) of X[y·stride + ky·dilation - pad][..][c] * W[ky][kx][c], min, max)
//
//   input    NHWC, pixels InPixelStride bytes apart
//   weights  panels of gemm/f32_pack_panels with the channels as columns and the taps as depth: [ceil(C / 8)][1 + taps][8]
//   output   NHWC, pixels OutPixelStride bytes apart
// Eight channels at a time, output row by output row. Taps outside the picture are left out of the loops. Reads may run 28
// bytes past the last channel.

import { arg, argSplat, clamp, madd, storeLanes } from '../math/simd.inline';
import { DepthwiseConvArg, WindowArg } from '../opcodes';
import { endTap, firstTap } from '../window/window.inline';

/** Computes output row `oy` of the picture at `image`, and writes it to `output`. */
export function f32_dwconv_row_c8(pc: usize, image: usize, oy: i32, output: usize): void {
  const width = arg(pc, WindowArg.InWidth);
  const height = arg(pc, WindowArg.InHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const strideWidth = arg(pc, WindowArg.StrideWidth);
  const inStride = <usize>arg(pc, WindowArg.InPixelStride);
  const outStride = <usize>arg(pc, WindowArg.OutPixelStride);
  const weights = <usize>arg(pc, DepthwiseConvArg.Weights);
  const low = argSplat(pc, DepthwiseConvArg.Min);
  const high = argSplat(pc, DepthwiseConvArg.Max);
  const panelBytes = (<usize>(1 + kernelHeight * kernelWidth)) << 5;
  const tapStride = <usize>dilationWidth * inStride;
  const rowStride = <usize>dilationHeight * <usize>width * inStride;

  const iy = oy * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
  const kyFirst = firstTap(iy, dilationHeight);
  const kyEnd = endTap(iy, dilationHeight, kernelHeight, height, kyFirst);
  let ix = -arg(pc, WindowArg.PadLeft);
  for (let ox = 0; ox < outWidth; ox++) {
    const kxFirst = firstTap(ix, dilationWidth);
    const kxEnd = endTap(ix, dilationWidth, kernelWidth, width, kxFirst);
    const start = image + <usize>((iy + kyFirst * dilationHeight) * width + ix + kxFirst * dilationWidth) * inStride;
    let panel = weights;
    for (let c = 0; c < channels; c += 8) {
      let x0 = v128.load(panel);
      let x1 = v128.load(panel, 16);
      let row = start + ((<usize>c) << 2);
      for (let ky = kyFirst; ky < kyEnd; ky++) {
        let p = row;
        let w = panel + ((<usize>(1 + ky * kernelWidth + kxFirst)) << 5);
        for (let kx = kxFirst; kx < kxEnd; kx++) {
          x0 = madd(v128.load(p), v128.load(w), x0);
          x1 = madd(v128.load(p, 16), v128.load(w, 16), x1);
          p += tapStride;
          w += 32;
        }
        row += rowStride;
      }
      x0 = clamp(x0, low, high);
      x1 = clamp(x1, low, high);
      const left = channels - c;
      const y = output + ((<usize>c) << 2);
      storeLanes(y, x0, left);
      if (left > 4) storeLanes(y + 16, x1, left - 4);
      panel += panelBytes;
    }
    output += outStride;
    ix += strideWidth;
  }
}
