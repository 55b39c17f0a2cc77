// The input transform of Winograd's convolution F(4, 3), V = Bᵀ d B, for products that read rows of channels as they lie.
//
//   x        NHWC, pixels InPixelStride bytes apart, from the group's first channel on
//   output   [6 y][6 x] points `stride` bytes apart, `fours` times four channels each
//   patches  WINOGRAD_PATCHES bytes, then WINOGRAD_SCRATCH bytes
// A patch of 6 × 6 pixels a call, four channels at a time: along y, then along x. Reads may run 12 bytes past the last channel.

import { arg } from '../math/simd.inline';
import { WINOGRAD_PATCHES, WindowArg } from '../opcodes';
import { input6 } from '../winograd/transforms.inline';

const SIZE: i32 = 6;

/** Transforms the patch under the tile of outputs at (oy, ox). @param zeros at least as many floats as are read of a pixel */
export function f32_winograd_input_tile(
  pc: usize,
  x: usize,
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
  const height = arg(pc, WindowArg.InHeight);
  const width = arg(pc, WindowArg.InWidth);
  const pixel = <usize>arg(pc, WindowArg.InPixelStride);
  const image = x + <usize>(picture * height * width) * pixel;
  const top = oy - arg(pc, WindowArg.PadTop);
  const left = ox - arg(pc, WindowArg.PadLeft);
  const inside = top >= 0 && left >= 0 && top + SIZE <= height && left + SIZE <= width;
  const row = <usize>width * pixel;
  let start = image + <usize>(top * width + left) * pixel;
  if (!inside) addresses(image, top, left, SIZE, height, width, pixel, zeros, patches);
  for (let c = 0; c < fours; c++) {
    const at = (<usize>c) << 4;
    if (inside) {
      let p = start;
      for (let to = scratch; to < scratch + 96; to += 16) {
        input6(
          v128.load(p),
          v128.load(p + row),
          v128.load(p + row * 2),
          v128.load(p + row * 3),
          v128.load(p + row * 4),
          v128.load(p + row * 5),
          to,
          96,
        );
        p += pixel;
      }
      start += 16;
    } else {
      let p = patches;
      for (let to = scratch; to < scratch + 96; to += 16) {
        input6(
          v128.load(load<usize>(p) + at),
          v128.load(load<usize>(p, 4) + at),
          v128.load(load<usize>(p, 8) + at),
          v128.load(load<usize>(p, 12) + at),
          v128.load(load<usize>(p, 16) + at),
          v128.load(load<usize>(p, 20) + at),
          to,
          96,
        );
        p += 24;
      }
    }
    let to = output + at;
    for (let p = scratch; p < scratch + 576; p += 96) {
      input6(v128.load(p), v128.load(p, 16), v128.load(p, 32), v128.load(p, 48), v128.load(p, 64), v128.load(p, 80), to, stride);
      to += stride * 6;
    }
  }
}

/** The addresses of a patch of `size` × `size` pixels at (top, left), column by column; zeros outside the picture. */
export function addresses(
  image: usize,
  top: i32,
  left: i32,
  size: i32,
  height: i32,
  width: i32,
  pixel: usize,
  zeros: usize,
  to: usize,
): void {
  const row = <usize>width * pixel;
  let column = image + <usize>(top * width + left) * pixel;
  for (let x = left; x < left + size; x++) {
    const columns = i32(<u32>x < <u32>width);
    let p = column;
    for (let y = top; y < top + size; y++) {
      store<usize>(to, select<usize>(p, zeros, columns & i32(<u32>y < <u32>height)));
      p += row;
      to += 4;
    }
    column += pixel;
  }
}
