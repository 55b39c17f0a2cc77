// Max pooling: Y[y][x][c] = max over the window's taps inside the picture; a window without any gives -infinity. NaN wins.
//
//   input, output  NHWC, pixels InPixelStride and OutPixelStride bytes apart
// Four channels at a time, output row by output row. Reads may run 12 bytes past the last channel.

import { arg, storeLanes } from '../math/simd.inline';
import { WindowArg } from '../opcodes';
import { endTap, firstTap } from '../window/window.inline';

/** Output row `oy` of the picture at `image`, written to `output`. */
export function f32_maxpool_row_c4(pc: usize, image: usize, oy: i32, output: usize): void {
  const width = arg(pc, WindowArg.InWidth);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const inStride = <usize>arg(pc, WindowArg.InPixelStride);
  const tapStride = <usize>dilationWidth * inStride;
  const rowStride = <usize>dilationHeight * <usize>width * inStride;

  const iy = oy * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
  const kyFirst = firstTap(iy, dilationHeight);
  const kyEnd = endTap(iy, dilationHeight, arg(pc, WindowArg.KernelHeight), arg(pc, WindowArg.InHeight), kyFirst);
  let ix = -arg(pc, WindowArg.PadLeft);
  for (let ox = 0; ox < outWidth; ox++) {
    const kxFirst = firstTap(ix, dilationWidth);
    const kxEnd = endTap(ix, dilationWidth, arg(pc, WindowArg.KernelWidth), width, kxFirst);
    const start = image + <usize>((iy + kyFirst * dilationHeight) * width + ix + kxFirst * dilationWidth) * inStride;
    for (let c = 0; c < channels; c += 4) {
      let x = f32x4.splat(-f32.MAX_VALUE * 2);
      let row = start + ((<usize>c) << 2);
      for (let ky = kyFirst; ky < kyEnd; ky++) {
        let p = row;
        for (let kx = kxFirst; kx < kxEnd; kx++) {
          x = f32x4.max(x, v128.load(p));
          p += tapStride;
        }
        row += rowStride;
      }
      storeLanes(output + ((<usize>c) << 2), x, channels - c);
    }
    output += <usize>arg(pc, WindowArg.OutPixelStride);
    ix += arg(pc, WindowArg.StrideWidth);
  }
}
