// Convolution of bytes by implicit im2col:
// sum[p][o] = bias[o] + sum over (ky, kx, i) of (X[p·stride + (ky, kx)·dilation - pad][i] - zero) * W[ky][kx][i][o],
// stored as Type says (QuantizedType). Padding is the zero point. Any kernel, stride, padding, dilation and groups; a matrix
// product is the 1×1 case.
//
//   input    NHWC bytes, pixels InPixelStride bytes apart; group g's channels start at g * Channels
//   weights  panels of i8_pack_panels, depth (ky, kx, i), group by group
//   output   NHWC, pixels OutPixelStride bytes apart, batch * OutHeight * OutWidth of them without gaps
//   scratch  the packed pixels, BlockPixels * depth * 2 bytes (less for dots), then four rows of a kernel: 4 * row + 16 bytes
// Blocks of BlockPixels output pixels are packed, then every panel of weights runs over the block. Without relaxed dots packed
// pixels are int16 less the zero point, [pixel / 4][depth / 2][4][2]; with them bytes as they are, [pixel / 4][depth / 4][4][4],
// and the zero point times the sum of a column's weights is subtracted at the end. Sums are modulo 2^32, so that any order and
// any cut give the same. Reads may run 15 bytes past a row of a kernel.

import { arg, clamp } from '../math/simd.inline';
import { MR, NR, WindowArg } from '../opcodes';
import { DEPTH_STEP, PANEL_HEAD, QuantizedConvArg, QuantizedType } from '../opcodes-quantized';
import { mine, pieceOf, share, workspace } from '../threads.inline';
import { endTap, firstTap } from '../window/window.inline';
import { bytesOf, rounded, scaled, storeBytes } from './requantize.inline';

/** Bytes of packed pixels for each weight of a column and each pixel. */
const PACKED: i32 = PACK_DOTS ? 1 : 2;

export function u8_conv_igemm_4x8(pc: usize): void {
  const pixels = arg(pc, WindowArg.Batch) * arg(pc, WindowArg.OutHeight) * arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const row = (arg(pc, WindowArg.KernelWidth) * channels + DEPTH_STEP - 1) & -DEPTH_STEP;
  const depth = arg(pc, WindowArg.KernelHeight) * row;
  const groups = arg(pc, QuantizedConvArg.Groups);
  const outChannels = arg(pc, QuantizedConvArg.OutChannels);
  const blockPixels = arg(pc, QuantizedConvArg.BlockPixels);
  const scratch = workspace(<usize>arg(pc, QuantizedConvArg.Scratch));
  const panelBytes = <usize>(PANEL_HEAD + depth * NR);
  const zeroAt = <usize>arg(pc, QuantizedConvArg.InZeroAt);
  const zero = zeroAt ? <i32>load<u8>(zeroAt) ^ (arg(pc, QuantizedConvArg.InFlip) & 0xff) : arg(pc, QuantizedConvArg.InZero);

  let weights = <usize>arg(pc, QuantizedConvArg.Weights);
  const panels = (outChannels + NR - 1) / NR;
  let part = max(1, panels) * NR;
  if (ASC_FEATURE_THREADS) {
    const blocks = groups * ((pixels + blockPixels - 1) / max(1, blockPixels));
    part = pieceOf(blocks, panels) * NR;
    share(blocks * ((outChannels + part - 1) / part), <f32>min(pixels, blockPixels) * <f32>depth * <f32>part * 0.1);
  }
  for (let g = 0; g < groups; g++) {
    for (let m = 0; m < pixels; m += blockPixels) {
      const rows = min(blockPixels, pixels - m);
      let packed = false;
      for (let from = 0; from < outChannels; from += part) {
        if (!mine()) continue;
        if (!packed) u8_pack_pixels_4(pc, g, m, rows, zero, scratch);
        packed = true;
        let panel = weights + <usize>(from / NR) * panelBytes;
        for (let n = from; n < min(outChannels, from + part); n += NR) {
          for (let i = 0; i < rows; i += MR) {
            const at = scratch + <usize>(i * depth * PACKED);
            u8_gemm_4x8(pc, depth, at, panel, zero, m + i, min(MR, rows - i), g * outChannels + n, min(NR, outChannels - n));
          }
          panel += panelBytes;
        }
      }
    }
    weights += <usize>panels * panelBytes;
  }
}

