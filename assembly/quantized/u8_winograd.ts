// What u8_conv_igemm_4x8 computes, bit for bit, for 3×3 kernels without strides and dilation, by Winograd's F(4×4, 3×3) in
// whole numbers (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015): a quarter of the products.
//
//   weights  as u8_conv_igemm_4x8, one group; channels a multiple of eight
//   scratch  see the beginning of u8_winograd
// Inputs less the zero point have nine bits, transformed ones fit int16. The rows of the transform of weights are scaled to whole
// numbers, so that transformed weights fit int16, too. Sums of products are modulo 2^32; 576 times the convolution is what
// they give, modulo 2^32, and that is divided exactly, if the convolution without its bias is below 2^25 everywhere, which the
// compiler has to make sure of; where it is not, the channels are cut into slices, each of which is below that, and what they give
// is added. Weights are transformed as they are needed: a slice of a panel for each block of tiles.

import { arg } from '../math/simd.inline';
import { MR, NR, WindowArg } from '../opcodes';
import { PANEL_HEAD, QuantizedConvArg, QuantizedWinogradArg } from '../opcodes-quantized';
import { mine, pieceOf, share, workspace } from '../threads.inline';
import { inZero } from './dots.inline';
import { u8_store_sums } from './u8_store_sums';
import { Products, transformInputs, transformProducts, transformWeights } from './winograd.inline';

/** Points of a tile, and bytes of their addresses and of the transforms' intermediate results. */
const POINTS: usize = 36;
const TABLE: usize = POINTS * 4;
const BETWEEN: usize = 36 * 16;
/** Bytes between the planes of the points, so that they do not meet in the same lines of a cache. */
const APART: usize = 64;

export function u8_winograd(pc: usize): void {
  const channels = arg(pc, WindowArg.Channels);
  const outChannels = arg(pc, QuantizedConvArg.OutChannels);
  const blockTiles = arg(pc, QuantizedWinogradArg.BlockTiles);
  const tiles = arg(pc, WindowArg.Batch) * ((arg(pc, WindowArg.OutHeight) + 3) >> 2) * ((arg(pc, WindowArg.OutWidth) + 3) >> 2);
  const between = workspace(<usize>arg(pc, QuantizedConvArg.Scratch)) + TABLE;
  const blank = between + BETWEEN;
  const lines = blank + <usize>channels;
  const products = lines + <usize>(blockTiles * 16 * NR * 4);
  const slice = arg(pc, QuantizedWinogradArg.SliceChannels);
  const weights = products + (<usize>(blockTiles * NR * 4) + APART) * POINTS * <usize>((channels + slice - 1) / slice);
  const inputs = weights + (<usize>(slice * NR * 2) + APART) * POINTS;
  const panelBytes = PANEL_HEAD + channels * 9 * NR;

  const panels = (outChannels + NR - 1) / NR;
  let part = max(1, panels) * NR;
  if (ASC_FEATURE_THREADS) {
    const blocks = (tiles + blockTiles - 1) / blockTiles;
    part = pieceOf(blocks, panels) * NR;
    share(blocks * ((outChannels + part - 1) / part), <f32>min(tiles, blockTiles) * <f32>channels * <f32>part * 4);
  }
  memory.fill(blank, <u8>(inZero(pc) ^ arg(pc, QuantizedConvArg.InFlip)), <usize>channels);
  for (let t = 0; t < tiles; t += blockTiles) {
    const count = min(blockTiles, tiles - t);
    let isTransformed = false;
    for (let from = 0; from < outChannels; from += part) {
      if (!mine()) continue;
      if (!isTransformed) u8_winograd_inputs(pc, t, count, between, blank, inputs);
      isTransformed = true;
      for (let n = from; n < min(outChannels, from + part); n += NR) {
        const panel = <usize>arg(pc, QuantizedConvArg.Weights) + <usize>((n / NR) * panelBytes);
        let sums = products;
        for (let c = 0; c < channels; c += slice) {
          const depth = min(slice, channels - c);
          i8_winograd_weights(channels, depth, panel + PANEL_HEAD + <usize>(c * NR), between, weights);
          for (let i: usize = 0; i < POINTS; i++) {
            i16_winograd_gemm(
              count,
              channels,
              depth,
              inputs + i * (<usize>(count * channels * 2) + APART) + <usize>(c * 2),
              weights + i * (<usize>(depth * NR * 2) + APART),
              sums,
            );
            sums += <usize>(count * NR * 4) + APART;
          }
        }
        u8_winograd_outputs(pc, t, count, panel, products, between, lines, n);
      }
    }
  }
}

