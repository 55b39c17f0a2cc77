// Convolution by implicit im2col:
// Y[p][o] = clamp(bias[o] + sum over (ky, kx, i) of X[p·stride + (ky, kx)·dilation - pad][i] * W[ky][kx][i][o]
//   + residual[p][o], min, max).
// Any kernel, stride, padding, dilation and groups; a matrix product is the 1×1 case.
//
//   input     NHWC, pixels InPixelStride bytes apart; group g's channels start at g * Channels
//   weights   panels of gemm/f32_pack_panels, depth (ky, kx, i), group by group
//   output    NHWC, pixels OutPixelStride bytes apart, batch * OutHeight * OutWidth of them without gaps
//   residual  0, or like the output with ResidualPixelStride; may be the output
//   in scale  0, or what X is multiplied by and InShift is added to, then clamped, as conv/f32_pack_normalized_4 packs it: for
//             1×1 kernels, stride 1, no padding, one group, more than one pixel
// Blocks of BlockPixels output pixels × BlockDepth of the depth are packed into Scratch (behind GEMM_SUMS bytes),
// [pixel / 4][depth][4], then every panel of weights runs over the block (a partial last one into rows of 8 behind the
// packed pixels). Partial sums of SumDepth products are added in the order of the depth, whatever the blocks.
// `wide`: see gemm/f32_gemm_4x8.

import { f32_gemm_4x8, storeColumns } from '../gemm/f32_gemm_4x8';
import { arg } from '../math/simd.inline';
import { ConvArg, GEMM_SUMS, MR, NR, WindowArg } from '../opcodes';
import { mine, pieceOf, share, workspace } from '../threads.inline';
import { f32_pack_normalized_4 } from './f32_pack_normalized_4';
import { packTap, tapPointer, within } from './taps.inline';

export function f32_conv_igemm_4x8(pc: usize, wide: bool): void {
  const pixels = arg(pc, WindowArg.Batch) * arg(pc, WindowArg.OutHeight) * arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const depth = arg(pc, WindowArg.KernelHeight) * arg(pc, WindowArg.KernelWidth) * channels;
  const groups = arg(pc, ConvArg.Groups);
  const outChannels = arg(pc, ConvArg.OutChannels);
  const blockPixels = arg(pc, ConvArg.BlockPixels);
  const blockDepth = arg(pc, ConvArg.BlockDepth);
  const sumDepth = arg(pc, ConvArg.SumDepth);
  const outStride = <usize>arg(pc, WindowArg.OutPixelStride);
  const residualStride = <usize>arg(pc, ConvArg.ResidualPixelStride);
  const sums = workspace(<usize>arg(pc, ConvArg.Scratch));
  const scratch = sums + GEMM_SUMS;
  const scale = <usize>arg(pc, ConvArg.InScale);
  // The partial sums are behind what normalising may write past the packed pixels, because they stay from one block of the
  // depth to the next.
  const narrow = scratch + ((<usize>(blockPixels * blockDepth)) << 2) + 48;
  const panelBytes = <usize>(depth + 1) * (NR << 2);

  let weights = <usize>arg(pc, ConvArg.Weights);
  let input = <usize>arg(pc, WindowArg.Input);
  let output = <usize>arg(pc, WindowArg.Output);
  let residual = <usize>arg(pc, ConvArg.Residual);
  // Threads share blocks of pixels and, if those are few, the panels of each.
  const panels = (outChannels + NR - 1) / NR;
  let part = max(1, panels) * NR;
  if (ASC_FEATURE_THREADS) {
    const blocks = groups * ((pixels + blockPixels - 1) / max(1, blockPixels));
    part = pieceOf(blocks, panels) * NR;
    share(blocks * ((outChannels + part - 1) / part), <f32>min(pixels, blockPixels) * <f32>depth * <f32>part * 0.25);
  }
  for (let g = 0; g < groups; g++) {
    for (let m = 0; m < pixels; m += blockPixels) {
      const rows = min(blockPixels, pixels - m);
      let packed = false;
      for (let from = 0; from < outChannels; from += part) {
        if (!mine()) continue;
        const end = min(outChannels, from + part);
        // Runs once even if the depth is 0: the output is then the bias.
        let k = 0;
        do {
          const block = min(blockDepth, depth - k);
          if (packed && block === depth) {
            // The packed pixels are there from the panels before.
          } else if (scale) {
            const at = (<usize>k) << 2;
            const row = input + <usize>m * <usize>arg(pc, WindowArg.InPixelStride) + at;
            f32_pack_normalized_4(pc, row, rows, block, scale + at, <usize>arg(pc, ConvArg.InShift) + at, scratch);
          } else if (block) {
            f32_pack_pixels_4(pc, input, m, rows, k, block, scratch);
          }
          packed = true;
          let panel = weights + <usize>(from / NR) * panelBytes;
          for (let n = from; n < end; n += NR) {
            const to = output + <usize>m * outStride + ((<usize>n) << 2);
            const whole = outChannels - n >= NR;
            f32_gemm_4x8(
              wide,
              rows,
              block,
              sumDepth,
              scratch,
              panel + <usize>(k + 1) * (NR << 2),
              panel,
              whole ? to : narrow,
              whole ? outStride : NR << 2,
              residual ? residual + <usize>m * residualStride + ((<usize>n) << 2) : 0,
              residualStride,
              k === 0,
              k + block === depth,
              pc + (ConvArg.Min << 2),
              sums,
            );
            if (!whole && k + block === depth) {
              for (let i: usize = 0; i < <usize>rows; i++) {
                const from = narrow + i * (NR << 2);
                storeColumns(to + i * outStride, v128.load(from), v128.load(from, 16), outChannels - n);
              }
            }
            panel += panelBytes;
          }
          k += block;
        } while (k < depth);
      }
    }
    weights += <usize>panels * panelBytes;
    input += (<usize>channels) << 2;
    output += (<usize>outChannels) << 2;
    if (residual) residual += (<usize>outChannels) << 2;
  }
}

