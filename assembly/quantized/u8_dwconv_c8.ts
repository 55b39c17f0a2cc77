// Depthwise convolution of bytes:
// sum[p][c] = bias[c] + sum over (ky, kx) of (X[p·stride + (ky, kx)·dilation - pad][c] - zero) * W[kx][ky][c],
// stored as Type says (QuantizedType). Padding is the zero point. Any kernel, stride, padding and dilation.
//
//   input    NHWC bytes, pixels InPixelStride bytes apart
//   weights  panels of i8_pack_panels with the channels as columns: depth (kx, ky), each column of the kernel padded
//   output   NHWC, pixels OutPixelStride bytes apart, batch * OutHeight * OutWidth of them without gaps
//   scratch  OutWidth * 8 sums, OutWidth rounded up to four; 16 bytes; the interleaved rows
// For each output row and eight channels the input rows that it needs are interleaved, two rows of int16 (four rows of bytes for
// relaxed dots) to a set: [column][set][8][2] ([column][set][8][4]), between columns of padding, which stay. A tap of a set is then
// one dot for four channels, and four output pixels share its weights. The zero point times the sum of a column's weights is in the
// sums from the beginning. Reads may run 7 bytes past the last channel.

import { arg } from '../math/simd.inline';
import { MR, NR, WindowArg } from '../opcodes';
import { DEPTH_STEP, PANEL_HEAD, QuantizedConvArg } from '../opcodes-quantized';
import { mine, share, workspace } from '../threads.inline';
import { DOT_BYTES, DOT_ROWS, dot, interleaved, inZero, weightsOf } from './dots.inline';
import { u8_store_sums } from './u8_store_sums';

/** Bytes of a set of a column. */
const SET: usize = 32;
/** Bytes of a column of three rows. */
const THREE_ROWS: usize = PACK_DOTS ? SET : 2 * SET;

export function u8_dwconv_c8(pc: usize): void {
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const batch = arg(pc, WindowArg.Batch);
  const zero = inZero(pc);
  const tiles = (outWidth + MR - 1) & -MR;
  const sums = workspace(<usize>arg(pc, QuantizedConvArg.Scratch));
  const blank = sums + <usize>tiles * (NR << 2);
  const sets = blank + 16;
  const panelBytes = <usize>(PANEL_HEAD + kernelWidth * (((kernelHeight + DEPTH_STEP - 1) & -DEPTH_STEP) * NR));
  share(batch * outHeight * ((channels + NR - 1) / NR), <f32>outWidth * <f32>(kernelHeight * kernelWidth) * 2);

  memory.fill(blank, <u8>(zero ^ arg(pc, QuantizedConvArg.InFlip)), 16);
  const columns = (tiles - 1) * arg(pc, WindowArg.StrideWidth) + (kernelWidth - 1) * arg(pc, WindowArg.DilationWidth) + 1;
  const end = sets + <usize>(columns * ((kernelHeight + DOT_ROWS - 1) / DOT_ROWS)) * SET;
  for (let p = sets; p < end; p += 16) v128.store(p, PACK_DOTS ? i8x16.splat(<i8>zero) : i16x8.splat(<i16>zero));

  let image = <usize>arg(pc, WindowArg.Input);
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      let panel = <usize>arg(pc, QuantizedConvArg.Weights);
      for (let c = 0; c < channels; c += NR) {
        if (mine()) {
          u8_dwconv_interleave(pc, image + <usize>c, oy, blank, sets);
          u8_dwconv_sums(pc, panel, zero, sets, sums);
          u8_store_sums(pc, sums, (n * outHeight + oy) * outWidth, outWidth, c, channels - c);
        }
        panel += panelBytes;
      }
    }
    image += <usize>(arg(pc, WindowArg.InHeight) * arg(pc, WindowArg.InWidth)) * <usize>arg(pc, WindowArg.InPixelStride);
  }
}

