// Depthwise convolution as in f32_dwconv_c8, for kernels 3, 5, 7, ... wide, horizontal strides 1 and 2, and no dilation.
//
//   input, weights, output  as f32_dwconv_c8
//   ring  the last KernelHeight rows of the input, 16 channels of them, between the zeros of the padding:
//         [row mod KernelHeight][(OutWidth - 1) * stride + KernelWidth][16]; then 16 floats
// Sixteen channels, a cache line of every pixel, go down the picture at a time: a row is copied into the ring once, where it
// meets every row of the kernel in the nearest cache, and columns lie at constant offsets and need no edges. A tile is four
// output pixels (stride 2: three) of four channels; tiles go along the row. Three taps of a kernel row need 6 (7) pixels, 3
// weights and 4 (3) sums, which is what 15 registers hold: V8 loads what a turn of the loop needs before it computes. Wider
// kernels go two taps at a time. Rows outside the picture are left out. The last tile of a row moves back over its
// neighbour, so there have to be as many output pixels as a tile has. Reads may run 60 bytes past the last channel.

import { arg } from '../math/simd.inline';
import { DepthwiseConvArg, DepthwiseRingArg, WindowArg } from '../opcodes';
import { mine, pieceOf, share, workspace } from '../threads.inline';
import { endTap, firstTap } from '../window/window.inline';
import { PIXEL, tiles } from './dwconv.inline';

/** Runs the whole instruction. */
export function f32_dwconv_ring_c4(pc: usize): void {
  const batch = arg(pc, WindowArg.Batch);
  const width = arg(pc, WindowArg.InWidth);
  const height = arg(pc, WindowArg.InHeight);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const channels = arg(pc, WindowArg.Channels);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const stride = arg(pc, WindowArg.StrideWidth);
  const padLeft = arg(pc, WindowArg.PadLeft);
  const inStride = <usize>arg(pc, WindowArg.InPixelStride);
  const outRow = <usize>outWidth * <usize>arg(pc, WindowArg.OutPixelStride);
  const ring = workspace(<usize>arg(pc, DepthwiseRingArg.Ring));
  const columns = (outWidth - 1) * stride + kernelWidth;
  const rowBytes = <usize>columns * PIXEL;
  const copied = min(width, columns - padLeft);
  const groupPanels = (<usize>(1 + kernelHeight * kernelWidth)) << 6;

  // Threads share bands of rows, and groups of channels.
  let band = max(1, outHeight);
  if (ASC_FEATURE_THREADS) {
    band = min(band, 4 * pieceOf(batch, (outHeight + 3) >> 2));
    const parts = batch * ((outHeight + band - 1) / band) * ((channels + 15) >> 4);
    share(parts, <f32>(band * outWidth) * <f32>(kernelHeight * kernelWidth) * 16);
  }

  // The padding stays zero.
  memory.fill(ring, 0, <usize>kernelHeight * rowBytes);
  let input = <usize>arg(pc, WindowArg.Input);
  let output = <usize>arg(pc, WindowArg.Output);
  for (let n = 0; n < batch; n++) {
    for (let top = 0; top < outHeight; top += band) {
      const bottom = min(outHeight, top + band);
      let panels = <usize>arg(pc, DepthwiseConvArg.Weights) - groupPanels;
      for (let c = 0; c < channels; c += 16) {
        panels += groupPanels;
        if (!mine()) continue;
        const at = (<usize>c) << 2;
        let next = 0;
        for (let oy = top; oy < bottom; oy++) {
          const iy = oy * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
          const first = firstTap(iy, 1);
          const end = endTap(iy, 1, kernelHeight, height, first);
          for (let row = max(next, iy + first); row < iy + end; row++) {
            const from = input + <usize>(row * width) * inStride + at;
            f32_dwconv_copy(from, inStride, ring + <usize>(row % kernelHeight) * rowBytes + <usize>padLeft * PIXEL, copied);
            next = row + 1;
          }
          const slot = ring + <usize>((iy + first) % kernelHeight) * rowBytes;
          const to = output + <usize>oy * outRow + at;
          if (stride === 1) f32_dwconv_tiles_s1(pc, panels, slot, first, end, channels - c, to);
          else f32_dwconv_tiles_s2(pc, panels, slot, first, end, channels - c, to);
        }
      }
    }
    input += <usize>(height * width) * inStride;
    output += <usize>outHeight * outRow;
  }
}

/** Copies sixteen channels of `pixels` pixels into the ring. */
export function f32_dwconv_copy(from: usize, inStride: usize, to: usize, pixels: i32): void {
  for (let i = 0; i < pixels; i++) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    from += inStride;
    to += PIXEL;
  }
}

export function f32_dwconv_tiles_s1(pc: usize, panels: usize, slot: usize, first: i32, end: i32, channels: i32, output: usize): void {
  tiles(1, 4, pc, panels, slot, first, end, channels, output);
}

export function f32_dwconv_tiles_s2(pc: usize, panels: usize, slot: usize, first: i32, end: i32, channels: i32, output: usize): void {
  tiles(2, 3, pc, panels, slot, first, end, channels, output);
}