/** Four pixels times eight columns, stored. @param n the column, of all groups */
export function u8_gemm_4x8(pc: usize, depth: i32, x: usize, panel: usize, zero: i32, m: i32, rows: i32, n: i32, columns: i32): void {
  let w = panel + PANEL_HEAD;
  let a0 = v128.load(panel);
  let b0 = v128.load(panel, 16);
  if (PACK_DOTS) {
    const z = i32x4.splat(zero);
    a0 = i32x4.sub(a0, i32x4.mul(z, v128.load(panel, 32)));
    b0 = i32x4.sub(b0, i32x4.mul(z, v128.load(panel, 48)));
  }
  let a1 = a0,
    a2 = a0,
    a3 = a0;
  let b1 = b0,
    b2 = b0,
    b3 = b0;
  const end = w + <usize>(depth * NR);
  while (w < end) {
    if (PACK_DOTS) {
      const wa = v128.load(w);
      const wb = v128.load(w, 16);
      let p = v128.load32_splat(x);
      a0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(wa, p, a0);
      b0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(wb, p, b0);
      p = v128.load32_splat(x, 4);
      a1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(wa, p, a1);
      b1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(wb, p, b1);
      p = v128.load32_splat(x, 8);
      a2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(wa, p, a2);
      b2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(wb, p, b2);
      p = v128.load32_splat(x, 12);
      a3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(wa, p, a3);
      b3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(wb, p, b3);
      w += 32;
      x += 16;
    } else {
      const wa = v128.load8x8_s(w);
      const wb = v128.load8x8_s(w, 8);
      let p = v128.load32_splat(x);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(p, wa));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(p, wb));
      p = v128.load32_splat(x, 4);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(p, wa));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(p, wb));
      p = v128.load32_splat(x, 8);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(p, wa));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(p, wb));
      p = v128.load32_splat(x, 12);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(p, wa));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(p, wb));
      w += 16;
      x += 16;
    }
  }
  storeSums(pc, m, n, columns, a0, b0);
  if (rows > 1) storeSums(pc, m + 1, n, columns, a1, b1);
  if (rows > 2) storeSums(pc, m + 2, n, columns, a2, b2);
  if (rows > 3) storeSums(pc, m + 3, n, columns, a3, b3);
}

/** Stores eight columns of a pixel. */
function storeSums(pc: usize, m: i32, n: i32, columns: i32, a: v128, b: v128): void {
  const type = arg(pc, QuantizedConvArg.Type);
  const pixel = <usize>arg(pc, WindowArg.Output) + <usize>m * <usize>arg(pc, WindowArg.OutPixelStride);
  if (type === QuantizedType.Int32) {
    storeWords(pixel + ((<usize>n) << 2), a, b, columns);
    return;
  }
  const step = arg(pc, QuantizedConvArg.ScaleStep);
  const scale = <usize>arg(pc, QuantizedConvArg.Scale);
  const at = scale + <usize>(n * step);
  const sa = step ? v128.load(at) : v128.load32_splat(scale);
  const sb = step ? v128.load(at, 16) : sa;
  if (type === QuantizedType.Float32) {
    let x = scaled(a, sa);
    let y = scaled(b, sb);
    const shift = <usize>arg(pc, QuantizedConvArg.Shift);
    if (shift) {
      x = f32x4.add(x, v128.load(shift + ((<usize>n) << 2)));
      y = f32x4.add(y, v128.load(shift + ((<usize>n) << 2), 16));
    }
    const low = v128.load32_splat(pc + (QuantizedConvArg.FloatMin << 2));
    const high = v128.load32_splat(pc + (QuantizedConvArg.FloatMax << 2));
    storeWords(pixel + ((<usize>n) << 2), clamp(x, low, high), clamp(y, low, high), columns);
    return;
  }
  const zero = arg(pc, QuantizedConvArg.OutZero);
  const low = f32x4.splat(<f32>(arg(pc, QuantizedConvArg.Min) - zero));
  const high = f32x4.splat(<f32>(arg(pc, QuantizedConvArg.Max) - zero));
  const flip = arg(pc, QuantizedConvArg.OutFlip);
  const bytes = bytesOf(rounded(scaled(a, sa), low, high, zero), rounded(scaled(b, sb), low, high, zero), flip);
  storeBytes(pixel + <usize>n, bytes, columns);
}

