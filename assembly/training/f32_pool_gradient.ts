// The gradients of max and average pooling: every window gives its output's gradient to its taps.
//
//   max      to the first tap, row by row, that holds the maximum, or to the last NaN if there is one, as PyTorch does
//   average  to all taps, divided as the forward pass divides
//
// The window's input (WindowArg.Input) is dX, its output dY: NHWC, pixels their PixelStride bytes apart, and so are X and Y, the
// input and the output of max pooling. Where windows overlap or leave gaps (Adds), dX is set to 0 and gradients are added; else
// they are stored. A part is a picture and a block of channels, and goes through its windows in their order, so that it does not
// matter who computes it. Four channels at a time. Reads may run 12 bytes past the last channel.

import { arg, storeLanes } from '../math/simd.inline';
import { WindowArg } from '../opcodes';
import { AveragePoolGradientArg, MaxPoolGradientArg, TrainingOp } from '../opcodes-training';
import { mine, share } from '../threads.inline';
import { endTap, firstTap } from '../window/window.inline';

/** Channels of a part, if there are few pictures. */
const CHANNELS: i32 = 32;
/** From so many pictures on a part has all channels, because memory is read in its order then. */
const MANY: i32 = 8;

export function f32_pool_gradient(pc: usize): void {
  const batch = arg(pc, WindowArg.Batch);
  const channels = arg(pc, WindowArg.Channels);
  const height = arg(pc, WindowArg.InHeight);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const average = load<i32>(pc) === TrainingOp.AveragePoolGradient;
  const adds = arg(pc, MaxPoolGradientArg.Adds) !== 0;
  const block = batch < MANY ? min(channels, CHANNELS) : channels;
  const taps = arg(pc, WindowArg.KernelHeight) * arg(pc, WindowArg.KernelWidth);
  const outputs = <f32>outHeight * <f32>arg(pc, WindowArg.OutWidth) * <f32>block;
  // The last row of a window, from its first output row's.
  const reach = (arg(pc, WindowArg.KernelHeight) - 1) * arg(pc, WindowArg.DilationHeight) + 1 - arg(pc, WindowArg.PadTop);
  share(batch * ((channels + block - 1) / block), outputs * <f32>taps * 3);
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c += block) {
      if (!mine()) continue;
      const count = min(block, channels - c);
      let clear = adds ? 0 : height;
      for (let oy = 0; oy < outHeight; oy++) {
        const end = min(height, oy * arg(pc, WindowArg.StrideHeight) + reach);
        if (clear < end) {
          f32_pool_gradient_clear(pc, n, clear, end, c, count);
          clear = end;
        }
        if (average) f32_avgpool_gradient_row(pc, n, oy, c, count);
        else f32_maxpool_gradient_row(pc, n, oy, c, count);
      }
      if (clear < height) f32_pool_gradient_clear(pc, n, clear, height, c, count);
    }
  }
}

/** Sets `count` channels from `c` on to 0, in rows of picture `n`: shortly before they are added to. */
export function f32_pool_gradient_clear(pc: usize, n: i32, from: i32, end: i32, c: i32, count: i32): void {
  const width = arg(pc, WindowArg.InWidth);
  const stride = <usize>arg(pc, WindowArg.InPixelStride);
  const first = <usize>((n * arg(pc, WindowArg.InHeight) + from) * width);
  let to = <usize>arg(pc, WindowArg.Input) + first * stride + ((<usize>c) << 2);
  const zero = f32x4.splat(0);
  for (let m = (end - from) * width; m > 0; m--) {
    for (let i = 0; i < count; i += 4) storeLanes(to + ((<usize>i) << 2), zero, count - i);
    to += stride;
  }
}

