// The gradient of a depthwise convolution's weights, but for the sum over parts:
// S[part][ky][kx][c] = sum over the part's pixels p of X[p·stride + (ky, kx)·dilation - pad][c] * dY[p][c].
//
//   x, dy  NHWC, pixels InPixelStride and OutPixelStride bytes apart; Channels is 1, OutChannels are all channels
//   sums   [Parts][ky][kx][OutChannels in eights]
// Blocks and parts as in f32_weight_gradient_4x8. Four channels at a time; of a row of the kernel up to TAPS taps at a time
// over the pixels where all of them meet the picture, so that dY is read once for them, and each alone over the others.
// Reads may run 12 bytes past the last channel.

import { arg, madd } from '../math/simd.inline';
import { WindowArg } from '../opcodes';
import { WeightGradientArg } from '../opcodes-training';
import { mine, pieceOf, share } from '../threads.inline';
import { endOutput, firstOutput } from './blocks.inline';

const TAPS: i32 = 3;
/** Channels of a cache line. */
const LINE: i32 = 16;

export function f32_depthwise_weight_gradient_c4(pc: usize): void {
  const channels = arg(pc, WeightGradientArg.OutChannels);
  const parts = arg(pc, WeightGradientArg.Parts);
  const batch = arg(pc, WindowArg.Batch);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const blockPictures = arg(pc, WeightGradientArg.BlockPictures);
  const blockRows = arg(pc, WeightGradientArg.BlockRows);
  const blockColumns = arg(pc, WeightGradientArg.BlockColumns);
  const partBlocks = arg(pc, WeightGradientArg.PartBlocks);
  const blocksX = (outWidth + blockColumns - 1) / blockColumns;
  const blocksY = (outHeight + blockRows - 1) / blockRows;
  const tapBytes = ((<usize>channels + 7) & ~7) << 2;
  let sums = <usize>arg(pc, WeightGradientArg.Sums);
  // Threads share parts and, if those are few, the channels of each, a cache line of them at a time.
  const lines = (channels + LINE - 1) / LINE;
  let piece = max(1, lines) * LINE;
  if (ASC_FEATURE_THREADS) {
    piece = pieceOf(parts, lines) * LINE;
    const products = partBlocks * blockPictures * blockRows * blockColumns * kernelHeight * kernelWidth;
    share(parts * ((channels + piece - 1) / piece), <f32>products * <f32>piece * 0.25);
  }
  for (let part = 0; part < parts; part++) {
    for (let from = 0; from < channels; from += piece) {
      if (!mine()) continue;
      const end = min(channels, from + piece);
      for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
        for (let c = from; c < end; c += 4) v128.store(sums + <usize>tap * tapBytes + ((<usize>c) << 2), f32x4.splat(0));
      }
      for (let block = part * partBlocks; block < (part + 1) * partBlocks; block++) {
        const row = block / blocksX;
        const picture = (row / blocksY) * blockPictures;
        const left = (block - row * blocksX) * blockColumns;
        const top = (row % blocksY) * blockRows;
        for (let i = picture; i < min(batch, picture + blockPictures); i++) {
          for (let c = from; c < end; c += 4) {
            const at = (<usize>c) << 2;
            for (let ky = 0; ky < kernelHeight; ky++) {
              for (let kx = 0; kx < kernelWidth; kx += TAPS) {
                f32_depthwise_weight_gradient_row(
                  pc,
                  i,
                  ky,
                  kx,
                  min(TAPS, kernelWidth - kx),
                  at,
                  top,
                  min(outHeight, top + blockRows),
                  left,
                  min(outWidth, left + blockColumns),
                  sums + at + <usize>(ky * kernelWidth + kx) * tapBytes,
                  tapBytes,
                );
              }
            }
          }
        }
      }
    }
    sums += tapBytes * <usize>(kernelHeight * kernelWidth);
  }
}

/** Adds what some rows and columns of a picture give to `taps` (1 to TAPS) taps from (ky, kx) on, for four channels `at`. */
export function f32_depthwise_weight_gradient_row(
  pc: usize,
  picture: i32,
  ky: i32,
  kx: i32,
  taps: i32,
  at: usize,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
  sums: usize,
  tapBytes: usize,
): void {
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const strideHeight = arg(pc, WindowArg.StrideHeight);
  const strideWidth = arg(pc, WindowArg.StrideWidth);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const xPixel = <usize>arg(pc, WindowArg.InPixelStride);
  const dyPixel = <usize>arg(pc, WindowArg.OutPixelStride);
  const offsetY = ky * arg(pc, WindowArg.DilationHeight) - arg(pc, WindowArg.PadTop);
  const offset0 = kx * dilationWidth - arg(pc, WindowArg.PadLeft);
  const last = offset0 + (taps - 1) * dilationWidth;
  const first = firstOutput(offsetY, strideHeight, top);
  const end = endOutput(offsetY, strideHeight, height, bottom);
  // Where all taps are inside.
  const innerFirst = firstOutput(offset0, strideWidth, left);
  const innerEnd = endOutput(last, strideWidth, width, right);
  const step = <usize>strideWidth * xPixel;
  const xTap = <usize>dilationWidth * xPixel;
  const inner = taps === TAPS && innerFirst < innerEnd;
  let s0 = f32x4.splat(0);
  let s1 = s0,
    s2 = s0;
  for (let oy = first; oy < end; oy++) {
    const x = <usize>arg(pc, WindowArg.Input) + at + <usize>((picture * height + oy * strideHeight + offsetY) * width) * xPixel;
    const dy = <usize>arg(pc, WindowArg.Output) + at + <usize>((picture * arg(pc, WindowArg.OutHeight) + oy) * outWidth) * dyPixel;
    if (inner) {
      let a = x + <usize>(innerFirst * strideWidth + offset0) * xPixel;
      let b = dy + <usize>innerFirst * dyPixel;
      for (let ox = innerFirst; ox < innerEnd; ox++) {
        const d = v128.load(b);
        s0 = madd(v128.load(a), d, s0);
        s1 = madd(v128.load(a + xTap), d, s1);
        s2 = madd(v128.load(a + xTap * 2), d, s2);
        a += step;
        b += dyPixel;
      }
    }
    for (let t = 0; t < taps; t++) {
      const offset = offset0 + t * dilationWidth;
      const tapEnd = endOutput(offset, strideWidth, width, right);
      let s = f32x4.splat(0);
      for (let ox = firstOutput(offset, strideWidth, left); ox < tapEnd; ox++) {
        if (inner && ox === innerFirst) {
          ox = innerEnd - 1;
          continue;
        }
        s = madd(v128.load(x + <usize>(ox * strideWidth + offset) * xPixel), v128.load(dy + <usize>ox * dyPixel), s);
      }
      if (t === 0) s0 = f32x4.add(s0, s);
      else if (t === 1) s1 = f32x4.add(s1, s);
      else s2 = f32x4.add(s2, s);
    }
  }
  v128.store(sums, f32x4.add(v128.load(sums), s0));
  if (taps > 1) v128.store(sums + tapBytes, f32x4.add(v128.load(sums + tapBytes), s1));
  if (taps > 2) v128.store(sums + tapBytes * 2, f32x4.add(v128.load(sums + tapBytes * 2), s2));
}
