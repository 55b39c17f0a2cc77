// Convolution of bytes by implicit im2col:
// sum[p][o] = bias[o] + sum over (ky, kx, i) of (X[p·stride + (ky, kx)·dilation - pad][i] - zero) * W[ky][kx][i][o],
// stored as Type says (QuantizedType). Padding is the zero point. Any kernel, stride, padding, dilation and groups; a matrix
// product is the 1×1 case.
//
//   input    NHWC bytes, pixels InPixelStride bytes apart; group g's channels start at g * Channels
//   weights  panels of i8_pack_panels<W>, depth (ky, kx, i), group by group
//   output   NHWC, pixels OutPixelStride bytes apart, batch * OutHeight * OutWidth of them without gaps
//   scratch  BlockPixels * 8 sums; five rows of a kernel, padded as panels are and 16 bytes longer; the packed pixels,
//            BlockPixels * depth * 2 bytes (less for dots) and 64
// Blocks of BlockPixels output pixels are packed, then every panel of weights runs over the block. Without relaxed dots packed
// pixels are int16, [pixel / 4][depth / 2][4][2]; with them bytes, [pixel / 4][depth / 4][4][4]; a last pixel without others
// is alone, [depth]. The zero point times the sum of a column's weights is in the sums from the beginning. Sums are modulo
// 2^32, so that any order and any cut give the same. What follows a row of a kernel is packed with it where the row is no
// multiple of four, because its weights are 0. Reads may run 18 bytes past a row of a kernel.

import { within } from '../conv/taps.inline';
import { arg } from '../math/simd.inline';
import { MR, NR, WindowArg } from '../opcodes';
import { DEPTH_STEP, PANEL_HEAD, QuantizedConvArg } from '../opcodes-quantized';
import { mine, pieceOf, share, workspace } from '../threads.inline';
import { dot, dotBytes, inZero, usesDots, weightsOf } from './dots.inline';
import { u8_store_sums } from './u8_store_sums';

/** Bytes behind a row of a kernel. */
const BEHIND: i32 = 16;

/** @typeParam W the weights: i8, or i16 where a zero point leaves them more than int8 holds */
export function u8_conv_igemm_4x8<W>(pc: usize): void {
  const pixels = arg(pc, WindowArg.Batch) * arg(pc, WindowArg.OutHeight) * arg(pc, WindowArg.OutWidth);
  const row = rowBytes(pc);
  const depth = arg(pc, WindowArg.KernelHeight) * row;
  const groups = arg(pc, QuantizedConvArg.Groups);
  const outChannels = arg(pc, QuantizedConvArg.OutChannels);
  const blockPixels = arg(pc, QuantizedConvArg.BlockPixels);
  const sums = workspace(<usize>arg(pc, QuantizedConvArg.Scratch));
  const rows = sums + <usize>(blockPixels * (NR << 2));
  const packed = rows + <usize>((MR + 1) * (row + BEHIND));
  const panelBytes = <usize>PANEL_HEAD + <usize>(depth * NR) * sizeof<W>();
  const zero = inZero(pc);

  let weights = <usize>arg(pc, QuantizedConvArg.Weights);
  const panels = (outChannels + NR - 1) / NR;
  let part = max(1, panels) * NR;
  if (ASC_FEATURE_THREADS) {
    const blocks = groups * ((pixels + blockPixels - 1) / max(1, blockPixels));
    part = pieceOf(blocks, panels) * NR;
    share(blocks * ((outChannels + part - 1) / part), <f32>min(pixels, blockPixels) * <f32>depth * <f32>part * 0.1);
  }
  memory.fill(rows, <u8>(zero ^ arg(pc, QuantizedConvArg.InFlip)), <usize>(row + BEHIND));
  for (let g = 0; g < groups; g++) {
    for (let m = 0; m < pixels; m += blockPixels) {
      const block = min(blockPixels, pixels - m);
      let isPacked = false;
      for (let from = 0; from < outChannels; from += part) {
        if (!mine()) continue;
        if (!isPacked) u8_pack_pixels_4<W>(pc, g, m, block, rows, packed);
        isPacked = true;
        let panel = weights + <usize>(from / NR) * panelBytes;
        for (let n = from; n < min(outChannels, from + part); n += NR) {
          u8_gemm_4x8<W>(block, depth, packed, panel, zero, sums);
          u8_store_sums(pc, sums, m, block, g * outChannels + n, outChannels - n);
          panel += panelBytes;
        }
      }
    }
    weights += <usize>panels * panelBytes;
  }
}

/** Weights of a row of the kernel, padded. */
function rowBytes(pc: usize): i32 {
  return (arg(pc, WindowArg.KernelWidth) * arg(pc, WindowArg.Channels) + DEPTH_STEP - 1) & -DEPTH_STEP;
}