/** Output row `oy` of picture `n`, `count` channels from `c` on. */
export function f32_maxpool_gradient_row(pc: usize, n: i32, oy: i32, c: i32, count: i32): void {
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const stride = <usize>arg(pc, WindowArg.InPixelStride);
  const xStride = <usize>arg(pc, MaxPoolGradientArg.XPixelStride);
  const tap = <usize>dilationWidth * stride;
  const xTap = <usize>dilationWidth * xStride;
  const line = <usize>(dilationHeight * width);
  const adds = arg(pc, MaxPoolGradientArg.Adds) !== 0;
  const at = (<usize>c) << 2;
  const place = <usize>((n * arg(pc, WindowArg.OutHeight) + oy) * outWidth);
  let gradient = <usize>arg(pc, WindowArg.Output) + place * <usize>arg(pc, WindowArg.OutPixelStride) + at;
  let output = <usize>arg(pc, MaxPoolGradientArg.Y) + place * <usize>arg(pc, MaxPoolGradientArg.YPixelStride) + at;

  const iy = oy * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
  const kyFirst = firstTap(iy, dilationHeight);
  const rows = endTap(iy, dilationHeight, arg(pc, WindowArg.KernelHeight), height, kyFirst) - kyFirst;
  let ix = -arg(pc, WindowArg.PadLeft);
  for (let ox = 0; ox < outWidth; ox++) {
    const kxFirst = firstTap(ix, dilationWidth);
    const columns = endTap(ix, dilationWidth, kernelWidth, width, kxFirst) - kxFirst;
    const start = <usize>((n * height + iy + kyFirst * dilationHeight) * width + ix + kxFirst * dilationWidth);
    const input = <usize>arg(pc, MaxPoolGradientArg.X) + at + start * xStride;
    const target = <usize>arg(pc, WindowArg.Input) + at + start * stride;
    let i = 0;
    for (; i + 8 <= count; i += 8) {
      const by = (<usize>i) << 2;
      const y0 = v128.load(output + by);
      const y1 = v128.load(output + by, 16);
      const g0 = v128.load(gradient + by);
      const g1 = v128.load(gradient + by, 16);
      let found0 = v128.xor(y0, y0);
      let found1 = found0;
      let xRow = input + by;
      let toRow = target + by;
      for (let ky = 0; ky < rows; ky++) {
        let x = xRow;
        let to = toRow;
        for (let kx = 0; kx < columns; kx++) {
          const hit0 = v128.andnot(f32x4.eq(v128.load(x), y0), found0);
          const hit1 = v128.andnot(f32x4.eq(v128.load(x, 16), y1), found1);
          found0 = v128.or(found0, hit0);
          found1 = v128.or(found1, hit1);
          let value0 = v128.and(g0, hit0);
          let value1 = v128.and(g1, hit1);
          if (adds) {
            value0 = f32x4.add(v128.load(to), value0);
            value1 = f32x4.add(v128.load(to, 16), value1);
          }
          v128.store(to, value0);
          v128.store(to, value1, 16);
          x += xTap;
          to += tap;
        }
        xRow += line * xStride;
        toRow += line * stride;
      }
      if (v128.any_true(v128.or(f32x4.ne(y0, y0), f32x4.ne(y1, y1)))) {
        lastNaN(pc, start, rows, columns, at + by, output + by, gradient + by, 8);
      }
    }
    for (; i < count; i += 4) {
      const by = (<usize>i) << 2;
      const lanes = count - i;
      const y = v128.load(output + by);
      const g = v128.load(gradient + by);
      let found = v128.xor(y, y);
      let xRow = input + by;
      let toRow = target + by;
      for (let ky = 0; ky < rows; ky++) {
        let x = xRow;
        let to = toRow;
        for (let kx = 0; kx < columns; kx++) {
          const hit = v128.andnot(f32x4.eq(v128.load(x), y), found);
          found = v128.or(found, hit);
          let value = v128.and(g, hit);
          if (adds) value = f32x4.add(v128.load(to), value);
          storeLanes(to, value, lanes);
          x += xTap;
          to += tap;
        }
        xRow += line * xStride;
        toRow += line * stride;
      }
      if (v128.any_true(f32x4.ne(y, y))) lastNaN(pc, start, rows, columns, at + by, output + by, gradient + by, min(4, lanes));
    }
    gradient += <usize>arg(pc, WindowArg.OutPixelStride);
    output += <usize>arg(pc, MaxPoolGradientArg.YPixelStride);
    ix += arg(pc, WindowArg.StrideWidth);
  }
}

