// The gradient of a convolution's weights, but for the sum over parts:
// S[part][ky][kx][i][o] = sum over the part's pixels p of X[p·stride + (ky, kx)·dilation - pad][i] * dY[p][o].
// Any kernel, stride, padding, dilation and groups.
//
//   x     NHWC, pixels InPixelStride bytes apart; group g's channels start at g * Channels
//   dy    NHWC, pixels OutPixelStride bytes apart; group g's filters start at g * OutChannels
//   sums  [Parts][Groups][ky][kx][Channels in fours][OutChannels in eights]; what is beyond the channels is never used
//         with Scratch: [Parts][ky][kx, i in fours][OutChannels in eights]
// dY is cut into blocks of pictures × rows × columns, PartBlocks of them a part, all by shape alone. An outer-product tile
// of 4 channels × 8 filters runs over the pixels of a block where its tap meets the picture; nothing is packed. A tile's
// If a row of the kernel has fewer fours as one run of channels (3 taps of 1 channel are one four, not three), the X of a
// block is copied with its padding, so that no tap is outside; one group and DilationWidth 1. A tile's
// sum over a block starts at 0 and is added to the part's, so that the error of a long sum stays small. Reads may run 12
// bytes past the last channel of X and 28 bytes past the last one of dY.

import { arg, madd } from '../math/simd.inline';
import { WindowArg } from '../opcodes';
import { WeightGradientArg } from '../opcodes-training';
import { mine, pieceOf, share, workspace } from '../threads.inline';
import { endOutput, firstOutput } from './blocks.inline';

export function f32_weight_gradient_4x8(pc: usize): void {
  const channels = arg(pc, WindowArg.Channels);
  const groups = arg(pc, WeightGradientArg.Groups);
  const outChannels = arg(pc, WeightGradientArg.OutChannels);
  const parts = arg(pc, WeightGradientArg.Parts);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const runs = arg(pc, WeightGradientArg.Scratch) !== 0;
  const fours = ((runs ? channels * kernelWidth : channels) + 3) >> 2;
  const tiles = arg(pc, WindowArg.KernelHeight) * (runs ? 1 : kernelWidth) * fours;
  const tileBytes = ((<usize>outChannels + 7) & ~7) << 4;
  const blockPixels =
    arg(pc, WeightGradientArg.BlockPictures) * arg(pc, WeightGradientArg.BlockRows) * arg(pc, WeightGradientArg.BlockColumns);
  // Threads share parts and, if those are few, the tiles of each.
  let piece = max(1, tiles);
  if (ASC_FEATURE_THREADS) {
    piece = pieceOf(parts * groups, tiles);
    const cost = <f32>(arg(pc, WeightGradientArg.PartBlocks) * blockPixels) * <f32>outChannels * <f32>piece;
    share(parts * groups * ((tiles + piece - 1) / piece), cost);
  }
  let sums = <usize>arg(pc, WeightGradientArg.Sums);
  for (let part = 0; part < parts; part++) {
    let x = <usize>arg(pc, WindowArg.Input);
    let dy = <usize>arg(pc, WindowArg.Output);
    for (let g = 0; g < groups; g++) {
      for (let from = 0; from < tiles; from += piece) {
        if (mine()) partSums(pc, part, x, dy, from, min(tiles, from + piece), fours, sums, tileBytes);
      }
      x += (<usize>channels) << 2;
      dy += (<usize>outChannels) << 2;
      sums += <usize>tiles * tileBytes;
    }
  }
}

/** Tiles `from` to `end` of a part of a group. */
function partSums(pc: usize, part: i32, x: usize, dy: usize, from: i32, end: i32, fours: i32, sums: usize, tileBytes: usize): void {
  const batch = arg(pc, WindowArg.Batch);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const blockPictures = arg(pc, WeightGradientArg.BlockPictures);
  const blockRows = arg(pc, WeightGradientArg.BlockRows);
  const blockColumns = arg(pc, WeightGradientArg.BlockColumns);
  const blocksX = (outWidth + blockColumns - 1) / blockColumns;
  const blocksY = (outHeight + blockRows - 1) / blockRows;
  const partBlocks = arg(pc, WeightGradientArg.PartBlocks);
  const runs = arg(pc, WeightGradientArg.Scratch) !== 0;
  memory.fill(sums + <usize>from * tileBytes, 0, <usize>(end - from) * tileBytes);
  for (let block = part * partBlocks; block < (part + 1) * partBlocks; block++) {
    const row = block / blocksX;
    const picture = (row / blocksY) * blockPictures;
    if (picture >= batch) break;
    const column = (block - row * blocksX) * blockColumns;
    const top = (row % blocksY) * blockRows;
    const pictureEnd = min(batch, picture + blockPictures);
    const bottom = min(outHeight, top + blockRows);
    const right = min(outWidth, column + blockColumns);
    if (runs) blockRuns(pc, x, dy, picture, pictureEnd, top, bottom, column, right, from, end, fours, sums, tileBytes);
    else blockSums(pc, x, dy, picture, pictureEnd, top, bottom, column, right, from, end, fours, sums, tileBytes);
  }
}

