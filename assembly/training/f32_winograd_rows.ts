// winograd/f32_winograd for weights that a run computes: the same convolution with the same bits and arguments, faster where
// channels are few, because a training step spends most of its time in it. Only the form F(4, 3) differs:
// V is [point][tile][C], whose rows the product reads as they lie, so that nothing is transposed; patches and tiles inside
// the picture need no table of addresses, no limits, and no counts.

import { arg, clamp, madd } from '../math/simd.inline';
import { NR, WINOGRAD_PATCHES, WINOGRAD_SCRATCH, WindowArg, WinogradArg } from '../opcodes';
import { mine, pieceOf, share, workspace } from '../threads.inline';
import { f32_winograd } from '../winograd/f32_winograd';
import { f32_winograd_output } from '../winograd/f32_winograd_output';
import { f32_winograd_input_tile } from './f32_winograd_input_tile';
import { first4, fourth4, second4, third4 } from './winograd.inline';

const POINTS: i32 = 6;
const SIZE: i32 = 4;
const SQUARED: usize = 36;

export function f32_winograd_rows(pc: usize): void {
  if (arg(pc, WinogradArg.TileSize) !== SIZE) {
    f32_winograd(pc, false);
    return;
  }
  const channels = arg(pc, WindowArg.Channels);
  const groups = arg(pc, WinogradArg.Groups);
  const outChannels = arg(pc, WinogradArg.OutChannels);
  const blockTiles = arg(pc, WinogradArg.BlockTiles);
  const tilesX = (arg(pc, WindowArg.OutWidth) + SIZE - 1) / SIZE;
  const tilesY = (arg(pc, WindowArg.OutHeight) + SIZE - 1) / SIZE;
  const tiles = arg(pc, WindowArg.Batch) * tilesY * tilesX;
  const panels = (outChannels + NR - 1) / NR;
  const panelBytes: usize = 32 + SQUARED * ((<usize>channels) << 5);
  // Threads share blocks of tiles and, if those are few, the panels of each.
  let part = max(1, panels) * NR;
  if (ASC_FEATURE_THREADS) {
    const blocks = groups * ((tiles + blockTiles - 1) / max(1, blockTiles));
    part = pieceOf(blocks, panels) * NR;
    share(blocks * ((outChannels + part - 1) / part), <f32>(SQUARED * blockTiles) * <f32>channels * <f32>part * 0.25);
  }
  let weights = <usize>arg(pc, WinogradArg.Weights);
  let at: usize = 0;
  let outAt: usize = 0;
  for (let g = 0; g < groups; g++) {
    for (let first = 0; first < tiles; first += blockTiles) {
      let ready = false;
      for (let from = 0; from < outChannels; from += part) {
        if (!mine()) continue;
        const count = min(blockTiles, tiles - first);
        block(
          pc,
          at,
          outAt,
          first,
          count,
          tilesX,
          tilesY,
          from,
          min(outChannels, from + part),
          weights + <usize>(from / NR) * panelBytes,
          ready,
        );
        ready = true;
      }
    }
    weights += <usize>panels * panelBytes;
    at += (<usize>channels) << 2;
    outAt += (<usize>outChannels) << 2;
  }
}

