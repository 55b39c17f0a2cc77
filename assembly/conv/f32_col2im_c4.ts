// The second half of a transposed convolution: what each input pixel gives to the output pixels around it is added up.
// Y[y][x][c] = clamp(bias[c] + sum over (ky, kx) of X[iy][ix][ky][kx][c], Min, Max), iy * StrideHeight = y + PadTop - ky * DilationHeight
//
//   input   columns [pixel of the input picture][ky][kx][Channels]: the matrix product's output, pixels InPixelStride bytes apart
//   bias    Channels floats; 0: none
//   output  NHWC, pixels OutPixelStride bytes apart
// The output gathers, so that no two rows write the same pixel. Four channels at a time, taps in the order (ky, kx). Reads may run 12
// bytes past the last channel.

import { arg, argSplat, clamp, storeLanes } from '../math/simd.inline';
import { Col2ImArg, WindowArg } from '../opcodes';

/** Output row `oy` of the picture whose columns start at `image`, written to `output`. */
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
  const padTop = arg(pc, WindowArg.PadTop);
  const padLeft = arg(pc, WindowArg.PadLeft);
  const inStride = <usize>arg(pc, WindowArg.InPixelStride);
  const bias = <usize>arg(pc, Col2ImArg.Bias);
  const low = argSplat(pc, Col2ImArg.Min);
  const high = argSplat(pc, Col2ImArg.Max);
  const tapBytes = (<usize>channels) << 2;
  for (let ox = 0; ox < outWidth; ox++) {
    for (let c = 0; c < channels; c += 4) {
      const at = (<usize>c) << 2;
      let sum = bias ? v128.load(bias + at) : f32x4.splat(0);
      for (let ky = 0; ky < kernelHeight; ky++) {
        const y = oy + padTop - ky * dilationHeight;
        const iy = y / strideHeight;
        if (y < 0 || iy >= height || iy * strideHeight !== y) continue;
        for (let kx = 0; kx < kernelWidth; kx++) {
          const x = ox + padLeft - kx * dilationWidth;
          const ix = x / strideWidth;
          if (x < 0 || ix >= width || ix * strideWidth !== x) continue;
          const pixel = image + (<usize>iy * <usize>width + <usize>ix) * inStride;
          sum = f32x4.add(sum, v128.load(pixel + <usize>(ky * kernelWidth + kx) * tapBytes + at));
        }
      }
      storeLanes(output + at, clamp(sum, low, high), channels - c);
    }
    output += <usize>arg(pc, WindowArg.OutPixelStride);
  }
}
