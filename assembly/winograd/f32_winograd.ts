// Winograd's convolution of stride 1: an output tile of size × size pixels takes points² products per channel instead of
// size² · taps² (Lavin and Gray 2015, arXiv:1509.09308). F(4, 3) and F(2, 5) have six points, F(2, 3) four.
//
//   input     NHWC, pixels InPixelStride bytes apart; group g's channels start at g * Channels, a multiple of four
//   weights   panels of f32_winograd_weights, group by group
//   output    NHWC, pixels OutPixelStride bytes apart
//   residual  0, or like the output with ResidualPixelStride; may be the output
//   scratch   addresses of four tiles' patches, the transforms' scratch, V and M
// BlockTiles tiles at a time are transformed into V [point][tile / 4][C][4]. Then for each panel of eight output channels
// one GEMM per point gives M [point][tile][8], which is transformed back while it is in the nearest cache. `wide`: see
// gemm/f32_gemm_4x8.

import { tapPointer } from '../conv/taps.inline';
import { f32_gemm_4x8 } from '../gemm/f32_gemm_4x8';
import { arg } from '../math/simd.inline';
import { NR, WINOGRAD_PATCHES, WINOGRAD_SCRATCH, WindowArg, WinogradArg } from '../opcodes';
import { mine, pieceOf, share, workspace } from '../threads.inline';
import { f32_winograd_input } from './f32_winograd_input';
import { f32_winograd_output } from './f32_winograd_output';

export function f32_winograd(pc: usize, wide: bool): void {
  const points = arg(pc, WinogradArg.Points);
  // At least 1, so that an instruction of zeros does nothing.
  const size = max(1, arg(pc, WinogradArg.TileSize));
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const groups = arg(pc, WinogradArg.Groups);
  const outChannels = arg(pc, WinogradArg.OutChannels);
  const blockTiles = arg(pc, WinogradArg.BlockTiles);
  const sumDepth = arg(pc, WinogradArg.SumDepth);
  const zeros = <usize>arg(pc, WinogradArg.Zeros);
  const outPixelStride = <usize>arg(pc, WindowArg.OutPixelStride);
  const outRowStride = <usize>outWidth * outPixelStride;
  const residualPixelStride = <usize>arg(pc, WinogradArg.ResidualPixelStride);
  const residualRowStride = <usize>outWidth * residualPixelStride;
  const limits = pc + (WinogradArg.Min << 2);

  const tilesX = (outWidth + size - 1) / size;
  const tilesY = (outHeight + size - 1) / size;
  const tiles = arg(pc, WindowArg.Batch) * tilesY * tilesX;
  const squared = <usize>(points * points);
  const depthBytes = (<usize>channels) << 5;
  const panelBytes: usize = 32 + squared * depthBytes;

  const patches = workspace(<usize>arg(pc, WinogradArg.Scratch));
  const scratch = patches + WINOGRAD_PATCHES;
  const transformed = scratch + WINOGRAD_SCRATCH;
  const pointStride = <usize>blockTiles * ((<usize>channels) << 2);
  const products = transformed + squared * pointStride;
  const productStride = (<usize>blockTiles) << 5;

  let weights = <usize>arg(pc, WinogradArg.Weights);
  let input = <usize>arg(pc, WindowArg.Input);
  let output = <usize>arg(pc, WindowArg.Output);
  let residual = <usize>arg(pc, WinogradArg.Residual);
  // Threads share blocks of tiles and, if those are few, the panels of each.
  const panels = (outChannels + NR - 1) / NR;
  let part = max(1, panels) * NR;
  if (ASC_FEATURE_THREADS) {
    const blocks = groups * ((tiles + blockTiles - 1) / max(1, blockTiles));
    part = pieceOf(blocks, panels) * NR;
    share(blocks * ((outChannels + part - 1) / part), <f32>(squared * blockTiles) * <f32>channels * <f32>part * 0.25);
  }
  for (let g = 0; g < groups; g++) {
    for (let first = 0; first < tiles; first += blockTiles) {
      const count = min(blockTiles, tiles - first);
      let ready = false;
      for (let from = 0; from < outChannels; from += part) {
        if (!mine()) continue;
        const end = min(outChannels, from + part);
        let to = transformed;
        for (let t = 0; t < count && !ready; t += 4) {
          for (let i = 0; i < 4; i++)
            patch(pc, input, t + i < count ? first + t + i : -1, tilesX, tilesY, patches + <usize>(i * points * points) * 4);
          for (let c = 0; c < channels; c += 16) {
            f32_winograd_input(points, patches, (<usize>c) << 2, min(4, (channels - c) >> 2), to + ((<usize>c) << 4), pointStride, scratch);
          }
          to += (<usize>channels) << 4;
        }
        ready = true;
        let panel = weights + <usize>(from / NR) * panelBytes;
        for (let n = from; n < end; n += NR) {
          let matrix = panel + 32;
          for (let p: usize = 0; p < squared; p++) {
            f32_gemm_4x8(
              wide,
              count,
              channels,
              sumDepth,
              transformed + p * pointStride,
              matrix,
              zeros,
              products + p * productStride,
              32,
              0,
              0,
              true,
              false,
              0,
              scratch,
            );
            matrix += depthBytes;
          }
          for (let t = 0; t < count; t++) {
            const tile = first + t;
            const row = tile / tilesX;
            const x = (tile - row * tilesX) * size;
            const picture = row / tilesY;
            const y = (row - picture * tilesY) * size;
            const pixel = <usize>((picture * outHeight + y) * outWidth + x);
            f32_winograd_output(
              points,
              size,
              products + ((<usize>t) << 5),
              productStride,
              panel,
              output + pixel * outPixelStride + ((<usize>n) << 2),
              outRowStride,
              outPixelStride,
              residual ? residual + pixel * residualPixelStride + ((<usize>n) << 2) : 0,
              residualRowStride,
              residualPixelStride,
              min(size, outHeight - y),
              min(size, outWidth - x),
              min(NR, outChannels - n),
              limits,
              scratch,
            );
          }
          panel = matrix;
        }
      }
    }
    weights += <usize>panels * panelBytes;
    input += (<usize>channels) << 2;
    output += (<usize>outChannels) << 2;
    if (residual) residual += (<usize>outChannels) << 2;
  }
}

/** The addresses of a tile's patch, column by column; tile -1 has only zeros. */
function patch(pc: usize, input: usize, tile: i32, tilesX: i32, tilesY: i32, to: usize): void {
  const points = arg(pc, WinogradArg.Points);
  const size = arg(pc, WinogradArg.TileSize);
  const height = tile < 0 ? 0 : arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const zeros = <usize>arg(pc, WinogradArg.Zeros);
  const pixelStride = <usize>arg(pc, WindowArg.InPixelStride);
  const row = tile / tilesX;
  const picture = row / tilesY;
  const left = (tile - row * tilesX) * size - arg(pc, WindowArg.PadLeft);
  const top = (row - picture * tilesY) * size - arg(pc, WindowArg.PadTop);
  const image = input + <usize>picture * <usize>height * <usize>width * pixelStride;
  for (let x = left; x < left + points; x++) {
    for (let y = top; y < top + points; y++) {
      store<usize>(to, tapPointer(image, y, x, height, width, pixelStride, zeros));
      to += 4;
    }
  }
}
