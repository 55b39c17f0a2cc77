// The second half of a transposed convolution: what each input pixel gives to the output pixels around it is added up.
// Y[y][x][c] = clamp(bias[c] + sum over (ky, kx) of X[iy][ix][ky][kx][c], Min, Max),
// iy * StrideHeight = y + PadTop - ky * DilationHeight
//
//   input   columns [pixel of the input picture][ky][kx][Channels]: the matrix product's output, pixels InPixelStride bytes apart
//   bias    Channels floats; 0: none
//   output  NHWC, pixels OutPixelStride bytes apart
// The output gathers, so that no two rows write the same pixel. Along an axis the taps that meet an input are a period
// apart, and so are their inputs; where they start is found once per row and pixel. Four channels at a time, taps in the
// order (ky, kx). Reads may run 12 bytes past the last channel.

import { arg, argSplat, clamp, storeLanes } from '../math/simd.inline';
import { Col2ImArg, WindowArg } from '../opcodes';

/** Computes output row `oy` of the picture whose columns start at `image`, and writes it to `output`. */
export function f32_col2im_row_c4(pc: usize, image: usize, oy: i32, output: usize): void {
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const strideHeight = arg(pc, WindowArg.StrideHeight);
  const strideWidth = arg(pc, WindowArg.StrideWidth);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const inStride = <usize>arg(pc, WindowArg.InPixelStride);
  const bias = <usize>arg(pc, Col2ImArg.Bias);
  const low = argSplat(pc, Col2ImArg.Min);
  const high = argSplat(pc, Col2ImArg.Max);
  const tapBytes = (<usize>channels) << 2;

  const periodY = period(kernelHeight, dilationHeight, strideHeight);
  const periodX = period(kernelWidth, dilationWidth, strideWidth);
  const stepY = (periodY * dilationHeight) / strideHeight;
  const stepX = (periodX * dilationWidth) / strideWidth;
  // The distance to the next tap that hits an input pixel, the one before.
  const tapStride = <usize>periodX * tapBytes - <usize>stepX * inStride;
  const rowStride = <usize>(periodY * kernelWidth) * tapBytes - <usize>(stepY * width) * inStride;

  const y = oy + arg(pc, WindowArg.PadTop);
  let kyFirst = firstTap(y, periodY, dilationHeight, strideHeight);
  let iyFirst = (y - kyFirst * dilationHeight) / strideHeight;
  for (; kyFirst < kernelHeight && iyFirst >= height; kyFirst += periodY) iyFirst -= stepY;
  let x = arg(pc, WindowArg.PadLeft);
  for (let ox = 0; ox < outWidth; ox++, x++) {
    let kxFirst = firstTap(x, periodX, dilationWidth, strideWidth);
    let ixFirst = (x - kxFirst * dilationWidth) / strideWidth;
    for (; kxFirst < kernelWidth && ixFirst >= width; kxFirst += periodX) ixFirst -= stepX;
    const start = image + <usize>(iyFirst * width + ixFirst) * inStride + <usize>(kyFirst * kernelWidth + kxFirst) * tapBytes;
    for (let c = 0; c < channels; c += 4) {
      const at = (<usize>c) << 2;
      let sum = bias ? v128.load(bias + at) : f32x4.splat(0);
      let row = start + at;
      for (let ky = kyFirst, iy = iyFirst; ky < kernelHeight && iy >= 0; ky += periodY, iy -= stepY) {
        let p = row;
        for (let kx = kxFirst, ix = ixFirst; kx < kernelWidth && ix >= 0; kx += periodX, ix -= stepX) {
          sum = f32x4.add(sum, v128.load(p));
          p += tapStride;
        }
        row += rowStride;
      }
      storeLanes(output + at, clamp(sum, low, high), channels - c);
    }
    output += <usize>arg(pc, WindowArg.OutPixelStride);
  }
}

/** Distance in taps between two that hit the same grid of input pixels; `kernel` if no second one does. */
function period(kernel: i32, dilation: i32, stride: i32): i32 {
  let taps = 1;
  while (taps < kernel && (taps * dilation) % stride !== 0) taps++;
  return taps;
}

/**
 * The first tap that hits an input pixel, inside the picture or not, at output position `at` counted from the padding's
 * start; 2^28 if none does.
 */
function firstTap(at: i32, period: i32, dilation: i32, stride: i32): i32 {
  for (let k = 0; k < period; k++) if ((at - k * dilation) % stride === 0) return k;
  return 1 << 28;
}
