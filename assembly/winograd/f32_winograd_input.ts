// The input transform of Winograd's convolution: V = Bᵀ d B, d a patch of points × points pixels of one channel.
//
//   patches  [4 tiles][points x][points y] addresses of pixels, zeros where there is none
//   output   [points y][points x] matrices `pointStride` bytes apart, each [C][4 tiles], as the GEMM reads its rows
//   scratch  WINOGRAD_SCRATCH bytes: of four quads of channels one tile transformed along y, and four tiles transformed
//            along both
// Up to sixteen channels of four tiles a call, so that the cache lines of pixels and of the output are used whole. Four
// channels at a time are transformed along y, then along x, then four tiles' vectors of four channels are transposed into
// four channels of four tiles.

import { transpose4 } from '../move/transpose.inline';
import { column4, column6 } from './columns.inline';
import { input4, input6, PATCH_BYTES } from './transforms.inline';

/** Transforms `quads` (1 to 4) times four channels, which are `offset` bytes from the pixels' addresses on. */
export function f32_winograd_input(
  points: i32,
  patches: usize,
  offset: usize,
  quads: i32,
  output: usize,
  pointStride: usize,
  scratch: usize,
): void {
  const rowBytes = (<usize>points) << 4;
  const transformed = scratch + PATCH_BYTES * 4;
  for (let tile = 0; tile < 4; tile++) {
    // Along y, a column at a time: all channels of its pixels before the next column.
    for (let x = 0; x < points; x++) {
      const to = scratch + ((<usize>x) << 4);
      if (points === 6) column6(patches, offset, quads, to);
      else column4(patches, offset, quads, to);
      patches += (<usize>points) << 2;
    }
    for (let quad = 0; quad < quads; quad++) {
      let row = scratch + PATCH_BYTES * <usize>quad;
      let to = transformed + PATCH_BYTES * <usize>(quad * 4 + tile);
      for (let y = 0; y < points; y++) {
        if (points === 6) {
          input6(
            v128.load(row),
            v128.load(row, 16),
            v128.load(row, 32),
            v128.load(row, 48),
            v128.load(row, 64),
            v128.load(row, 80),
            to,
            16,
          );
        } else {
          input4(v128.load(row), v128.load(row, 16), v128.load(row, 32), v128.load(row, 48), to, 16);
        }
        row += rowBytes;
        to += rowBytes;
      }
    }
  }
  const end = (<usize>(points * points)) << 4;
  for (let quad = 0; quad < quads; quad++) {
    const from = transformed + PATCH_BYTES * 4 * <usize>quad;
    let to = output + ((<usize>quad) << 6);
    for (let at: usize = 0; at < end; at += 16) {
      const p = from + at;
      transpose4(v128.load(p), v128.load(p, PATCH_BYTES), v128.load(p, PATCH_BYTES * 2), v128.load(p, PATCH_BYTES * 3), to);
      to += pointStride;
    }
  }
}