/** The channels of a window whose maximum is NaN. */
function lastNaN(pc: usize, start: usize, rows: i32, columns: i32, at: usize, output: usize, gradient: usize, lanes: i32): void {
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const line = arg(pc, WindowArg.DilationHeight) * arg(pc, WindowArg.InWidth);
  for (let lane = 0; lane < lanes; lane++) {
    const by = (<usize>lane) << 2;
    const y = load<f32>(output + by);
    if (abs(y) <= Infinity) continue;
    for (let tap = rows * columns - 1; tap >= 0; tap--) {
      const pixel = start + <usize>((tap / columns) * line + (tap % columns) * dilationWidth);
      const x = load<f32>(<usize>arg(pc, MaxPoolGradientArg.X) + at + by + pixel * <usize>arg(pc, MaxPoolGradientArg.XPixelStride));
      if (abs(x) <= Infinity) continue;
      const to = <usize>arg(pc, WindowArg.Input) + at + by + pixel * <usize>arg(pc, WindowArg.InPixelStride);
      store<f32>(to, load<f32>(to) + load<f32>(gradient + by));
      break;
    }
  }
}

/** As f32_maxpool_gradient_row. */
export function f32_avgpool_gradient_row(pc: usize, n: i32, oy: i32, c: i32, count: i32): void {
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const outWidth = arg(pc, WindowArg.OutWidth);
  const kernelHeight = arg(pc, WindowArg.KernelHeight);
  const kernelWidth = arg(pc, WindowArg.KernelWidth);
  const dilationHeight = arg(pc, WindowArg.DilationHeight);
  const dilationWidth = arg(pc, WindowArg.DilationWidth);
  const stride = <usize>arg(pc, WindowArg.InPixelStride);
  const tap = <usize>dilationWidth * stride;
  const line = <usize>(dilationHeight * width) * stride;
  const adds = arg(pc, AveragePoolGradientArg.Adds) !== 0;
  const counting = arg(pc, AveragePoolGradientArg.CountIncludePad);
  const includePad = counting !== 0;
  const at = (<usize>c) << 2;
  const place = <usize>((n * arg(pc, WindowArg.OutHeight) + oy) * outWidth);
  let gradient = <usize>arg(pc, WindowArg.Output) + place * <usize>arg(pc, WindowArg.OutPixelStride) + at;

  // How many taps count: see pool/f32_avgpool_c4.
  const iy = oy * arg(pc, WindowArg.StrideHeight) - arg(pc, WindowArg.PadTop);
  const kyFirst = firstTap(iy, dilationHeight);
  const rows = endTap(iy, dilationHeight, kernelHeight, height, kyFirst) - kyFirst;
  const countY = includePad ? endTap(iy, dilationHeight, kernelHeight, height + arg(pc, AveragePoolGradientArg.PadBottom), 0) : rows;
  let ix = -arg(pc, WindowArg.PadLeft);
  for (let ox = 0; ox < outWidth; ox++) {
    const kxFirst = firstTap(ix, dilationWidth);
    const columns = endTap(ix, dilationWidth, kernelWidth, width, kxFirst) - kxFirst;
    const countX = includePad ? endTap(ix, dilationWidth, kernelWidth, width + arg(pc, AveragePoolGradientArg.PadRight), 0) : columns;
    const divisor = f32x4.splat(counting === 2 ? 1 : max<f32>(1, <f32>countX * <f32>countY));
    const start = <usize>((n * height + iy + kyFirst * dilationHeight) * width + ix + kxFirst * dilationWidth);
    const target = <usize>arg(pc, WindowArg.Input) + at + start * stride;
    let i = 0;
    for (; i + 8 <= count; i += 8) {
      const by = (<usize>i) << 2;
      const g0 = f32x4.div(v128.load(gradient + by), divisor);
      const g1 = f32x4.div(v128.load(gradient + by, 16), divisor);
      let toRow = target + by;
      for (let ky = 0; ky < rows; ky++) {
        let to = toRow;
        for (let kx = 0; kx < columns; kx++) {
          v128.store(to, adds ? f32x4.add(v128.load(to), g0) : g0);
          v128.store(to, adds ? f32x4.add(v128.load(to, 16), g1) : g1, 16);
          to += tap;
        }
        toRow += line;
      }
    }
    for (; i < count; i += 4) {
      const by = (<usize>i) << 2;
      const g = f32x4.div(v128.load(gradient + by), divisor);
      let toRow = target + by;
      for (let ky = 0; ky < rows; ky++) {
        let to = toRow;
        for (let kx = 0; kx < columns; kx++) {
          storeLanes(to, adds ? f32x4.add(v128.load(to), g) : g, count - i);
          to += tap;
        }
        toRow += line;
      }
    }
    gradient += <usize>arg(pc, WindowArg.OutPixelStride);
    ix += arg(pc, WindowArg.StrideWidth);
  }
}
