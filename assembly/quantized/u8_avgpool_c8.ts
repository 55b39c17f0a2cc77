// Average pooling of bytes: Y[y][x][c] = round(float32(sum over the window's taps inside the picture of X - zero of X) *
// (scale of X / (scale of Y * n))), to even, + zero of Y, clamped; n is how many taps count. Sums are exact; the rest is rounded
// as onnxruntime's QLinearGlobalAveragePool does it. NaN becomes the least number.
//
//   input, output    NHWC, pixels InPixelStride and OutPixelStride bytes apart
//   scales, zeros    in memory: a float32, and a byte that is not flipped (0: none)
//   CountIncludePad  0: taps inside the picture count; 1: taps inside the picture and its padding, which is 0
// Eight channels at a time, output row by output row. A window has at most 2^23 taps inside the picture. Reads may run 7 bytes
// past the last channel.

import { arg } from '../math/simd.inline';
import { WindowArg } from '../opcodes';
import { QuantizedAveragePoolArg } from '../opcodes-quantized';
import { endTap, firstTap } from '../window/window.inline';
import { bytesOf, rounded, scaled, storeBytes } from './requantize.inline';
import { zeroAt } from './zero.inline';

/** Bytes whose sum fits 16 bits. */
const RUN: i32 = 256;

/** Computes output row `oy` of the picture at `image`, and writes it to `output`. */
export function u8_avgpool_row_c8(pc: usize, image: usize, oy: i32, output: usize): void {
  const width = arg(pc, WindowArg.InWidth);
  const height = arg(pc, WindowArg.InHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const inStride = <usize>arg(pc, WindowArg.InPixelStride);
  const includePad = arg(pc, QuantizedAveragePoolArg.CountIncludePad) !== 0;
  const tapStride = <usize>dilationWidth * inStride;
  const rowStride = <usize>dilationHeight * <usize>width * inStride;
  const inFlip = arg(pc, QuantizedAveragePoolArg.InFlip);
  const flip = arg(pc, QuantizedAveragePoolArg.OutFlip);
  const flips = i16x8.splat(<i16>(inFlip & 0xff));
  const inZero = zeroAt(pc, QuantizedAveragePoolArg.InZero, inFlip);
  const zero = zeroAt(pc, QuantizedAveragePoolArg.OutZero, flip);
  const inScale = load<f32>(<usize>arg(pc, QuantizedAveragePoolArg.InScale));
  const outScale = load<f32>(<usize>arg(pc, QuantizedAveragePoolArg.OutScale));
  const low = f32x4.splat(<f32>-zero);
  const high = f32x4.splat(<f32>(<i32>255 - zero));

  const iy = oy * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
  const kyFirst = firstTap(iy, dilationHeight);
  const rows = endTap(iy, dilationHeight, kernelHeight, height, kyFirst) - kyFirst;
  // As in pool/f32_avgpool_c4.
  const countY = includePad ? endTap(iy, dilationHeight, kernelHeight, height + arg(pc, QuantizedAveragePoolArg.PadBottom), 0) : rows;
  let ix = -arg(pc, WindowArg.PadLeft);
  for (let ox = 0; ox < outWidth; ox++) {
    const kxFirst = firstTap(ix, dilationWidth);
    const columns = endTap(ix, dilationWidth, kernelWidth, width, kxFirst) - kxFirst;
    const countX = includePad ? endTap(ix, dilationWidth, kernelWidth, width + arg(pc, QuantizedAveragePoolArg.PadRight), 0) : columns;
    const scale = f32x4.splat(inScale / (outScale * max<f32>(1, <f32>countX * <f32>countY)));
    const first = i32x4.splat(-inZero * rows * columns);
    const start = image + <usize>((iy + kyFirst * dilationHeight) * width + ix + kxFirst * dilationWidth) * inStride;
    for (let c = 0; c < channels; c += 8) {
      let a = first;
      let b = first;
      let row = start + <usize>c;
      for (let ky = 0; ky < rows; ky++) {
        let p = row;
        for (let left = columns; left > 0; left -= RUN) {
          let sum = i32x4.splat(0);
          for (let kx = min(left, RUN); kx > 0; kx--) {
            sum = i16x8.add(sum, v128.xor(v128.load8x8_u(p), flips));
            p += tapStride;
          }
          a = i32x4.add(a, i32x4.extend_low_i16x8_u(sum));
          b = i32x4.add(b, i32x4.extend_high_i16x8_u(sum));
        }
        row += rowStride;
      }
      a = rounded(scaled(a, scale), low, high, zero);
      b = rounded(scaled(b, scale), low, high, zero);
      storeBytes(output + <usize>c, bytesOf(a, b, flip), channels - c);
    }
    output += <usize>arg(pc, WindowArg.OutPixelStride);
    ix += arg(pc, WindowArg.StrideWidth);
  }
}
