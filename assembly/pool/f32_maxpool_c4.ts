// Max pooling: Y[y][x][c] = max over the window's taps inside the picture; a window without any gives -infinity. NaN wins.
//
//   input, output  NHWC, pixels InPixelStride and OutPixelStride bytes apart
// Eight channels at a time, then four, output row by output row. A maximum that keeps NaN takes eight instructions on
// x86-64, so NaNs are recorded beside a plain maximum, and set all bits at the end. Reads may run 12 bytes past the last
// channel.

import { arg, storeLanes } from '../math/simd.inline';
import { WindowArg } from '../opcodes';
import { endTap, firstTap } from '../window/window.inline';

/** Computes output row `oy` of the picture at `image`, and writes it to `output`. */
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
    const rows = kyEnd - kyFirst;
    const columns = kxEnd - kxFirst;
    let c = 0;
    for (; c + 8 <= channels; c += 8) {
      let x0 = f32x4.splat(-f32.MAX_VALUE * 2);
      let x1 = x0;
      let nan0 = v128.xor(x0, x0);
      let nan1 = nan0;
      let row = start + ((<usize>c) << 2);
      for (let ky = 0; ky < rows; ky++) {
        let p = row;
        for (let kx = 0; kx < columns; kx++) {
          const v0 = v128.load(p);
          const v1 = v128.load(p, 16);
          x0 = f32x4.pmax(x0, v0);
          x1 = f32x4.pmax(x1, v1);
          nan0 = v128.or(nan0, f32x4.ne(v0, v0));
          nan1 = v128.or(nan1, f32x4.ne(v1, v1));
          p += tapStride;
        }
        row += rowStride;
      }
      v128.store(output + ((<usize>c) << 2), v128.or(x0, nan0));
      v128.store(output + ((<usize>c) << 2), v128.or(x1, nan1), 16);
    }
    for (; c < channels; c += 4) {
      let x = f32x4.splat(-f32.MAX_VALUE * 2);
      let nan = v128.xor(x, x);
      let row = start + ((<usize>c) << 2);
      for (let ky = 0; ky < rows; ky++) {
        let p = row;
        for (let kx = 0; kx < columns; kx++) {
          const v = v128.load(p);
          x = f32x4.pmax(x, v);
          nan = v128.or(nan, f32x4.ne(v, v));
          p += tapStride;
        }
        row += rowStride;
      }
      storeLanes(output + ((<usize>c) << 2), v128.or(x, nan), channels - c);
    }
    output += <usize>arg(pc, WindowArg.OutPixelStride);
    ix += arg(pc, WindowArg.StrideWidth);
  }
}