/** Output channels `from` to `end` of a group for `count` tiles, whose channels start `at` and `outAt` bytes into a pixel. */
function block(
  pc: usize,
  at: usize,
  outAt: usize,
  first: i32,
  count: i32,
  tilesX: i32,
  tilesY: i32,
  from: i32,
  end: i32,
  panel: usize,
  ready: bool,
): void {
  const channels = arg(pc, WindowArg.Channels);
  const blockTiles = <usize>arg(pc, WinogradArg.BlockTiles);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const outPixel = <usize>arg(pc, WindowArg.OutPixelStride);
  const residualPixel = <usize>arg(pc, WinogradArg.ResidualPixelStride);
  const sumDepth = arg(pc, WinogradArg.SumDepth);
  const limits = pc + (WinogradArg.Min << 2);
  const patches = workspace(<usize>arg(pc, WinogradArg.Scratch));
  const scratch = patches + WINOGRAD_PATCHES;
  const inputs = scratch + WINOGRAD_SCRATCH;
  const rowBytes = (<usize>channels) << 2;
  const stride = blockTiles * rowBytes;
  const products = inputs + SQUARED * stride;
  const productStride = blockTiles << 5;
  const input = <usize>arg(pc, WindowArg.Input) + at;
  const output = <usize>arg(pc, WindowArg.Output) + outAt;
  const residual = <usize>arg(pc, WinogradArg.Residual);
  if (!ready) {
    const zeros = <usize>arg(pc, WinogradArg.Zeros);
    for (let t = 0; t < count; t++) {
      const row = (first + t) / tilesX;
      const picture = row / tilesY;
      const y = (row - picture * tilesY) * SIZE;
      const x = (first + t - row * tilesX) * SIZE;
      f32_winograd_input_tile(pc, input, picture, y, x, channels >> 2, inputs + <usize>t * rowBytes, stride, patches, zeros);
    }
  }
  for (let n = from; n < end; n += NR) {
    let matrix = panel + 32;
    for (let point: usize = 0; point < SQUARED; point++) {
      f32_gemm_rows_4x8(count, channels, sumDepth, inputs + point * stride, matrix, products + point * productStride);
      matrix += rowBytes << 3;
    }
    for (let t = 0; t < count; t++) {
      const row = (first + t) / tilesX;
      const picture = row / tilesY;
      const y = (row - picture * tilesY) * SIZE;
      const x = (first + t - row * tilesX) * SIZE;
      const pixel = <usize>((picture * outHeight + y) * outWidth + x);
      const product = products + ((<usize>t) << 5);
      const to = output + pixel * outPixel + ((<usize>n) << 2);
      const r = residual ? residual + outAt + pixel * residualPixel + ((<usize>n) << 2) : 0;
      if (y + SIZE <= outHeight && x + SIZE <= outWidth && n + NR <= end) {
        f32_winograd_output_tile(
          product,
          productStride,
          panel,
          to,
          <usize>outWidth * outPixel,
          outPixel,
          r,
          <usize>outWidth * residualPixel,
          residualPixel,
          limits,
          scratch,
        );
      } else {
        f32_winograd_output(
          POINTS,
          SIZE,
          product,
          productStride,
          panel,
          to,
          <usize>outWidth * outPixel,
          outPixel,
          r,
          <usize>outWidth * residualPixel,
          residualPixel,
          min(SIZE, outHeight - y),
          min(SIZE, outWidth - x),
          min(NR, end - n),
          limits,
          scratch,
        );
      }
    }
    panel = matrix;
  }
}

/** gemm/f32_gemm_4x8 without bias and limits, for rows of `a` as they lie; up to three rows behind the last are computed, too. */
export function f32_gemm_rows_4x8(rows: i32, depth: i32, sumDepth: i32, a: usize, b: usize, c: usize): void {
  const bEnd = b + ((<usize>depth) << 5);
  const rowBytes = (<usize>depth) << 2;
  const partBytes = (<usize>min(max(1, sumDepth), max(1, depth))) << 5;
  let bp = b;
  while (rows > 0) {
    let x00 = f32x4.splat(0);
    let x01 = x00,
      x10 = x00,
      x11 = x00,
      x20 = x00,
      x21 = x00,
      x30 = x00,
      x31 = x00;
    let a1 = a + rowBytes;
    let a2 = a1 + rowBytes;
    let a3 = a2 + rowBytes;
    const begins = bp === b;
    const partEnd = min(bp + partBytes, bEnd);
    while (bp < partEnd) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp, 16);
      let s = v128.load32_splat(a);
      x00 = madd(s, b0, x00);
      x01 = madd(s, b1, x01);
      s = v128.load32_splat(a1);
      x10 = madd(s, b0, x10);
      x11 = madd(s, b1, x11);
      s = v128.load32_splat(a2);
      x20 = madd(s, b0, x20);
      x21 = madd(s, b1, x21);
      s = v128.load32_splat(a3);
      x30 = madd(s, b0, x30);
      x31 = madd(s, b1, x31);
      a += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      bp += 32;
    }
    if (!begins) {
      x00 = f32x4.add(x00, v128.load(c));
      x01 = f32x4.add(x01, v128.load(c, 16));
      x10 = f32x4.add(x10, v128.load(c, 32));
      x11 = f32x4.add(x11, v128.load(c, 48));
      x20 = f32x4.add(x20, v128.load(c, 64));
      x21 = f32x4.add(x21, v128.load(c, 80));
      x30 = f32x4.add(x30, v128.load(c, 96));
      x31 = f32x4.add(x31, v128.load(c, 112));
    }
    v128.store(c, x00);
    v128.store(c, x01, 16);
    v128.store(c, x10, 32);
    v128.store(c, x11, 48);
    v128.store(c, x20, 64);
    v128.store(c, x21, 80);
    v128.store(c, x30, 96);
    v128.store(c, x31, 112);
    if (bp === bEnd) {
      bp = b;
      a += rowBytes * 3;
      c += 128;
      rows -= 4;
    }
  }
}

