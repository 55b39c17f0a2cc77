// Y[p][c] = (X[p][c] - zero point) * scale: ONNX's DequantizeLinear of bytes with one scale.
//
//   input, output  Pixels rows of Channels numbers, InPixelStride and OutPixelStride bytes apart
//   scale, zero    in memory: a float32, and a byte that is not flipped (0: none)
// A tensor without gaps is one row. Reads may run 7 bytes past a row.

import { arg, storeLanes } from '../math/simd.inline';
import { DequantizeArg } from '../opcodes-quantized';
import { mine, share } from '../threads.inline';
import { wide, zeroAt } from './zero.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function u8_dequantize(pc: usize): void {
  const pixels = arg(pc, DequantizeArg.Pixels);
  const channels = arg(pc, DequantizeArg.Channels);
  let input = <usize>arg(pc, DequantizeArg.Input);
  let output = <usize>arg(pc, DequantizeArg.Output);
  share(pixels * ((channels + BLOCK - 1) / BLOCK), <f32>min(BLOCK, channels));
  for (let m = 0; m < pixels; m++) {
    for (let c = 0; c < channels; c += BLOCK) {
      if (mine()) u8_dequantize_row(pc, min(BLOCK, channels - c), input + <usize>c, output + ((<usize>c) << 2));
    }
    input += <usize>arg(pc, DequantizeArg.InPixelStride);
    output += <usize>arg(pc, DequantizeArg.OutPixelStride);
  }
}

/** Dequantizes `count` elements. */
export function u8_dequantize_row(pc: usize, count: i32, input: usize, output: usize): void {
  const flip = arg(pc, DequantizeArg.InFlip);
  const zero = i16x8.splat(<i16>zeroAt(pc, DequantizeArg.Zero, flip));
  const flips = i32x4.splat(flip);
  const scale = v128.load32_splat(<usize>arg(pc, DequantizeArg.Scale));
  for (let i = 0; i < count; i += 8) {
    const words = wide(input + <usize>i, 1, flips, zero);
    const at = output + ((<usize>i) << 2);
    storeLanes(at, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)), scale), count - i);
    if (count - i > 4) storeLanes(at + 16, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), scale), count - i - 4);
  }
}