/** As `blockSums`, where a row of the kernel is a run. */
function blockRuns(
  pc: usize,
  x: usize,
  dy: usize,
  picture: i32,
  pictureEnd: i32,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
  from: i32,
  end: i32,
  fours: i32,
  sums: usize,
  tileBytes: usize,
): void {
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const channels = arg(pc, WindowArg.Channels);
  const strideHeight = arg(pc, WindowArg.StrideHeight);
  const strideWidth = arg(pc, WindowArg.StrideWidth);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const xPixel = <usize>arg(pc, WindowArg.InPixelStride);
  const dyPixel = <usize>arg(pc, WindowArg.OutPixelStride);
  const dyRow = <usize>arg(pc, WindowArg.OutWidth) * dyPixel;
  const dyPicture = <usize>arg(pc, WindowArg.OutHeight) * dyRow;
  const scratch = workspace(<usize>arg(pc, WeightGradientArg.Scratch));
  const pixelBytes = (<usize>channels) << 2;
  const columns = (right - left - 1) * strideWidth + arg(pc, WindowArg.KernelWidth);
  const rows = (bottom - top - 1) * strideHeight + (arg(pc, WindowArg.KernelHeight) - 1) * dilationHeight + 1;
  const rowBytes = <usize>columns * pixelBytes;
  const iy = top * strideHeight - arg(pc, WindowArg.PadTop);
  const ix = left * strideWidth - arg(pc, WindowArg.PadLeft);
  let to = scratch;
  for (let i = picture; i < pictureEnd; i++) {
    for (let y = iy; y < iy + rows; y++) {
      const row = x + <usize>((i * height + y) * width) * xPixel;
      for (let column = ix; column < ix + columns; column++) {
        const inside = <u32>y < <u32>height && <u32>column < <u32>width;
        const p = row + <usize>column * xPixel;
        for (let c: usize = 0; c < pixelBytes; c += 4) store<f32>(to + c, inside ? load<f32>(p + c) : 0);
        to += pixelBytes;
      }
    }
  }
  for (let tile = from; tile < end; tile++) {
    const ky = tile / fours;
    const pixel = scratch + <usize>(ky * dilationHeight) * rowBytes + ((<usize>(tile - ky * fours)) << 4);
    const gradient = dy + <usize>picture * dyPicture + <usize>top * dyRow + <usize>left * dyPixel;
    for (let n: usize = 0; n < tileBytes >> 2; n += 32) {
      f32_weight_gradient_tile(
        pictureEnd - picture,
        bottom - top,
        right - left,
        pixel,
        <usize>rows * rowBytes,
        <usize>strideHeight * rowBytes,
        <usize>strideWidth * pixelBytes,
        gradient + n,
        dyPicture,
        dyRow,
        dyPixel,
        sums + <usize>tile * tileBytes + n,
        tileBytes >> 2,
      );
    }
  }
}

