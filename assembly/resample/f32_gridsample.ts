// Y[n][i][c] = X[n] sampled at Grid[n][i] = (x, y) from -1 to 1 (ONNX GridSample; Jaderberg et al. 2015, arXiv:1506.02025).
//
//   input   [Batch, Height, Width, Channels] floats, pixels InPixelStride bytes apart
//   grid    [Batch, OutPixels, 2] floats
//   output  [Batch, OutPixels, Channels], pixels OutPixelStride bytes apart
//   scratch 32 words: the addresses and weights of up to 16 taps
// Mode: nearest, linear (4 taps) or cubic (16 taps, a = -0.75). Padding: zeros (a tap outside counts nothing), border,
// reflection. Taps are found once per pixel, then run over the channels, four at a time. A position that is NaN samples
// position 0. Reads may run 12 bytes past the last channel.

import { arg, storeLanes } from '../math/simd.inline';
import { GridMode, GridPadding, GridSampleArg } from '../opcodes';
import { mine, share, workspace } from '../threads.inline';

export function f32_gridsample(pc: usize): void {
  const batch = arg(pc, GridSampleArg.Batch);
  const pixels = arg(pc, GridSampleArg.OutPixels);
  const height = arg(pc, GridSampleArg.Height);
  const width = arg(pc, GridSampleArg.Width);
  const imageBytes = <usize>height * <usize>width * <usize>arg(pc, GridSampleArg.InPixelStride);
  let image = <usize>arg(pc, GridSampleArg.Input);
  let grid = <usize>arg(pc, GridSampleArg.Grid);
  let output = <usize>arg(pc, GridSampleArg.Output);
  share(batch * pixels, 64 + <f32>arg(pc, GridSampleArg.Channels) * 4);
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < pixels; i++) {
      if (mine()) f32_gridsample_pixel(pc, image, load<f32>(grid), load<f32>(grid, 4), output);
      grid += 8;
      output += <usize>arg(pc, GridSampleArg.OutPixelStride);
    }
    image += imageBytes;
  }
}

/** One output pixel, at (x, y) from -1 to 1. */
export function f32_gridsample_pixel(pc: usize, image: usize, x: f32, y: f32, output: usize): void {
  const corners = arg(pc, GridSampleArg.AlignCorners) !== 0;
  const mode = arg(pc, GridSampleArg.Mode);
  const scratch = workspace(<usize>arg(pc, GridSampleArg.Scratch));
  const channels = arg(pc, GridSampleArg.Channels);
  const width = arg(pc, GridSampleArg.Width);
  const height = arg(pc, GridSampleArg.Height);
  const px = place(pc, x, width, corners, mode);
  const py = place(pc, y, height, corners, mode);
  const size = mode === GridMode.Nearest ? 1 : mode === GridMode.Linear ? 2 : 4;
  const nearest = mode === GridMode.Nearest;
  const x0 = nearest ? nearestInt(px) : <i32>Mathf.floor(px) - (size === 4 ? 1 : 0);
  const y0 = nearest ? nearestInt(py) : <i32>Mathf.floor(py) - (size === 4 ? 1 : 0);
  const fx = px - Mathf.floor(px);
  const fy = py - Mathf.floor(py);
  let taps = 0;
  for (let ty = 0; ty < size; ty++) {
    const wy = weight(size, ty, fy);
    const iy = resolve(pc, y0 + ty, height, corners);
    if (iy < 0) continue;
    for (let tx = 0; tx < size; tx++) {
      const ix = resolve(pc, x0 + tx, width, corners);
      if (ix < 0) continue;
      const at = scratch + ((<usize>taps) << 3);
      store<u32>(at, <u32>(image + (<usize>iy * <usize>width + <usize>ix) * <usize>arg(pc, GridSampleArg.InPixelStride)));
      store<f32>(at, wy * weight(size, tx, fx), 4);
      taps++;
    }
  }
  for (let c = 0; c < channels; c += 4) {
    let sum = f32x4.splat(0);
    for (let t = 0; t < taps; t++) {
      const at = scratch + ((<usize>t) << 3);
      const pixel = v128.load(<usize>load<u32>(at) + ((<usize>c) << 2));
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(at, 4), pixel));
    }
    storeLanes(output + ((<usize>c) << 2), sum, channels - c);
  }
}

/** Half to even, as numpy and torch round; positions are inside 32 bits by then. */
function nearestInt(x: f32): i32 {
  return <i32>nearest<f32>(x);
}

/**
 * A coordinate from -1 to 1 as a position in pixels; border and reflection bring it inside, except for cubic, which does so
 * tap by tap.
 */
function place(pc: usize, x: f32, size: i32, corners: bool, mode: i32): f32 {
  let p = corners ? ((x + 1) / 2) * <f32>(size - 1) : ((x + 1) * <f32>size - 1) / 2;
  const padding = arg(pc, GridSampleArg.Padding);
  if (mode !== GridMode.Cubic && padding === GridPadding.Border) p = min<f32>(max<f32>(p, 0), <f32>(size - 1));
  if (mode !== GridMode.Cubic && padding === GridPadding.Reflection) p = reflect(p, size, corners);
  // Positions are clamped far outside, because they must fit 32 bits. NaN becomes 0.
  return p >= 0 || p < 0 ? min<f32>(max<f32>(p, -1e6), 1e6 + <f32>size) : 0;
}

/** Mirrors a position at the picture's edges (at its outer pixels' centres with align_corners) until it lies inside. */
function reflect(p: f32, size: i32, corners: bool): f32 {
  const low: f32 = corners ? 0 : -0.5;
  const span: f32 = corners ? <f32>(size - 1) : <f32>size;
  if (span === 0) return 0;
  const distance = Mathf.abs(p - low);
  const turns = Mathf.floor(distance / span);
  const rest = distance - turns * span;
  const inside = turns % 2 === 0 ? low + rest : low + span - rest;
  return min<f32>(max<f32>(inside, 0), <f32>(size - 1));
}

/** The pixel that a tap reads, -1 for none. */
function resolve(pc: usize, i: i32, size: i32, corners: bool): i32 {
  if (i >= 0 && i < size) return i;
  const padding = arg(pc, GridSampleArg.Padding);
  // A position inside gives pixels past the edge a weight of 0, and times infinity that would make NaN.
  if (padding === GridPadding.Zeros || arg(pc, GridSampleArg.Mode) !== GridMode.Cubic) return -1;
  if (padding === GridPadding.Border) return min(max(i, 0), size - 1);
  return <i32>reflect(<f32>i, size, corners);
}

/** The weight of tap `t` of 1, 2 or 4 at fraction `f` (Keys 1981, a = -0.75). */
function weight(size: i32, t: i32, f: f32): f32 {
  if (size === 1) return 1;
  if (size === 2) return t === 0 ? 1 - f : f;
  const a: f32 = -0.75;
  const d = Mathf.abs(f + 1 - <f32>t);
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}