/** The pointer of row `m` past the last pixel: so far above the picture that every tap reads zeros. */
const NOWHERE: i32 = -0x40000000;

/**
 * Packs `pixels` output pixels from `m` on, depth `k` to `k + depth`, into [rows / 4][depth][4]. Padding and pixels past the end
 * read the zeros.
 */
export function f32_pack_pixels_4(pc: usize, input: usize, m: i32, pixels: i32, k: i32, depth: i32, output: usize): void {
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const strideHeight = arg(pc, WindowArg.StrideHeight);
  const strideWidth = arg(pc, WindowArg.StrideWidth);
  const padTop = arg(pc, WindowArg.PadTop);
  const padLeft = arg(pc, WindowArg.PadLeft);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const zeros = <usize>arg(pc, ConvArg.Zeros);
  const pixelStride = <usize>arg(pc, WindowArg.InPixelStride);
  const imageStride = <usize>height * <usize>width * pixelStride;

  const runs = kernelWidth === 1 || (dilationWidth === 1 && pixelStride === (<usize>channels) << 2);
  const last = width - kernelWidth;
  const lastY = height - 1 - (arg(pc, WindowArg.KernelHeight) - 1) * dilationHeight;
  const step = <usize>strideWidth * pixelStride;
  const rowStep = <usize>(dilationHeight * width) * pixelStride;
  const end = m + pixels;
  const tap = k / channels;
  const firstChannel = k - tap * channels;
  let ox = m % outWidth;
  let oy = (m / outWidth) % outHeight;
  let image = input + <usize>(m / (outWidth * outHeight)) * imageStride;
  for (; m < end; m += MR) {
    let y0 = NOWHERE,
      y1 = NOWHERE,
      y2 = NOWHERE,
      y3 = NOWHERE;
    let x0 = 0,
      x1 = 0,
      x2 = 0,
      x3 = 0;
    let i0: usize = 0,
      i1: usize = 0,
      i2: usize = 0,
      i3: usize = 0;
    // The usual case, four windows of one output row inside the picture: one position, and rows of the kernel one after the
    // other.
    const x = ox * strideWidth - padLeft;
    const top = oy * strideHeight - padTop;
    const inside = runs && m + MR <= end && ox + MR <= outWidth && within(x, last - (MR - 1) * strideWidth) && within(top, lastY);
    let p = image + <usize>(top * width + x) * pixelStride;
    if (inside) ox += MR - 1;
    for (let i = inside ? MR - 1 : 0; i < MR; i++) {
      const y = m + i < end ? oy * strideHeight - padTop : NOWHERE;
      // Shift the four positions by one; after four turns each pixel is in its place.
      y0 = y1;
      y1 = y2;
      y2 = y3;
      y3 = y;
      x0 = x1;
      x1 = x2;
      x2 = x3;
      x3 = ox * strideWidth - padLeft;
      i0 = i1;
      i1 = i2;
      i2 = i3;
      i3 = image;
      if (++ox === outWidth) {
        ox = 0;
        if (++oy === outHeight) {
          oy = 0;
          image += imageStride;
        }
      }
    }
    // If whole rows of the kernel lie inside the picture and without gaps, a row is treated as one tap of more channels.
    const rows = inside || (runs && within(x0, last) && within(x1, last) && within(x2, last) && within(x3, last));
    const run = rows ? channels * kernelWidth : channels;
    const taps = rows ? 1 : kernelWidth;
    let ky = tap / kernelWidth;
    let kx = tap - ky * kernelWidth;
    let c = firstChannel;
    if (rows) {
      c += kx * channels;
      kx = 0;
    }
    p += <usize>ky * rowStep;
    let left = depth;
    while (left > 0) {
      const count = min(run - c, left);
      const offset = (<usize>c) << 2;
      let p0 = p;
      let p1 = p + step;
      let p2 = p1 + step;
      let p3 = p2 + step;
      if (!inside) {
        const dy = ky * dilationHeight;
        const dx = kx * dilationWidth;
        p0 = tapPointer(i0, y0 + dy, x0 + dx, height, width, pixelStride, zeros);
        p1 = tapPointer(i1, y1 + dy, x1 + dx, height, width, pixelStride, zeros);
        p2 = tapPointer(i2, y2 + dy, x2 + dx, height, width, pixelStride, zeros);
        p3 = tapPointer(i3, y3 + dy, x3 + dx, height, width, pixelStride, zeros);
      }
      output = packTap(output, p0 + offset, p1 + offset, p2 + offset, p3 + offset, count);
      p += rowStep;
      left -= count;
      c = 0;
      if (++kx === taps) {
        kx = 0;
        ky++;
      }
    }
  }
}
