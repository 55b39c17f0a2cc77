// Max pooling of bytes: Y[y][x][c] = max over the window's taps inside the picture; a window without any gives the least number.
//
//   input, output  NHWC, pixels InPixelStride and OutPixelStride bytes apart
// Sixteen channels at a time, output row by output row. Reads may run 15 bytes past the last channel.

import { arg } from '../math/simd.inline';
import { WindowArg } from '../opcodes';
import { QuantizedMaxPoolArg } from '../opcodes-quantized';
import { endTap, firstTap } from '../window/window.inline';
import { storeBytes } from './requantize.inline';

/** Computes output row `oy` of the picture at `image`, and writes it to `output`. */
export function u8_maxpool_row_c16(pc: usize, image: usize, oy: i32, output: usize): void {
  const width = arg(pc, WindowArg.InWidth);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const inStride = <usize>arg(pc, WindowArg.InPixelStride);
  const tapStride = <usize>dilationWidth * inStride;
  const rowStride = <usize>dilationHeight * <usize>width * inStride;
  const flips = i32x4.splat(arg(pc, QuantizedMaxPoolArg.Flip));

  const iy = oy * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
  const kyFirst = firstTap(iy, dilationHeight);
  const rows = endTap(iy, dilationHeight, arg(pc, WindowArg.KernelHeight), arg(pc, WindowArg.InHeight), kyFirst) - kyFirst;
  let ix = -arg(pc, WindowArg.PadLeft);
  for (let ox = 0; ox < outWidth; ox++) {
    const kxFirst = firstTap(ix, dilationWidth);
    const columns = endTap(ix, dilationWidth, arg(pc, WindowArg.KernelWidth), width, kxFirst) - kxFirst;
    const start = image + <usize>((iy + kyFirst * dilationHeight) * width + ix + kxFirst * dilationWidth) * inStride;
    for (let c = 0; c < channels; c += 16) {
      let x = i32x4.splat(0);
      let row = start + <usize>c;
      for (let ky = 0; ky < rows; ky++) {
        let p = row;
        for (let kx = 0; kx < columns; kx++) {
          x = i8x16.max_u(x, v128.xor(v128.load(p), flips));
          p += tapStride;
        }
        row += rowStride;
      }
      x = v128.xor(x, flips);
      const to = output + <usize>c;
      if (channels - c >= 16) v128.store(to, x);
      else {
        storeBytes(to, x, channels - c);
        if (channels - c > 8) storeBytes(to + 8, v128.shuffle<i64>(x, x, 1, 1), channels - c - 8);
      }
    }
    output += <usize>arg(pc, WindowArg.OutPixelStride);
    ix += arg(pc, WindowArg.StrideWidth);
  }
}
