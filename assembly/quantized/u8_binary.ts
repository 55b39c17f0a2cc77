// Y = round(f((A - zero of A) * scale of A, (B - zero of B) * scale of B) / scale of Y), to even, + zero of Y, clamped: what ONNX's
// DequantizeLinear, Add or Mul, and QuantizeLinear give, each operation rounded to float32. NaN becomes the least number.
//
//   output, a, b   as in elementwise/f32_binary, whose loops call this; strides in bytes are those in elements; the output may be
//                  an input of the same strides
//   scales, zeros  in memory: a float32, and a byte that is not flipped (0: none)
// Rows run in vectors of eight if their strides are 0 or 1 byte, else element by element. Reads may run 7 bytes past a row.

import { arg } from '../math/simd.inline';
import { BinaryArg, BinaryKind, RANK } from '../opcodes';
import { QuantizedBinaryArg } from '../opcodes-quantized';
import { bytesOf, rounded, storeBytes } from './requantize.inline';
import { wide, zeroAt } from './zero.inline';

/** Computes `count` elements of the last dimension in each of `rows` rows of the one before. */
export function u8_binary_rows(pc: usize, rows: i32, count: i32, output: usize, a: usize, b: usize): void {
  const outStride = <usize>arg(pc, BinaryArg.OutputStrides + RANK - 1);
  const aStride = <usize>arg(pc, BinaryArg.AStrides + RANK - 1);
  const bStride = <usize>arg(pc, BinaryArg.BStrides + RANK - 1);
  const step = outStride === 1 && (aStride | bStride) <= 1 ? 8 : 1;
  const product = arg(pc, BinaryArg.Kind) === BinaryKind.Mul;
  const aFlip = arg(pc, QuantizedBinaryArg.AFlip);
  const bFlip = arg(pc, QuantizedBinaryArg.BFlip);
  const flip = arg(pc, QuantizedBinaryArg.OutFlip);
  const aZero = i16x8.splat(<i16>zeroAt(pc, QuantizedBinaryArg.AZero, aFlip));
  const bZero = i16x8.splat(<i16>zeroAt(pc, QuantizedBinaryArg.BZero, bFlip));
  const zero = zeroAt(pc, QuantizedBinaryArg.OutZero, flip);
  const aFlips = i32x4.splat(aFlip);
  const bFlips = i32x4.splat(bFlip);
  const aScale = v128.load32_splat(<usize>arg(pc, QuantizedBinaryArg.AScale));
  const bScale = v128.load32_splat(<usize>arg(pc, QuantizedBinaryArg.BScale));
  const scale = v128.load32_splat(<usize>arg(pc, QuantizedBinaryArg.OutScale));
  const low = f32x4.splat(<f32>(arg(pc, QuantizedBinaryArg.Min) - zero));
  const high = f32x4.splat(<f32>(arg(pc, QuantizedBinaryArg.Max) - zero));
  for (let r = 0; r < rows; r++) {
    let x = a;
    let y = b;
    let to = output;
    for (let i = 0; i < count; i += step) {
      const p = wide(x, aStride, aFlips, aZero);
      const q = wide(y, bStride, bFlips, bZero);
      let c = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(p)), aScale);
      let d = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(p)), aScale);
      const e = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(q)), bScale);
      const f = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(q)), bScale);
      c = product ? f32x4.mul(c, e) : f32x4.add(c, e);
      d = product ? f32x4.mul(d, f) : f32x4.add(d, f);
      c = rounded(f32x4.div(c, scale), low, high, zero);
      d = rounded(f32x4.div(d, scale), low, high, zero);
      storeBytes(to, bytesOf(c, d, flip), min(step, count - i));
      to += outStride * <usize>step;
      x += aStride * <usize>step;
      y += bStride * <usize>step;
    }
    output += <usize>arg(pc, BinaryArg.OutputStrides + RANK - 2);
    a += <usize>arg(pc, BinaryArg.AStrides + RANK - 2);
    b += <usize>arg(pc, BinaryArg.BStrides + RANK - 2);
  }
}