/** Transforms the patches of `count` tiles from `t` on: [point][tile][channel]. */
export function u8_winograd_inputs(pc: usize, t: i32, count: i32, between: usize, blank: usize, output: usize): void {
  if (PACK_DOTS) return;
  const channels = <usize>arg(pc, WindowArg.Channels);
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const across = (arg(pc, WindowArg.OutWidth) + 3) >> 2;
  const down = (arg(pc, WindowArg.OutHeight) + 3) >> 2;
  const zero = i16x8.splat(<i16>inZero(pc));
  const flip = i16x8.splat(<i16>(arg(pc, QuantizedConvArg.InFlip) & 0xff));
  const table = between - TABLE;
  const plane = <usize>count * channels * 2 + APART;
  for (const end = t + count; t < end; t++) {
    const line = t / across;
    const image = line / down;
    const left = ((t - line * across) << 2) - arg(pc, WindowArg.PadLeft);
    const top = ((line - image * down) << 2) - arg(pc, WindowArg.PadTop);
    let at = table;
    for (let y = top; y < top + 6; y++) {
      const row = <usize>arg(pc, WindowArg.Input) + <usize>(image * height + y) * <usize>width * <usize>arg(pc, WindowArg.InPixelStride);
      for (let x = left; x < left + 6; x++) {
        const inside = <u32>y < <u32>height && <u32>x < <u32>width;
        store<usize>(at, inside ? row + <usize>x * <usize>arg(pc, WindowArg.InPixelStride) : blank);
        at += 4;
      }
    }
    for (let c: usize = 0; c < channels; c += 8) {
      let to = between;
      for (let p = table; p < table + 24; p += 4) {
        transformInputs(
          i16x8.sub(v128.xor(v128.load8x8_u(load<usize>(p) + c), flip), zero),
          i16x8.sub(v128.xor(v128.load8x8_u(load<usize>(p, 24) + c), flip), zero),
          i16x8.sub(v128.xor(v128.load8x8_u(load<usize>(p, 48) + c), flip), zero),
          i16x8.sub(v128.xor(v128.load8x8_u(load<usize>(p, 72) + c), flip), zero),
          i16x8.sub(v128.xor(v128.load8x8_u(load<usize>(p, 96) + c), flip), zero),
          i16x8.sub(v128.xor(v128.load8x8_u(load<usize>(p, 120) + c), flip), zero),
          to,
          96,
        );
        to += 16;
      }
      to = output + c * 2;
      for (let p = between; p < between + 576; p += 96) {
        transformInputs(v128.load(p), v128.load(p, 16), v128.load(p, 32), v128.load(p, 48), v128.load(p, 64), v128.load(p, 80), to, plane);
        to += 6 * plane;
      }
    }
    output += channels * 2;
  }
}

/** Transforms `depth` of the channels of a panel: [point][channel / 2][8][2]. */
export function i8_winograd_weights(channels: i32, depth: i32, panel: usize, between: usize, output: usize): void {
  if (PACK_DOTS) return;
  const tap = <usize>(channels * NR);
  const plane = <usize>(depth * NR * 2) + APART;
  for (const end = panel + <usize>(depth * NR); panel < end; panel += 8) {
    let to = between;
    for (let p = panel; p < panel + 3 * tap; p += tap) {
      transformWeights(v128.load8x8_s(p), v128.load8x8_s(p + 3 * tap), v128.load8x8_s(p + 6 * tap), to, 48);
      to += 16;
    }
    to = output;
    for (let p = between; p < between + 288; p += 48) {
      transformWeights(v128.load(p), v128.load(p, 16), v128.load(p, 32), to, plane);
      to += 6 * plane;
    }
    output += 16;
  }
}

