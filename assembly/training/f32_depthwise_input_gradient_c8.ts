// The gradient of a depthwise convolution's input:
// dX[p][c] = sum over (ky, kx) of dY[q][c] * W[ky][kx][c], q · stride = p + pad - (ky, kx) · dilation.
//
//   dy       NHWC, pixels InPixelStride bytes apart
//   weights  panels of gemm/f32_pack_panels with the channels as columns and the taps as depth
//   dx       NHWC, pixels OutPixelStride bytes apart, written
//   scratch  eight bytes for each row of the kernel and for each tap
// Eight channels at a time, row by row, taps in the order (kx, ky). Reads may run 28 bytes past the last channel.

import { storeColumns } from '../gemm/f32_gemm_4x8';
import { arg, madd } from '../math/simd.inline';
import { WindowArg } from '../opcodes';
import { ConvInputGradientArg } from '../opcodes-training';
import { mine, share, workspace } from '../threads.inline';

export function f32_depthwise_input_gradient_c8(pc: usize): void {
  const rows = arg(pc, WindowArg.Batch) * arg(pc, WindowArg.OutHeight);
  const taps = arg(pc, WindowArg.KernelHeight) * arg(pc, WindowArg.KernelWidth);
  share(rows, <f32>(arg(pc, WindowArg.OutWidth) * arg(pc, ConvInputGradientArg.OutChannels) * taps));
  for (let row = 0; row < rows; row++) if (mine()) f32_depthwise_input_gradient_row(pc, row);
}

/** Row `row` of all pictures. */
export function f32_depthwise_input_gradient_row(pc: usize, row: i32): void {
  const outHeight = arg(pc, WindowArg.OutHeight);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const channels = arg(pc, ConvInputGradientArg.OutChannels);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const strideHeight = arg(pc, WindowArg.StrideHeight);
  const strideWidth = arg(pc, WindowArg.StrideWidth);
  const pixel = <usize>arg(pc, WindowArg.InPixelStride);
  const outPixel = <usize>arg(pc, WindowArg.OutPixelStride);
  const weights = <usize>arg(pc, ConvInputGradientArg.Weights);
  const panelBytes = (<usize>(1 + kernelHeight * kernelWidth)) << 5;
  const picture = row / outHeight;
  const image = <usize>arg(pc, WindowArg.Input) + <usize>(picture * height * width) * pixel;
  const top = row - picture * outHeight + arg(pc, WindowArg.PadTop);
  // The rows of dY that the row meets, and then the taps that a pixel meets: addresses, each with an offset in a panel.
  const rows = workspace(<usize>arg(pc, ConvInputGradientArg.Scratch));
  let rowsEnd = rows;
  for (let ky = 0; ky < kernelHeight; ky++) {
    const y = top - ky * arg(pc, WindowArg.DilationHeight);
    if (y % strideHeight !== 0 || <u32>(y / strideHeight) >= <u32>height) continue;
    store<usize>(rowsEnd, image + <usize>((y / strideHeight) * width) * pixel);
    store<usize>(rowsEnd, (<usize>(1 + ky * kernelWidth)) << 5, 4);
    rowsEnd += 8;
  }
  let output = <usize>arg(pc, WindowArg.Output) + <usize>(row * outWidth) * outPixel;
  for (let ox = 0; ox < outWidth; ox++) {
    let end = rowsEnd;
    for (let kx = 0; kx < kernelWidth; kx++) {
      const x = ox + arg(pc, WindowArg.PadLeft) - kx * arg(pc, WindowArg.DilationWidth);
      if (x % strideWidth !== 0 || <u32>(x / strideWidth) >= <u32>width) continue;
      const at = <usize>(x / strideWidth) * pixel;
      for (let from = rows; from < rowsEnd; from += 8) {
        store<usize>(end, load<usize>(from) + at);
        store<usize>(end, load<usize>(from, 4) + ((<usize>kx) << 5), 4);
        end += 8;
      }
    }
    let panel = weights;
    for (let c = 0; c < channels; c += 8) {
      const at = (<usize>c) << 2;
      let x0 = f32x4.splat(0);
      let x1 = x0;
      for (let tap = rowsEnd; tap < end; tap += 8) {
        const p = load<usize>(tap) + at;
        const w = panel + load<usize>(tap, 4);
        x0 = madd(v128.load(p), v128.load(w), x0);
        x1 = madd(v128.load(p, 16), v128.load(w, 16), x1);
      }
      storeColumns(output + at, x0, x1, channels - c);
      panel += panelBytes;
    }
    output += outPixel;
  }
}
