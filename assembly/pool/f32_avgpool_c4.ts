// Average pooling: Y[y][x][c] = sum over the window's taps inside the picture / how many taps count. Global pooling is one
// window.
//
//   input, output  NHWC, pixels InPixelStride and OutPixelStride bytes apart
//   CountIncludePad  0: taps inside the picture count; 1: taps inside the picture and its padding; 2: the sum itself
// Four channels at a time, output row by output row. Each row of the window has a sum of its own, so that the error of a
// large window grows with its height plus its width and not with its area. Reads may run 12 bytes past the last channel.

import { arg, storeLanes } from '../math/simd.inline';
import { AveragePoolArg, WindowArg } from '../opcodes';
import { endTap, firstTap } from '../window/window.inline';

/** Computes output row `oy` of the picture at `image`, and writes it to `output`. */
export function f32_avgpool_row_c4(pc: usize, image: usize, oy: i32, output: usize): void {
  const width = arg(pc, WindowArg.InWidth);
  const height = arg(pc, WindowArg.InHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const inStride = <usize>arg(pc, WindowArg.InPixelStride);
  const counting = arg(pc, AveragePoolArg.CountIncludePad);
  const includePad = counting !== 0;
  const tapStride = <usize>dilationWidth * inStride;
  const rowStride = <usize>dilationHeight * <usize>width * inStride;

  const iy = oy * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
  const kyFirst = firstTap(iy, dilationHeight);
  const kyEnd = endTap(iy, dilationHeight, kernelHeight, height, kyFirst);
  // The padding before a window never cuts it; that after it does if ceil_mode lets a window reach further.
  const countY = includePad ? endTap(iy, dilationHeight, kernelHeight, height + arg(pc, AveragePoolArg.PadBottom), 0) : kyEnd - kyFirst;
  let ix = -arg(pc, WindowArg.PadLeft);
  for (let ox = 0; ox < outWidth; ox++) {
    const kxFirst = firstTap(ix, dilationWidth);
    const kxEnd = endTap(ix, dilationWidth, kernelWidth, width, kxFirst);
    const countX = includePad ? endTap(ix, dilationWidth, kernelWidth, width + arg(pc, AveragePoolArg.PadRight), 0) : kxEnd - kxFirst;
    // A window of only padding that does not count gives 0.
    const count = f32x4.splat(counting === 2 ? 1 : max<f32>(1, <f32>countX * <f32>countY));
    const start = image + <usize>((iy + kyFirst * dilationHeight) * width + ix + kxFirst * dilationWidth) * inStride;
    for (let c = 0; c < channels; c += 4) {
      let sum = f32x4.splat(0);
      let row = start + ((<usize>c) << 2);
      for (let ky = kyFirst; ky < kyEnd; ky++) {
        let p = row;
        let x = f32x4.splat(0);
        for (let kx = kxFirst; kx < kxEnd; kx++) {
          x = f32x4.add(x, v128.load(p));
          p += tapStride;
        }
        sum = f32x4.add(sum, x);
        row += rowStride;
      }
      storeLanes(output + ((<usize>c) << 2), f32x4.div(sum, count), channels - c);
    }
    output += <usize>arg(pc, WindowArg.OutPixelStride);
    ix += arg(pc, WindowArg.StrideWidth);
  }
}
