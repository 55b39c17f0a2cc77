// The gradient of a convolution's input:
// dX[p][i] = sum over (ky, kx, o) of dY[q][o] * W[ky][kx][o][i], q · stride = p + pad - (ky, kx) · dilation.
// Any kernel, stride, padding, dilation and groups.
//
//   dy       NHWC, pixels InPixelStride bytes apart; group g's channels start at g * Channels
//   weights  panels of gemm/f32_pack_panels with dX's channels as columns and (ky, kx, o) as depth, group by group
//   dx       NHWC, pixels OutPixelStride bytes apart, written
// Pixels of a row that are a stride apart meet the same taps: four of them × eight channels are a tile, and dY is read as it
// lies. The taps are found once for such pixels of a row: [address of dY's row, dY's column for pixel 0, offset in a panel, 0]
// for each. Products are added in the order (ky, kx, o), in parts of at most SumDepth, or of several taps while those have no
// more.

import { storeColumns } from '../gemm/f32_gemm_4x8';
import { arg, madd } from '../math/simd.inline';
import { NR, WindowArg } from '../opcodes';
import { ConvInputGradientArg } from '../opcodes-training';
import { mine, share, workspace } from '../threads.inline';
import { addTo } from './tile.inline';

/** A tile's sums: four pixels of eight floats. */
const SUMS: usize = 128;

export function f32_conv_input_gradient_4x8(pc: usize): void {
  const rows = arg(pc, WindowArg.Batch) * arg(pc, WindowArg.OutHeight);
  const groups = arg(pc, ConvInputGradientArg.Groups);
  const channels = arg(pc, WindowArg.Channels);
  const outChannels = arg(pc, ConvInputGradientArg.OutChannels);
  const taps = arg(pc, WindowArg.KernelHeight) * arg(pc, WindowArg.KernelWidth);
  const panelBytes = (<usize>(1 + taps * channels)) << 5;
  const groupBytes = <usize>((outChannels + NR - 1) / NR) * panelBytes;
  share(rows, <f32>(arg(pc, WindowArg.OutWidth) * groups * outChannels) * <f32>(taps * channels) * 0.25);
  for (let row = 0; row < rows; row++) {
    if (!mine()) continue;
    for (let g = 0; g < groups; g++) {
      for (let first = 0; first < min(arg(pc, WindowArg.StrideWidth), arg(pc, WindowArg.OutWidth)); first++) {
        rowOf(pc, row, first, (<usize>(g * channels)) << 2, (<usize>(g * outChannels)) << 2, <usize>g * groupBytes, panelBytes);
      }
    }
  }
}

/** Pixels `first`, `first` + stride, ... of a row of dX, for channels that start `at` and `outAt` bytes into a pixel. */
function rowOf(pc: usize, row: i32, first: i32, at: usize, outAt: usize, groupAt: usize, panelBytes: usize): void {
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const channels = arg(pc, WindowArg.Channels);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const strideHeight = arg(pc, WindowArg.StrideHeight);
  const strideWidth = arg(pc, WindowArg.StrideWidth);
  const pixel = <usize>arg(pc, WindowArg.InPixelStride);
  const outPixel = <usize>arg(pc, WindowArg.OutPixelStride);
  const outChannels = arg(pc, ConvInputGradientArg.OutChannels);
  const sums = workspace(<usize>arg(pc, ConvInputGradientArg.Scratch));
  const list = sums + SUMS;
  const picture = row / outHeight;
  const image = <usize>arg(pc, WindowArg.Input) + at + <usize>(picture * height * width) * pixel;
  let end = list;
  for (let ky = 0; ky < kernelHeight; ky++) {
    const y = row - picture * outHeight + arg(pc, WindowArg.PadTop) - ky * arg(pc, WindowArg.DilationHeight);
    if (y % strideHeight !== 0 || <u32>(y / strideHeight) >= <u32>height) continue;
    for (let kx = 0; kx < kernelWidth; kx++) {
      const x = first + arg(pc, WindowArg.PadLeft) - kx * arg(pc, WindowArg.DilationWidth);
      if (x % strideWidth !== 0) continue;
      store<usize>(end, image + <usize>((y / strideHeight) * width) * pixel);
      store<i32>(end, x / strideWidth, 4);
      store<usize>(end, (<usize>(1 + (ky * kernelWidth + kx) * channels)) << 5, 8);
      end += 16;
    }
  }
  const panels = <usize>arg(pc, ConvInputGradientArg.Weights) + groupAt;
  const zeros = <usize>arg(pc, ConvInputGradientArg.Zeros);
  const sumDepth = max(1, arg(pc, ConvInputGradientArg.SumDepth));
  const output = <usize>arg(pc, WindowArg.Output) + outAt + <usize>(row * outWidth + first) * outPixel;
  const step = <usize>strideWidth * outPixel;
  const pixels = (outWidth - first + strideWidth - 1) / strideWidth;
  for (let j = 0; j < pixels; j += 4) {
    let panel = panels;
    for (let n = 0; n < outChannels; n += NR) {
      f32_conv_input_gradient_tile(list, end, j, width, pixel, zeros, panel, channels, sumDepth, sums);
      let from = sums;
      let to = output + <usize>j * step + ((<usize>n) << 2);
      for (let i = j; i < min(pixels, j + 4); i++) {
        storeColumns(to, v128.load(from), v128.load(from, 16), outChannels - n);
        from += 32;
        to += step;
      }
      panel += panelBytes;
    }
  }
}

/** The sums of four pixels from number `j` on over the taps from `list` to `end`. */
export function f32_conv_input_gradient_tile(
  list: usize,
  end: usize,
  j: i32,
  width: i32,
  pixel: usize,
  zeros: usize,
  panel: usize,
  channels: i32,
  sumDepth: i32,
  sums: usize,
): void {
  let x00 = f32x4.splat(0);
  let x01 = x00,
    x10 = x00,
    x11 = x00,
    x20 = x00,
    x21 = x00,
    x30 = x00,
    x31 = x00;
  for (let to = sums; to < sums + SUMS; to += 16) v128.store(to, x00);
  let depth = 0;
  for (; list < end; list += 16) {
    const x = load<i32>(list, 4) + j;
    const row = load<usize>(list) + <usize>x * pixel;
    let b = panel + load<usize>(list, 8);
    for (let o = 0; o < channels; o += sumDepth) {
      const count = min(sumDepth, channels - o);
      if (depth + count > sumDepth) {
        addTo(sums, x00, x01, x10, x11, x20, x21, x30, x31);
        x00 = f32x4.splat(0);
        x01 = x00;
        x10 = x00;
        x11 = x00;
        x20 = x00;
        x21 = x00;
        x30 = x00;
        x31 = x00;
        depth = 0;
      }
      depth += count;
      const at = (<usize>o) << 2;
      let a0 = select<usize>(row + at, zeros, <u32>x < <u32>width);
      let a1 = select<usize>(row + pixel + at, zeros, <u32>(x + 1) < <u32>width);
      let a2 = select<usize>(row + pixel * 2 + at, zeros, <u32>(x + 2) < <u32>width);
      let a3 = select<usize>(row + pixel * 3 + at, zeros, <u32>(x + 3) < <u32>width);
      const bEnd = b + ((<usize>count) << 5);
      while (b < bEnd) {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        let s = v128.load32_splat(a0);
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
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
        b += 32;
      }
    }
  }
  addTo(sums, x00, x01, x10, x11, x20, x21, x30, x31);
}
