// C[m][n] = clamp(bias[n] + sum over k of A[m][k] * B[k][n] + residual[m][n], min, max)
//
// One panel of 8 columns (n) against a block of packed rows (m), over a block of the depth (k).
//   wide      whether binaries of relaxed SIMD use f32_gemm_6x8 for as many rows as possible: the bits are the same
//   a         packed rows: [ceil(rows / 4)][depth][4] floats; rows past the end hold anything
//   b         the panel's rows k of this block: [depth][8] floats
//   sumDepth  products of a partial sum, 1 or more; the last one of the depth may have fewer
//   bias      8 floats, read where `first`
//   c         row m at c + m * cStride bytes
//   residual  0, or rows like c's with residualStride; may be c itself
//   first     the depth starts here: the first partial sum starts from the bias; otherwise from 0, and is added to what c holds
//   last      the depth ends here: add the residual and clamp
//   sums      GEMM_SUMS bytes for a tile's partial sums, because c may still be needed as the residual
//   limits    min and max, two floats, in memory because the loop has no register to spare for them
// Tile 4x8: eight accumulators, two vectors of b, four splats of a, in the 15 registers of x86-64 that V8 allocates, because
// it loads everything that an iteration needs first. A row past the end is computed over the last one's place and stored
// before it (rows are stored from the last to the first), so that there is no scalar tail. All 8 columns are written; a
// narrower last panel goes to memory of its own (a call here for odd columns would make every tile spill its sums to the
// stack). The depth is summed in parts, which are added to each other in `sums`, because the error of one long sum grows
// with its length.

import { clamp, madd, storeLanes } from '../math/simd.inline';
import { f32_gemm_6x8, ROWS } from './f32_gemm_6x8';

export function f32_gemm_4x8(
  wide: bool,
  rows: i32,
  depth: i32,
  sumDepth: i32,
  a: usize,
  b: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  residual: usize,
  residualStride: usize,
  first: bool,
  last: bool,
  limits: usize,
  sums: usize,
): void {
  if (RELAXED && wide) {
    for (; rows >= ROWS; rows -= ROWS) {
      f32_gemm_6x8(depth, sumDepth, a, b, bias, c, cStride, residual, residualStride, first, last, limits, sums);
      a += (<usize>(depth * ROWS)) << 2;
      c += cStride * ROWS;
      if (residual) residual += residualStride * ROWS;
    }
  }
  const bEnd = b + ((<usize>depth) << 5);
  const partBytes = (<usize>min(max(1, sumDepth), max(1, depth))) << 5;
  let bp = b;
  // One loop over each sum of each tile, because with a loop of their own the sums would make V8 unroll the innermost loop
  // further, beyond its registers.
  while (rows > 0) {
    const begins = bp === b;
    let x00 = f32x4.splat(0);
    let x01 = x00;
    if (first && begins) {
      x00 = v128.load(bias);
      x01 = v128.load(bias, 16);
    }
    let x10 = x00,
      x20 = x00,
      x30 = x00;
    let x11 = x01,
      x21 = x01,
      x31 = x01;
    const partEnd = min(bp + partBytes, bEnd);
    while (bp < partEnd) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp, 16);
      let s = v128.load32_splat(a);
      x00 = madd(s, b0, x00);
      x01 = madd(s, b1, x01);
      s = v128.load32_splat(a, 4);
      x10 = madd(s, b0, x10);
      x11 = madd(s, b1, x11);
      s = v128.load32_splat(a, 8);
      x20 = madd(s, b0, x20);
      x21 = madd(s, b1, x21);
      s = v128.load32_splat(a, 12);
      x30 = madd(s, b0, x30);
      x31 = madd(s, b1, x31);
      a += 16;
      bp += 32;
    }
    const c1 = select<usize>(c + cStride, c, rows > 1);
    const c2 = select<usize>(c1 + cStride, c1, rows > 2);
    const c3 = select<usize>(c2 + cStride, c2, rows > 3);
    if (!(first && begins)) {
      const s0 = select<usize>(c, sums, begins);
      const s1 = select<usize>(c1, sums + 32, begins);
      const s2 = select<usize>(c2, sums + 64, begins);
      const s3 = select<usize>(c3, sums + 96, begins);
      x00 = f32x4.add(x00, v128.load(s0));
      x01 = f32x4.add(x01, v128.load(s0, 16));
      x10 = f32x4.add(x10, v128.load(s1));
      x11 = f32x4.add(x11, v128.load(s1, 16));
      x20 = f32x4.add(x20, v128.load(s2));
      x21 = f32x4.add(x21, v128.load(s2, 16));
      x30 = f32x4.add(x30, v128.load(s3));
      x31 = f32x4.add(x31, v128.load(s3, 16));
    }
    if (bp < bEnd) {
      v128.store(sums, x00);
      v128.store(sums, x01, 16);
      v128.store(sums, x10, 32);
      v128.store(sums, x11, 48);
      v128.store(sums, x20, 64);
      v128.store(sums, x21, 80);
      v128.store(sums, x30, 96);
      v128.store(sums, x31, 112);
      continue;
    }
    if (last) {
      if (residual) {
        const r1 = select<usize>(residual + residualStride, residual, rows > 1);
        const r2 = select<usize>(r1 + residualStride, r1, rows > 2);
        const r3 = select<usize>(r2 + residualStride, r2, rows > 3);
        x00 = f32x4.add(x00, v128.load(residual));
        x01 = f32x4.add(x01, v128.load(residual, 16));
        x10 = f32x4.add(x10, v128.load(r1));
        x11 = f32x4.add(x11, v128.load(r1, 16));
        x20 = f32x4.add(x20, v128.load(r2));
        x21 = f32x4.add(x21, v128.load(r2, 16));
        x30 = f32x4.add(x30, v128.load(r3));
        x31 = f32x4.add(x31, v128.load(r3, 16));
        residual += residualStride << 2;
      }
      const low = v128.load32_splat(limits);
      const high = v128.load32_splat(limits, 4);
      x00 = clamp(x00, low, high);
      x01 = clamp(x01, low, high);
      x10 = clamp(x10, low, high);
      x11 = clamp(x11, low, high);
      x20 = clamp(x20, low, high);
      x21 = clamp(x21, low, high);
      x30 = clamp(x30, low, high);
      x31 = clamp(x31, low, high);
    }
    v128.store(c3, x30);
    v128.store(c3, x31, 16);
    v128.store(c2, x20);
    v128.store(c2, x21, 16);
    v128.store(c1, x10);
    v128.store(c1, x11, 16);
    v128.store(c, x00);
    v128.store(c, x01, 16);
    bp = b;
    c += cStride << 2;
    rows -= 4;
  }
}

/** Stores the first `columns` of eight; more count as eight. */
export function storeColumns(pointer: usize, x0: v128, x1: v128, columns: i32): void {
  storeLanes(pointer, x0, columns);
  if (columns > 4) storeLanes(pointer + 16, x1, columns - 4);
}
