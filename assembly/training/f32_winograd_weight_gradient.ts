// The gradient of the weights of a 3 × 3 convolution of stride 1 by Winograd's algorithm, but for the sum over parts:
// U[part][point][i][o] = sum over the part's tiles t of (Bᵀ d B)[t][i] * (A dY Aᵀ)[t][o], d the patch of 6 × 6 pixels of X under
// a tile of 4 × 4 of dY. f32_weight_gradient_sum makes dW of it.
//
//   x      NHWC, pixels InPixelStride bytes apart; group g's channels start at g * Channels
//   dy     NHWC, pixels OutPixelStride bytes apart; group g's filters start at g * OutChannels
//   sums   [Parts][Groups][6 y][6 x][Channels in fours, and one][OutChannels in eights]; what is beyond the channels is never used
// Tiles are numbered over all pictures. BlockTiles of them are transformed to V [point][tile][channels] and D
// [point][tile][filters], then one product per point is added to U by f32_weight_gradient_4x8's tile. The points' matrices
// are a little further apart than they need, because at a power of two they would meet in the same sets of the cache.
// Reads may run 12 bytes past the last channel of X and 28 past the last one of dY.

import { arg } from '../math/simd.inline';
import { WINOGRAD_PATCHES, WINOGRAD_SCRATCH, WindowArg } from '../opcodes';
import { WinogradWeightGradientArg } from '../opcodes-training';
import { mine, pieceOf, share, workspace } from '../threads.inline';
import { f32_weight_gradient_tile } from './f32_weight_gradient_4x8';
import { addresses, f32_winograd_input_tile } from './f32_winograd_input_tile';
import { gradient6 } from './winograd.inline';

const SIZE: i32 = 4;
const SQUARED: usize = 36;

export function f32_winograd_weight_gradient(pc: usize): void {
  const channels = arg(pc, WindowArg.Channels);
  const groups = arg(pc, WinogradWeightGradientArg.Groups);
  const outChannels = arg(pc, WinogradWeightGradientArg.OutChannels);
  const parts = arg(pc, WinogradWeightGradientArg.Parts);
  const partTiles = arg(pc, WinogradWeightGradientArg.PartBlocks) * arg(pc, WinogradWeightGradientArg.BlockTiles);
  const fours = (channels + 3) >> 2;
  const eights = (outChannels + 7) >> 3;
  const rowBytes = (<usize>eights) << 5;
  const pointBytes = <usize>(fours * 4 + 1) * rowBytes;
  // Threads share parts and, if those are few, the filters of each.
  let piece = max(1, eights);
  if (ASC_FEATURE_THREADS) {
    piece = pieceOf(parts * groups, eights);
    share(parts * groups * ((eights + piece - 1) / piece), <f32>partTiles * <f32>SQUARED * <f32>(channels * piece) * 2);
  }
  let sums = <usize>arg(pc, WinogradWeightGradientArg.Sums);
  for (let part = 0; part < parts; part++) {
    let x = <usize>arg(pc, WindowArg.Input);
    let dy = <usize>arg(pc, WindowArg.Output);
    for (let g = 0; g < groups; g++) {
      for (let from = 0; from < eights; from += piece) {
        if (mine()) partSums(pc, part * partTiles, x, dy, fours, from, min(eights, from + piece), sums, rowBytes);
      }
      x += (<usize>channels) << 2;
      dy += (<usize>outChannels) << 2;
      sums += SQUARED * pointBytes;
    }
  }
}