/** The sums of `rows` packed pixels, times eight columns. */
export function u8_gemm_4x8<W>(rows: i32, depth: i32, x: usize, panel: usize, zero: i32, sums: usize): void {
  const start = panel + PANEL_HEAD;
  const end = start + <usize>(depth * NR) * sizeof<W>();
  for (; rows > 0; rows -= MR) {
    let w = start;
    let a0 = i32x4.sub(v128.load(panel), i32x4.mul(i32x4.splat(zero), v128.load(panel, 32)));
    let b0 = i32x4.sub(v128.load(panel, 16), i32x4.mul(i32x4.splat(zero), v128.load(panel, 48)));
    if (rows === 1) {
      for (; w < end; w += dotBytes<W>()) {
        const p = v128.load32_splat(x);
        a0 = dot<W>(weightsOf<W>(w, 0), p, a0);
        b0 = dot<W>(weightsOf<W>(w, 1), p, b0);
        x += 4;
      }
      v128.store(sums, a0);
      v128.store(sums, b0, 16);
      return;
    }
    let a1 = a0,
      a2 = a0,
      a3 = a0;
    let b1 = b0,
      b2 = b0,
      b3 = b0;
    for (; w < end; w += dotBytes<W>()) {
      const wa = weightsOf<W>(w, 0);
      const wb = weightsOf<W>(w, 1);
      let p = v128.load32_splat(x);
      a0 = dot<W>(wa, p, a0);
      b0 = dot<W>(wb, p, b0);
      p = v128.load32_splat(x, 4);
      a1 = dot<W>(wa, p, a1);
      b1 = dot<W>(wb, p, b1);
      p = v128.load32_splat(x, 8);
      a2 = dot<W>(wa, p, a2);
      b2 = dot<W>(wb, p, b2);
      p = v128.load32_splat(x, 12);
      a3 = dot<W>(wa, p, a3);
      b3 = dot<W>(wb, p, b3);
      x += 16;
    }
    v128.store(sums, a0);
    v128.store(sums, b0, 16);
    v128.store(sums, a1, 32);
    v128.store(sums, b1, 48);
    v128.store(sums, a2, 64);
    v128.store(sums, b2, 80);
    v128.store(sums, a3, 96);
    v128.store(sums, b3, 112);
    sums += MR * NR * 4;
  }
}

/** Packs `pixels` output pixels of group `g`, from `m` on. @param rows one of zero points, and four for what lies at borders */
export function u8_pack_pixels_4<W>(pc: usize, g: i32, m: i32, pixels: i32, rows: usize, output: usize): void {
  const width = arg(pc, WindowArg.InWidth);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const strideWidth = arg(pc, WindowArg.StrideWidth);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const pixelStride = <usize>arg(pc, WindowArg.InPixelStride);
  const flip = arg(pc, QuantizedConvArg.InFlip);
  const input = <usize>arg(pc, WindowArg.Input) + <usize>(g * arg(pc, WindowArg.Channels));
  const row = rowBytes(pc);
  const buffer = row + BEHIND;
  const step = <usize>strideWidth * pixelStride;
  const rowStep = <usize>(dilationHeight * width) * pixelStride;
  const lastX = areRuns(pc) ? width - arg(pc, WindowArg.KernelWidth) - (MR - 1) * strideWidth : -1;
  const lastY = arg(pc, WindowArg.InHeight) - 1 - (kernelHeight - 1) * dilationHeight;
  const end = m + pixels;
  for (; m < end; m += MR) {
    const line = m / outWidth;
    const ox = m - line * outWidth;
    const image = line / outHeight;
    const x = ox * strideWidth - arg(pc, WindowArg.PadLeft);
    const y = (line - image * outHeight) * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
    // The usual case, four windows of one output row inside the picture: rows of the kernel one after the other.
    const inside = m + MR <= end && ox + MR <= outWidth && within(x, lastX) && within(y, lastY);
    const last = end - 1;
    let p = input + <usize>((image * arg(pc, WindowArg.InHeight) + y) * width + x) * pixelStride;
    for (let ky = 0; ky < kernelHeight; ky++) {
      if (inside) {
        output = packRows<W>(p, p + step, p + 2 * step, p + 3 * step, row, flip, output);
        p += rowStep;
      } else if (m === last) {
        output = packRow<W>(rowAt(pc, input, m, ky, rows, rows + <usize>buffer), row, flip, output);
      } else {
        // Pixels past the end are computed and dropped.
        const p0 = rowAt(pc, input, m, ky, rows, rows + <usize>buffer);
        const p1 = rowAt(pc, input, m + 1, ky, rows, rows + <usize>(2 * buffer));
        const p2 = rowAt(pc, input, min(m + 2, last), ky, rows, rows + <usize>(3 * buffer));
        const p3 = rowAt(pc, input, min(m + 3, last), ky, rows, rows + <usize>(4 * buffer));
        output = packRows<W>(p0, p1, p2, p3, row, flip, output);
      }
    }
  }
}

