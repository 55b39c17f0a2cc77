// Packing of rows that are normalised on the way: A[m / 4][k][m % 4] = clamp(X[m][k] * scale[k] + shift[k], min, max)
//
//   input         row m at input + m * InPixelStride
//   scale, shift  `depth` floats each
//   output        [ceil(rows / 4)][depth][4], as gemm/f32_gemm_4x8 wants it; rows past the end repeat the last one
// Four channels of four rows at a time, normalised while they are in registers for the transposition. If the depth is no
// multiple of 4, reads run up to 12 bytes past the last channel, and writes up to 48 bytes past the output.

import { arg, argSplat, clamp, madd } from '../math/simd.inline';
import { transpose4 } from '../move/transpose.inline';
import { ConvArg, MR, WindowArg } from '../opcodes';

export function f32_pack_normalized_4(pc: usize, input: usize, rows: i32, depth: i32, scale: usize, shift: usize, output: usize): void {
  const stride = <usize>arg(pc, WindowArg.InPixelStride);
  const low = argSplat(pc, ConvArg.InMin);
  const high = argSplat(pc, ConvArg.InMax);
  const bytes = (<usize>depth) << 2;
  for (; rows > 0; rows -= MR) {
    const p1 = select<usize>(input + stride, input, rows > 1);
    const p2 = select<usize>(p1 + stride, p1, rows > 2);
    const p3 = select<usize>(p2 + stride, p2, rows > 3);
    for (let at: usize = 0; at < bytes; at += 16) {
      const a = v128.load(scale + at);
      const b = v128.load(shift + at);
      transpose4(
        clamp(madd(v128.load(input + at), a, b), low, high),
        clamp(madd(v128.load(p1 + at), a, b), low, high),
        clamp(madd(v128.load(p2 + at), a, b), low, high),
        clamp(madd(v128.load(p3 + at), a, b), low, high),
        output + (at << 2),
      );
    }
    input += stride * MR;
    output += bytes * MR;
  }
}
