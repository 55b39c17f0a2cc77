// Y[p][c] = round(X[p][c] / scale), to even, + zero point, clamped to a byte: ONNX's QuantizeLinear with one scale. NaN becomes
// the least byte.
//
//   input, output  Pixels rows of Channels numbers, InPixelStride and OutPixelStride bytes apart
//   scale, zero    in memory: a float32, and a byte that is not flipped (0: none)
//   again          of up to BLOCK channels eight may be stored once more, behind the others
// A tensor without gaps is one row. Reads may run 28 bytes past a row.

import { arg } from '../math/simd.inline';
import { QuantizeArg } from '../opcodes-quantized';
import { mine, share } from '../threads.inline';
import { bytesOf, rounded, storeBytes } from './requantize.inline';
import { zeroAt } from './zero.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_quantize(pc: usize): void {
  const pixels = arg(pc, QuantizeArg.Pixels);
  const channels = arg(pc, QuantizeArg.Channels);
  const inStride = <usize>arg(pc, QuantizeArg.InPixelStride);
  const outStride = <usize>arg(pc, QuantizeArg.OutPixelStride);
  const rows = max(1, BLOCK / max(1, channels));
  share(((pixels + rows - 1) / rows) * ((channels + BLOCK - 1) / BLOCK), <f32>min(BLOCK, channels * min(rows, pixels)));
  for (let m = 0; m < pixels; m += rows) {
    const input = <usize>arg(pc, QuantizeArg.Input) + <usize>m * inStride;
    const output = <usize>arg(pc, QuantizeArg.Output) + <usize>m * outStride;
    for (let c = 0; c < channels; c += BLOCK) {
      if (mine()) f32_quantize_rows(pc, min(rows, pixels - m), min(BLOCK, channels - c), input + ((<usize>c) << 2), output + <usize>c);
    }
  }
}

/** Quantizes `count` elements of each of `rows` rows. */
export function f32_quantize_rows(pc: usize, rows: i32, count: i32, input: usize, output: usize): void {
  const flip = arg(pc, QuantizeArg.OutFlip);
  const zero = zeroAt(pc, QuantizeArg.Zero, flip);
  const scale = v128.load32_splat(<usize>arg(pc, QuantizeArg.Scale));
  const low = f32x4.splat(<f32>-zero);
  const high = f32x4.splat(<f32>(<i32>255 - zero));
  const inStride = <usize>arg(pc, QuantizeArg.InPixelStride);
  const outStride = <usize>arg(pc, QuantizeArg.OutPixelStride);
  const again = <usize>arg(pc, QuantizeArg.Again);
  for (; rows > 0; rows--) {
    for (let i = 0; i < count; i += 8) {
      const at = input + ((<usize>i) << 2);
      const a = rounded(f32x4.div(v128.load(at), scale), low, high, zero);
      const b = rounded(f32x4.div(v128.load(at, 16), scale), low, high, zero);
      storeBytes(output + <usize>i, bytesOf(a, b, flip), count - i);
    }
    for (let i: usize = 0; i < again; i++) {
      store<u8>(output + <usize>count + i, load<u8>(output + <usize>load<u32>(pc + (i << 2), QuantizeArg.AgainChannels << 2)));
    }
    input += inStride;
    output += outStride;
  }
}
