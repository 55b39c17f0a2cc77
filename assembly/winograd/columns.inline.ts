// Transforms a column of a patch along y, for `quads` times four channels, PATCH_BYTES apart.

import { input4, input6, PATCH_BYTES } from './transforms.inline';

// @ts-expect-error: decorator
@inline
export function column6(patch: usize, offset: usize, quads: i32, to: usize): void {
  let p0 = load<usize>(patch) + offset;
  let p1 = load<usize>(patch, 4) + offset;
  let p2 = load<usize>(patch, 8) + offset;
  let p3 = load<usize>(patch, 12) + offset;
  let p4 = load<usize>(patch, 16) + offset;
  let p5 = load<usize>(patch, 20) + offset;
  for (let quad = 0; quad < quads; quad++) {
    input6(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), v128.load(p4), v128.load(p5), to, 6 << 4);
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
    p4 += 16;
    p5 += 16;
    to += PATCH_BYTES;
  }
}

// @ts-expect-error: decorator
@inline
export function column4(patch: usize, offset: usize, quads: i32, to: usize): void {
  let p0 = load<usize>(patch) + offset;
  let p1 = load<usize>(patch, 4) + offset;
  let p2 = load<usize>(patch, 8) + offset;
  let p3 = load<usize>(patch, 12) + offset;
  for (let quad = 0; quad < quads; quad++) {
    input4(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), to, 4 << 4);
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
    to += PATCH_BYTES;
  }
}