function storeWords(pointer: usize, a: v128, b: v128, count: i32): void {
  if (count >= NR) {
    v128.store(pointer, a);
    v128.store(pointer, b, 16);
    return;
  }
  for (let i = 0; i < count; i++) {
    store<i32>(pointer + ((<usize>i) << 2), i32x4.extract_lane(a, 0));
    a = v128.shuffle<i32>(a, b, 1, 2, 3, 4);
    b = v128.shuffle<i32>(b, b, 1, 2, 3, 3);
  }
}

/** Packs `pixels` output pixels of group `g`, from `m` on. */
export function u8_pack_pixels_4(pc: usize, g: i32, m: i32, pixels: i32, zero: i32, output: usize): void {
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const pixelStride = <usize>arg(pc, WindowArg.InPixelStride);
  const flip = arg(pc, QuantizedConvArg.InFlip);
  const input = <usize>arg(pc, WindowArg.Input) + <usize>(g * channels);
  const row = (kernelWidth * channels + DEPTH_STEP - 1) & -DEPTH_STEP;
  const runs = kernelWidth === 1 || (dilationWidth === 1 && pixelStride === <usize>channels);
  const blank = zero ^ (flip & 0xff);
  const rows = output + <usize>(arg(pc, QuantizedConvArg.BlockPixels) * kernelHeight * row * PACKED);
  for (let i = 0; i < pixels; i += MR) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let j = 0; j < MR; j++) {
        // Pixels past the end are computed and dropped.
        const p = m + min(i + j, pixels - 1);
        const x = (p % outWidth) * arg(pc, WindowArg.StrideWidth) - arg(pc, WindowArg.PadLeft);
        const line = p / outWidth;
        const y = (line % outHeight) * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop) + ky * dilationHeight;
        const to = rows + <usize>(j * row);
        const seen = y >= 0 && y < height;
        const from = input + (<usize>((line / outHeight) * height + y) * <usize>width + x) * pixelStride;
        if (seen && runs && x >= 0 && x + kernelWidth <= width) {
          memory.copy(to, from, <usize>(kernelWidth * channels));
          memory.fill(to + <usize>(kernelWidth * channels), <u8>blank, <usize>(row - kernelWidth * channels));
          continue;
        }
        memory.fill(to, <u8>blank, <usize>row);
        if (!seen) continue;
        const first = firstTap(x, dilationWidth);
        const end = endTap(x, dilationWidth, kernelWidth, width, first);
        for (let kx = first; kx < end; kx++) {
          memory.copy(to + <usize>(kx * channels), from + <usize>(kx * dilationWidth) * pixelStride, <usize>channels);
        }
      }
      output = packRows(rows, row, zero, flip, output);
    }
  }
}

/** Four rows of bytes, into the order in which the matrix product reads them. */
function packRows(rows: usize, row: i32, zero: i32, flip: i32, output: usize): usize {
  const flips = i32x4.splat(flip);
  const zeros = i16x8.splat(<i16>zero);
  const stride = <usize>row;
  for (let k: usize = 0; k < stride; k += DEPTH_STEP) {
    const at = rows + k;
    let bytes = v128.load32_zero(at);
    bytes = v128.load32_lane(at + stride, bytes, 1);
    bytes = v128.load32_lane(at + 2 * stride, bytes, 2);
    bytes = v128.xor(v128.load32_lane(at + 3 * stride, bytes, 3), flips);
    if (PACK_DOTS) {
      v128.store(output, bytes);
      output += 16;
    } else {
      const low = i16x8.sub(i16x8.extend_low_i8x16_u(bytes), zeros);
      const high = i16x8.sub(i16x8.extend_high_i8x16_u(bytes), zeros);
      v128.store(output, v128.shuffle<i32>(low, high, 0, 2, 4, 6));
      v128.store(output, v128.shuffle<i32>(low, high, 1, 3, 5, 7), 16);
      output += 32;
    }
  }
  return output;
}