/** winograd/f32_winograd_output for a whole tile of eight channels. */
export function f32_winograd_output_tile(
  products: usize,
  stride: usize,
  bias: usize,
  output: usize,
  outRow: usize,
  outPixel: usize,
  residual: usize,
  residualRow: usize,
  residualPixel: usize,
  limits: usize,
  scratch: usize,
): void {
  const low = v128.load32_splat(limits);
  const high = v128.load32_splat(limits, 4);
  const row = stride * 6;
  for (let half: usize = 0; half < 32; half += 16) {
    let p = products + half;
    for (let to = scratch; to < scratch + 96; to += 16) {
      const m0 = v128.load(p);
      const m1 = v128.load(p + row);
      const m2 = v128.load(p + row * 2);
      const m3 = v128.load(p + row * 3);
      const m4 = v128.load(p + row * 4);
      const m5 = v128.load(p + row * 5);
      const sumA = f32x4.add(m1, m2);
      const differenceA = f32x4.sub(m1, m2);
      const sumB = f32x4.add(m3, m4);
      const differenceB = f32x4.sub(m3, m4);
      v128.store(to, first4(m0, sumA, sumB));
      v128.store(to, second4(differenceA, differenceB), 96);
      v128.store(to, third4(sumA, sumB), 192);
      v128.store(to, fourth4(differenceA, differenceB, m5), 288);
      p += stride;
    }
    const shift = v128.load(bias + half);
    let y = output + half;
    let r = residual + half;
    for (let from = scratch; from < scratch + 384; from += 96) {
      const m1 = v128.load(from, 16);
      const m2 = v128.load(from, 32);
      const m3 = v128.load(from, 48);
      const m4 = v128.load(from, 64);
      const sumA = f32x4.add(m1, m2);
      const differenceA = f32x4.sub(m1, m2);
      const sumB = f32x4.add(m3, m4);
      const differenceB = f32x4.sub(m3, m4);
      let y0 = f32x4.add(first4(v128.load(from), sumA, sumB), shift);
      let y1 = f32x4.add(second4(differenceA, differenceB), shift);
      let y2 = f32x4.add(third4(sumA, sumB), shift);
      let y3 = f32x4.add(fourth4(differenceA, differenceB, v128.load(from, 80)), shift);
      if (residual) {
        y0 = f32x4.add(y0, v128.load(r));
        y1 = f32x4.add(y1, v128.load(r + residualPixel));
        y2 = f32x4.add(y2, v128.load(r + residualPixel * 2));
        y3 = f32x4.add(y3, v128.load(r + residualPixel * 3));
        r += residualRow;
      }
      v128.store(y, clamp(y0, low, high));
      v128.store(y + outPixel, clamp(y1, low, high));
      v128.store(y + outPixel * 2, clamp(y2, low, high));
      v128.store(y + outPixel * 3, clamp(y3, low, high));
      y += outRow;
    }
  }
}