/** Adds what a block gives to tiles `from` to `end`. */
function blockSums(
  pc: usize,
  x: usize,
  dy: usize,
  picture: i32,
  pictureEnd: i32,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
  from: i32,
  end: i32,
  fours: i32,
  sums: usize,
  tileBytes: usize,
): void {
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const strideHeight = arg(pc, WindowArg.StrideHeight);
  const strideWidth = arg(pc, WindowArg.StrideWidth);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const xPixel = <usize>arg(pc, WindowArg.InPixelStride);
  const dyPixel = <usize>arg(pc, WindowArg.OutPixelStride);
  const dyRow = <usize>outWidth * dyPixel;
  const xPicture = <usize>height * <usize>width * xPixel;
  const dyPicture = <usize>arg(pc, WindowArg.OutHeight) * dyRow;
  let tap = from / fours;
  let four = from - tap * fours;
  for (let tile = from; tile < end; ) {
    const ky = tap / kernelWidth;
    const offsetY = ky * arg(pc, WindowArg.DilationHeight) - arg(pc, WindowArg.PadTop);
    const offsetX = (tap - ky * kernelWidth) * arg(pc, WindowArg.DilationWidth) - arg(pc, WindowArg.PadLeft);
    const oy = firstOutput(offsetY, strideHeight, top);
    const ox = firstOutput(offsetX, strideWidth, left);
    const rows = endOutput(offsetY, strideHeight, height, bottom) - oy;
    const columns = endOutput(offsetX, strideWidth, width, right) - ox;
    const tapEnd = min(end, tile + fours - four);
    if (rows > 0 && columns > 0) {
      const pixel = x + <usize>picture * xPicture + <usize>((oy * strideHeight + offsetY) * width + ox * strideWidth + offsetX) * xPixel;
      const gradient = dy + <usize>picture * dyPicture + <usize>(oy * outWidth + ox) * dyPixel;
      for (let t = tile; t < tapEnd; t++) {
        for (let n: usize = 0; n < tileBytes >> 2; n += 32) {
          f32_weight_gradient_tile(
            pictureEnd - picture,
            rows,
            columns,
            pixel + ((<usize>(four + t - tile)) << 4),
            xPicture,
            <usize>(strideHeight * width) * xPixel,
            <usize>strideWidth * xPixel,
            gradient + n,
            dyPicture,
            dyRow,
            dyPixel,
            sums + <usize>t * tileBytes + n,
            tileBytes >> 2,
          );
        }
      }
    }
    tile = tapEnd;
    four = 0;
    tap++;
  }
}

/** Adds sum over pixels of x[4] · dy[8] to four rows of eight sums, `stride` bytes apart. */
export function f32_weight_gradient_tile(
  pictures: i32,
  rows: i32,
  columns: i32,
  x: usize,
  xPicture: usize,
  xRow: usize,
  xPixel: usize,
  dy: usize,
  dyPicture: usize,
  dyRow: usize,
  dyPixel: usize,
  sums: usize,
  stride: usize,
): void {
  let x00 = f32x4.splat(0);
  let x01 = x00,
    x10 = x00,
    x11 = x00,
    x20 = x00,
    x21 = x00,
    x30 = x00,
    x31 = x00;
  const rowBytes = <usize>columns * dyPixel;
  for (let i = 0; i < pictures; i++) {
    let a0 = x;
    let b0 = dy;
    for (let y = 0; y < rows; y++) {
      let a = a0;
      let b = b0;
      const end = b + rowBytes;
      while (b < end) {
        const d0 = v128.load(b);
        const d1 = v128.load(b, 16);
        let s = v128.load32_splat(a);
        x00 = madd(s, d0, x00);
        x01 = madd(s, d1, x01);
        s = v128.load32_splat(a, 4);
        x10 = madd(s, d0, x10);
        x11 = madd(s, d1, x11);
        s = v128.load32_splat(a, 8);
        x20 = madd(s, d0, x20);
        x21 = madd(s, d1, x21);
        s = v128.load32_splat(a, 12);
        x30 = madd(s, d0, x30);
        x31 = madd(s, d1, x31);
        a += xPixel;
        b += dyPixel;
      }
      a0 += xRow;
      b0 += dyRow;
    }
    x += xPicture;
    dy += dyPicture;
  }
  v128.store(sums, f32x4.add(v128.load(sums), x00));
  v128.store(sums, f32x4.add(v128.load(sums, 16), x01), 16);
  sums += stride;
  v128.store(sums, f32x4.add(v128.load(sums), x10));
  v128.store(sums, f32x4.add(v128.load(sums, 16), x11), 16);
  sums += stride;
  v128.store(sums, f32x4.add(v128.load(sums), x20));
  v128.store(sums, f32x4.add(v128.load(sums, 16), x21), 16);
  sums += stride;
  v128.store(sums, f32x4.add(v128.load(sums), x30));
  v128.store(sums, f32x4.add(v128.load(sums, 16), x31), 16);
}
