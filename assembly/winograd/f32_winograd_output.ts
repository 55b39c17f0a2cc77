// The output transform of Winograd's convolution: Y = clamp(bias + Aᵀ M A + residual), M the points × points products of one
// tile.
//
//   products  [points y][points x] vectors of eight channels, `pointStride` bytes apart
//   output    `rows` × `columns` pixels, at most size × size; `channels` (1 to 8) of each are written
//   residual  0, or pixels like the output's; may be the output
//   scratch   WINOGRAD_SCRATCH bytes
// One tile of eight channels a call, four channels at a time: along y, then along x.

import { clamp, storeLanes } from '../math/simd.inline';
import { output1d } from './transforms.inline';

export function f32_winograd_output(
  points: i32,
  size: i32,
  products: usize,
  pointStride: usize,
  bias: usize,
  output: usize,
  outRowStride: usize,
  outPixelStride: usize,
  residual: usize,
  residualRowStride: usize,
  residualPixelStride: usize,
  rows: i32,
  columns: i32,
  channels: i32,
  limits: usize,
  scratch: usize,
): void {
  const low = v128.load32_splat(limits);
  const high = v128.load32_splat(limits, 4);
  const rowStride = pointStride * <usize>points;
  for (let n = 0; n < channels; n += 4) {
    for (let x = 0; x < points; x++) {
      output1d(points, size, products + <usize>x * pointStride, rowStride, scratch + ((<usize>x) << 4), (<usize>points) << 4);
    }
    const shift = v128.load(bias);
    let y = output;
    let r = residual;
    let row = scratch;
    for (let i = 0; i < rows; i++) {
      // In place: the sums are no longer than the products.
      output1d(points, size, row, 16, row, 16);
      for (let j: usize = 0; j < <usize>columns; j++) {
        let sum = f32x4.add(v128.load(row + (j << 4)), shift);
        if (r) sum = f32x4.add(sum, v128.load(r + j * residualPixelStride));
        storeLanes(y + j * outPixelStride, clamp(sum, low, high), channels - n);
      }
      row += (<usize>points) << 4;
      y += outRowStride;
      if (r) r += residualRowStride;
    }
    products += 16;
    bias += 16;
    output += 16;
    if (residual) residual += 16;
  }
}