/** Bytes of packed pixels for each weight of a column and each pixel. */
function packedBytes<W>(): i32 {
  return usesDots<W>() ? 1 : 2;
}

/** Whether a row of the kernel lies in one piece. */
function areRuns(pc: usize): bool {
  return (
    arg(pc, WindowArg.KernelWidth) === 1 ||
    (arg(pc, WindowArg.DilationWidth) === 1 && arg(pc, WindowArg.InPixelStride) === arg(pc, WindowArg.Channels))
  );
}

/** Where row `ky` of the kernel lies at output pixel `m`: in the picture, or copied to `buffer`. @param blank a row of padding */
function rowAt(pc: usize, input: usize, m: i32, ky: i32, blank: usize, buffer: usize): usize {
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const channels = <usize>arg(pc, WindowArg.Channels);
  const line = m / outWidth;
  const image = line / outHeight;
  let x = (m - line * outWidth) * arg(pc, WindowArg.StrideWidth) - arg(pc, WindowArg.PadLeft);
  const y =
    (line - image * outHeight) * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop) + ky * arg(pc, WindowArg.DilationHeight);
  if (<u32>y >= <u32>height) return blank;
  const from = input + <usize>(image * height + y) * <usize>width * <usize>arg(pc, WindowArg.InPixelStride);
  if (areRuns(pc) && within(x, width - kernelWidth)) return from + <usize>x * <usize>arg(pc, WindowArg.InPixelStride);
  let to = buffer;
  for (let kx = 0; kx < kernelWidth; kx++) {
    const p = <u32>x < <u32>width ? from + <usize>x * <usize>arg(pc, WindowArg.InPixelStride) : blank;
    // The next tap overwrites what is too much.
    for (let c: usize = 0; c < channels; c += 8) store<u64>(to + c, load<u64>(p + c));
    to += channels;
    x += arg(pc, WindowArg.DilationWidth);
  }
  return buffer;
}

/** Four rows of bytes, into the order in which the matrix product reads them. Up to 48 bytes past them are overwritten. */
function packRows<W>(p0: usize, p1: usize, p2: usize, p3: usize, row: i32, flip: i32, output: usize): usize {
  const end = output + <usize>(row * MR * packedBytes<W>());
  const flips = usesDots<W>() ? i32x4.splat(flip) : i16x8.splat(<i16>(flip & 0xff));
  for (let to = output; to < end; to += 64) {
    let a: v128, b: v128, c: v128, d: v128;
    if (usesDots<W>()) {
      a = v128.load(p0);
      b = v128.load(p1);
      c = v128.load(p2);
      d = v128.load(p3);
    } else {
      a = v128.load8x8_u(p0);
      b = v128.load8x8_u(p1);
      c = v128.load8x8_u(p2);
      d = v128.load8x8_u(p3);
    }
    const ab = v128.xor(v128.shuffle<i32>(a, b, 0, 4, 1, 5), flips);
    const cd = v128.xor(v128.shuffle<i32>(c, d, 0, 4, 1, 5), flips);
    v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), 16);
    const ab2 = v128.xor(v128.shuffle<i32>(a, b, 2, 6, 3, 7), flips);
    const cd2 = v128.xor(v128.shuffle<i32>(c, d, 2, 6, 3, 7), flips);
    v128.store(to, v128.shuffle<i64>(ab2, cd2, 0, 2), 32);
    v128.store(to, v128.shuffle<i64>(ab2, cd2, 1, 3), 48);
    p0 += 16 / packedBytes<W>();
    p1 += 16 / packedBytes<W>();
    p2 += 16 / packedBytes<W>();
    p3 += 16 / packedBytes<W>();
  }
  return end;
}

/** One row. Up to 12 bytes past it are overwritten. */
function packRow<W>(p: usize, row: i32, flip: i32, output: usize): usize {
  const end = output + <usize>(row * packedBytes<W>());
  const flips = usesDots<W>() ? i32x4.splat(flip) : i16x8.splat(<i16>(flip & 0xff));
  for (let to = output; to < end; to += 16) {
    v128.store(to, v128.xor(usesDots<W>() ? v128.load(p) : v128.load8x8_u(p), flips));
    p += 16 / packedBytes<W>();
  }
  return end;
}