/** The sums of a part of a group, whose tiles start at `first`, for filters 8 * `from` to 8 * `end`. */
function partSums(pc: usize, first: i32, x: usize, dy: usize, fours: i32, from: i32, end: i32, sums: usize, rowBytes: usize): void {
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const blockTiles = arg(pc, WinogradWeightGradientArg.BlockTiles);
  const tilesX = (outWidth + SIZE - 1) / SIZE;
  const tilesY = (outHeight + SIZE - 1) / SIZE;
  const last = min(arg(pc, WindowArg.Batch) * tilesY * tilesX, first + arg(pc, WinogradWeightGradientArg.PartBlocks) * blockTiles);
  const zeros = <usize>arg(pc, WinogradWeightGradientArg.Zeros);
  const patches = workspace(<usize>arg(pc, WinogradWeightGradientArg.Scratch));
  const scratch = patches + WINOGRAD_PATCHES;
  const inputs = scratch + WINOGRAD_SCRATCH;
  const vBytes = (<usize>fours) << 4;
  const dBytes = (<usize>(end - from)) << 5;
  const vStride = <usize>blockTiles * vBytes + 64;
  const dStride = <usize>blockTiles * dBytes + 64;
  const gradients = inputs + SQUARED * vStride;
  const pointBytes = <usize>(fours * 4 + 1) * rowBytes;
  sums += (<usize>from) << 5;
  dy += (<usize>from) << 5;
  for (let row: usize = 0; row < SQUARED * <usize>(fours * 4 + 1); row++) memory.fill(sums + row * rowBytes, 0, dBytes);
  for (let tile = first; tile < last; tile += blockTiles) {
    const count = min(blockTiles, last - tile);
    for (let t = 0; t < count; t++) {
      const row = (tile + t) / tilesX;
      const picture = row / tilesY;
      const oy = (row - picture * tilesY) * SIZE;
      const ox = (tile + t - row * tilesX) * SIZE;
      f32_winograd_input_tile(pc, x, picture, oy, ox, fours, inputs + <usize>t * vBytes, vStride, patches, zeros);
      f32_winograd_gradient_tile(pc, dy, picture, oy, ox, (end - from) << 1, gradients + <usize>t * dBytes, dStride, patches, zeros);
    }
    for (let point: usize = 0; point < SQUARED; point++) {
      const v = inputs + point * vStride;
      const d = gradients + point * dStride;
      let to = sums + point * pointBytes;
      for (let c: usize = 0; c < vBytes; c += 16) {
        for (let n: usize = 0; n < dBytes; n += 32)
          f32_weight_gradient_tile(1, 1, count, v + c, 0, 0, vBytes, d + n, 0, 0, dBytes, to + n, rowBytes);
        to += rowBytes << 2;
      }
    }
  }
}

/** Transforms the tile of dY at (oy, ox), for `fours` times four filters, to points `stride` bytes apart. */
export function f32_winograd_gradient_tile(
  pc: usize,
  dy: usize,
  picture: i32,
  oy: i32,
  ox: i32,
  fours: i32,
  output: usize,
  stride: usize,
  patches: usize,
  zeros: usize,
): void {
  const scratch = patches + WINOGRAD_PATCHES;
  const height = arg(pc, WindowArg.OutHeight);
  const width = arg(pc, WindowArg.OutWidth);
  const pixelStride = <usize>arg(pc, WindowArg.OutPixelStride);
  const image = dy + <usize>(picture * height * width) * pixelStride;
  const inside = oy + SIZE <= height && ox + SIZE <= width;
  const step = <usize>width * pixelStride;
  let start = image + <usize>(oy * width + ox) * pixelStride;
  if (!inside) addresses(image, oy, ox, SIZE, height, width, pixelStride, zeros, patches);
  for (let c = 0; c < fours; c++) {
    const at = (<usize>c) << 4;
    if (inside) {
      let p = start;
      for (let to = scratch; to < scratch + 64; to += 16) {
        gradient6(v128.load(p), v128.load(p + step), v128.load(p + step * 2), v128.load(p + step * 3), to, 64);
        p += pixelStride;
      }
      start += 16;
    } else {
      let p = patches;
      for (let to = scratch; to < scratch + 64; to += 16) {
        gradient6(
          v128.load(load<usize>(p) + at),
          v128.load(load<usize>(p, 4) + at),
          v128.load(load<usize>(p, 8) + at),
          v128.load(load<usize>(p, 12) + at),
          to,
          64,
        );
        p += 16;
      }
    }
    let row = scratch;
    let to = output + at;
    for (let y = 0; y < 6; y++) {
      gradient6(v128.load(row), v128.load(row, 16), v128.load(row, 32), v128.load(row, 48), to, stride);
      row += 4 << 4;
      to += stride * 6;
    }
  }
}