/** The products of a point: `rows` tiles, of `depth` of the channels, times eight columns. */
export function i16_winograd_gemm(rows: i32, channels: i32, depth: i32, x: usize, weights: usize, output: usize): void {
  if (PACK_DOTS) return;
  const stride = <usize>channels * 2;
  const end = weights + <usize>(depth * NR * 2);
  for (; rows > 0; rows -= MR) {
    // Rows past the end are computed again and stored again.
    const next = x + <usize>MR * stride;
    let x1 = rows > 1 ? x + stride : x;
    let x2 = rows > 2 ? x1 + stride : x;
    let x3 = rows > 3 ? x2 + stride : x;
    let a0 = i32x4.splat(0),
      a1 = a0,
      a2 = a0,
      a3 = a0;
    let b0 = a0,
      b1 = a0,
      b2 = a0,
      b3 = a0;
    for (let w = weights; w < end; w += 32) {
      const wa = v128.load(w);
      const wb = v128.load(w, 16);
      let p = v128.load32_splat(x);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(p, wa));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(p, wb));
      p = v128.load32_splat(x1);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(p, wa));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(p, wb));
      p = v128.load32_splat(x2);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(p, wa));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(p, wb));
      p = v128.load32_splat(x3);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(p, wa));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(p, wb));
      x += 4;
      x1 += 4;
      x2 += 4;
      x3 += 4;
    }
    const y1 = rows > 1 ? output + 32 : output;
    const y2 = rows > 2 ? output + 64 : output;
    const y3 = rows > 3 ? output + 96 : output;
    v128.store(y3, a3);
    v128.store(y3, b3, 16);
    v128.store(y2, a2);
    v128.store(y2, b2, 16);
    v128.store(y1, a1);
    v128.store(y1, b1, 16);
    v128.store(output, a0);
    v128.store(output, b0, 16);
    x = next;
    output += MR * NR * 4;
  }
}

/** Transforms products of eight columns, adds those of the slices, and stores what they give. @param lines for four rows of pixels */
export function u8_winograd_outputs(
  pc: usize,
  t: i32,
  count: i32,
  panel: usize,
  products: usize,
  between: usize,
  lines: usize,
  n: i32,
): void {
  if (PACK_DOTS) return;
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const across = (outWidth + 3) >> 2;
  const down = (outHeight + 3) >> 2;
  const channels = arg(pc, WindowArg.Channels);
  const columns = arg(pc, QuantizedConvArg.OutChannels) - n;
  const plane = <usize>(count * NR * 4) + APART;
  const line = <usize>(count * 4 * NR * 4);
  for (const end = t + count; t < end; ) {
    const row = t / across;
    const image = row / down;
    const y = (row - image * down) << 2;
    const x = (t - row * across) << 2;
    const run = min(end - t, across - (x >> 2));
    let to = lines;
    for (let i = 0; i < run; i++) {
      // Four columns, and four more.
      for (let half: usize = 0; half < 32; half += 16) {
        const bias = v128.load(panel + half);
        let p = products + half;
        for (let slice = 0; slice < channels; slice += arg(pc, QuantizedWinogradArg.SliceChannels)) {
          for (let j: usize = 0; j < 6; j++) transformProducts(p + j * plane, 6 * plane, between + j * 16, 96, Products.Between, bias);
          for (let j: usize = 0; j < 4; j++) {
            const at = to + j * line + half;
            if (slice) transformProducts(between + j * 96, 16, at, 32, Products.More, bias);
            else transformProducts(between + j * 96, 16, at, 32, Products.Sums, bias);
          }
          p += POINTS * plane;
        }
      }
      products += NR * 4;
      to += 4 * NR * 4;
    }
    const pixel = (image * outHeight + y) * outWidth + x;
    for (let j = 0; j < min(4, outHeight - y); j++) {
      u8_store_sums(pc, lines + <usize>j * line, pixel + j * outWidth, min(4 * run, outWidth - x), n, columns);
    }
    t += run;
  }
}