/** Interleaves eight channels of the input rows that output row `oy` needs. @param blank a pixel of padding */
export function u8_dwconv_interleave(pc: usize, image: usize, oy: i32, blank: usize, output: usize): void {
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const dilation = arg(pc, WindowArg.DilationHeight);
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const padLeft = arg(pc, WindowArg.PadLeft);
  const stride = <usize>arg(pc, WindowArg.InPixelStride);
  const flips = i32x4.splat(arg(pc, QuantizedConvArg.InFlip));
  const columnBytes = <usize>((kernelHeight + DOT_ROWS - 1) / DOT_ROWS) * SET;
  const columns =
    (arg(pc, WindowArg.OutWidth) - 1) * arg(pc, WindowArg.StrideWidth) +
    (arg(pc, WindowArg.KernelWidth) - 1) * arg(pc, WindowArg.DilationWidth) +
    1;
  const bytes = <usize>max(0, min(width, columns - padLeft)) * columnBytes;
  const rowStride = <usize>(dilation * width) * stride;
  output += <usize>padLeft * columnBytes;
  let y = oy * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
  let row = image + <usize>(y * width) * stride;
  for (let ky = 0; ky < kernelHeight; ky += DOT_ROWS) {
    const in0 = <u32>y < <u32>height;
    const in1 = ky + 1 < kernelHeight && <u32>(y + dilation) < <u32>height;
    let p0 = in0 ? row : blank;
    let p1 = in1 ? row + rowStride : blank;
    const step0 = in0 ? stride : 0;
    const step1 = in1 ? stride : 0;
    const end = output + bytes;
    if (PACK_DOTS) {
      const in2 = ky + 2 < kernelHeight && <u32>(y + 2 * dilation) < <u32>height;
      const in3 = ky + 3 < kernelHeight && <u32>(y + 3 * dilation) < <u32>height;
      let p2 = in2 ? row + 2 * rowStride : blank;
      let p3 = in3 ? row + 3 * rowStride : blank;
      const step2 = in2 ? stride : 0;
      const step3 = in3 ? stride : 0;
      for (let to = output; to < end; to += columnBytes) {
        const ab = v128.xor(interleaved(p0, p1), flips);
        const cd = v128.xor(interleaved(p2, p3), flips);
        v128.store(to, v128.shuffle<i16>(ab, cd, 0, 8, 1, 9, 2, 10, 3, 11));
        v128.store(to, v128.shuffle<i16>(ab, cd, 4, 12, 5, 13, 6, 14, 7, 15), 16);
        p0 += step0;
        p1 += step1;
        p2 += step2;
        p3 += step3;
      }
    } else {
      for (let to = output; to < end; to += columnBytes) {
        const ab = v128.xor(interleaved(p0, p1), flips);
        v128.store(to, i16x8.extend_low_i8x16_u(ab));
        v128.store(to, i16x8.extend_high_i8x16_u(ab), 16);
        p0 += step0;
        p1 += step1;
      }
    }
    output += SET;
    y += DOT_ROWS * dilation;
    row += <usize>DOT_ROWS * rowStride;
  }
}

