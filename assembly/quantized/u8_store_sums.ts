// What follows the sums of a convolution: eight columns of `rows` pixels, from int32 to what Type says (QuantizedType).
//
//   sums    [rows][8] int32
//   output  NHWC, pixels OutPixelStride bytes apart
// Scales and shifts are read eight at a time, also where fewer columns are left.

import { arg, clamp } from '../math/simd.inline';
import { NR, WindowArg } from '../opcodes';
import { QuantizedConvArg, QuantizedType } from '../opcodes-quantized';
import { bytesOf, rounded, scaled, storeBytes, storeWords } from './requantize.inline';

/** @param m the first pixel @param n the first column, of all groups @param columns how many are stored: 1 to 8, or more */
export function u8_store_sums(pc: usize, sums: usize, m: i32, rows: i32, n: i32, columns: i32): void {
  const type = arg(pc, QuantizedConvArg.Type);
  const stride = <usize>arg(pc, WindowArg.OutPixelStride);
  const end = sums + <usize>rows * (NR << 2);
  const step = arg(pc, QuantizedConvArg.ScaleStep);
  const scale = <usize>arg(pc, QuantizedConvArg.Scale) + <usize>(n * step);
  const sa = step ? v128.load(scale) : v128.load32_splat(scale);
  const sb = step ? v128.load(scale, 16) : sa;
  let to = <usize>arg(pc, WindowArg.Output) + <usize>m * stride + <usize>n;
  if (type === QuantizedType.Byte) {
    const zero = arg(pc, QuantizedConvArg.OutZero);
    const low = f32x4.splat(<f32>(arg(pc, QuantizedConvArg.Min) - zero));
    const high = f32x4.splat(<f32>(arg(pc, QuantizedConvArg.Max) - zero));
    const flip = arg(pc, QuantizedConvArg.OutFlip);
    for (; sums < end; sums += NR << 2) {
      const a = rounded(scaled(v128.load(sums), sa), low, high, zero);
      const b = rounded(scaled(v128.load(sums, 16), sb), low, high, zero);
      storeBytes(to, bytesOf(a, b, flip), columns);
      to += stride;
    }
    return;
  }
  const shift = <usize>arg(pc, QuantizedConvArg.Shift);
  const low = v128.load32_splat(pc + (QuantizedConvArg.FloatMin << 2));
  const high = v128.load32_splat(pc + (QuantizedConvArg.FloatMax << 2));
  to += <usize>n * 3;
  for (; sums < end; sums += NR << 2) {
    let a = v128.load(sums);
    let b = v128.load(sums, 16);
    if (type === QuantizedType.Float32) {
      a = scaled(a, sa);
      b = scaled(b, sb);
      if (shift) {
        a = f32x4.add(a, v128.load(shift + ((<usize>n) << 2)));
        b = f32x4.add(b, v128.load(shift + ((<usize>n) << 2), 16));
      }
      a = clamp(a, low, high);
      b = clamp(b, low, high);
    }
    storeWords(to, a, b, columns);
    to += stride;
  }
}