/** The sums of an output row, four pixels times eight channels at a time. */
export function u8_dwconv_sums(pc: usize, panel: usize, zero: i32, x: usize, sums: usize): void {
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  let sets = (kernelHeight + DOT_ROWS - 1) / DOT_ROWS;
  const columnBytes = <usize>sets * SET;
  // What lies between columns of the kernel, here and there.
  const skip = <usize>((kernelHeight + DEPTH_STEP - 1) & -DEPTH_STEP) * NR - <usize>sets * DOT_BYTES;
  const gap = <usize>(arg(pc, WindowArg.DilationWidth) - 1) * columnBytes;
  const step = <usize>arg(pc, WindowArg.StrideWidth) * columnBytes;
  let kernelWidth = arg(pc, WindowArg.KernelWidth);
  if (skip === 0 && gap === 0) {
    sets *= kernelWidth;
    kernelWidth = 1;
  }
  const z = i32x4.splat(zero);
  const a = i32x4.sub(v128.load(panel), i32x4.mul(z, v128.load(panel, 32)));
  const b = i32x4.sub(v128.load(panel, 16), i32x4.mul(z, v128.load(panel, 48)));
  const end = sums + <usize>arg(pc, WindowArg.OutWidth) * (NR << 2);
  // The usual kernel: what neighbours share is loaded once, for four channels at a time.
  if (kernelHeight === 3 && arg(pc, WindowArg.KernelWidth) === 3 && step === THREE_ROWS && gap === 0) {
    for (let half: usize = 0; half < 2; half++) {
      let p = x + half * 16;
      for (let to = sums + half * 16; to < end; to += MR * NR * 4) {
        let s0 = half ? b : a;
        let s1 = s0;
        let s2 = s0;
        let s3 = s0;
        let w = panel + PANEL_HEAD;
        for (let q = p; q < p + THREE_ROWS; q += SET) {
          const w0 = weightsOf<i8>(w, half);
          const w1 = weightsOf<i8>(w + 4 * NR, half);
          const w2 = weightsOf<i8>(w + 8 * NR, half);
          const x1 = v128.load(q, THREE_ROWS);
          const x2 = v128.load(q, 2 * THREE_ROWS);
          const x3 = v128.load(q, 3 * THREE_ROWS);
          const x4 = v128.load(q, 4 * THREE_ROWS);
          s0 = dot<i8>(w2, x2, dot<i8>(w1, x1, dot<i8>(w0, v128.load(q), s0)));
          s1 = dot<i8>(w2, x3, dot<i8>(w1, x2, dot<i8>(w0, x1, s1)));
          s2 = dot<i8>(w2, x4, dot<i8>(w1, x3, dot<i8>(w0, x2, s2)));
          s3 = dot<i8>(w2, v128.load(q, 5 * THREE_ROWS), dot<i8>(w1, x4, dot<i8>(w0, x3, s3)));
          w += DOT_BYTES;
        }
        v128.store(to, s0);
        v128.store(to, s1, 32);
        v128.store(to, s2, 64);
        v128.store(to, s3, 96);
        p += <usize>MR * THREE_ROWS;
      }
    }
    return;
  }
  for (; sums < end; sums += MR * NR * 4) {
    let a0 = a,
      a1 = a,
      a2 = a,
      a3 = a;
    let b0 = b,
      b1 = b,
      b2 = b,
      b3 = b;
    let p0 = x;
    let p1 = p0 + step;
    let p2 = p1 + step;
    let p3 = p2 + step;
    x = p3 + step;
    let w = panel + PANEL_HEAD;
    for (let kx = 0; kx < kernelWidth; kx++) {
      for (let s = 0; s < sets; s++) {
        const wa = weightsOf<i8>(w, 0);
        const wb = weightsOf<i8>(w, 1);
        a0 = dot<i8>(wa, v128.load(p0), a0);
        b0 = dot<i8>(wb, v128.load(p0, 16), b0);
        a1 = dot<i8>(wa, v128.load(p1), a1);
        b1 = dot<i8>(wb, v128.load(p1, 16), b1);
        a2 = dot<i8>(wa, v128.load(p2), a2);
        b2 = dot<i8>(wb, v128.load(p2, 16), b2);
        a3 = dot<i8>(wa, v128.load(p3), a3);
        b3 = dot<i8>(wb, v128.load(p3, 16), b3);
        w += DOT_BYTES;
        p0 += SET;
        p1 += SET;
        p2 += SET;
        p3 += SET;
      }
      w += skip;
      p0 += gap;
      p1 += gap;
      p2 += gap;
      p3 += gap;
    }
    v128.store(sums, a0);
    v128.store(sums, b0, 16);
    v128.store(sums, a1, 32);
    v128.store(sums, b1, 48);
    v128.store(sums, a2, 64);
    v128.store(sums, b2, 80);
    v128.store(sums, a3, 96);
    v128.store(sums, b3, 112);
  }
}
