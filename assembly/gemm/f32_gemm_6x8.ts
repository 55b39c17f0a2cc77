// Twelve rows of what gemm/f32_gemm_4x8 computes, as two tiles of six rows, used by binaries whose multiply-add is one
// instruction.
//
//   a, b, sumDepth, bias, c, residual, first, last, limits, sums   as there; the twelve rows are three packs of four
// Tile 6x8: two fused multiply-adds start in each cycle and take four, so eight sums are barely enough and twelve are
// plenty; with two vectors of b and one splat of a they fill the 15 registers that V8 allocates. Older engines load all six
// splats first: see WIDE. Each tile takes a whole pack (rows 0 to 3, then 8 to 11) and half of the one between (4 and 5,
// then 6 and 7), so that the packing is the same for all tiles.

import { clamp, madd } from '../math/simd.inline';

/** Rows per call. */
export const ROWS: i32 = 12;

export function f32_gemm_6x8(
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
  const bEnd = b + ((<usize>depth) << 5);
  const partBytes = (<usize>min(max(1, sumDepth), max(1, depth))) << 5;
  // Half a pack: pairs of rows.
  const half = a + ((<usize>depth) << 4);
  let whole = a;
  let pair = half;
  let bp = b;
  let turn = 0;
  // One loop over each sum of each tile, as in gemm/f32_gemm_4x8.
  while (turn < 2) {
    const begins = bp === b;
    let x00 = f32x4.splat(0);
    let x01 = x00;
    if (first && begins) {
      x00 = v128.load(bias);
      x01 = v128.load(bias, 16);
    }
    let x10 = x00,
      x20 = x00,
      x30 = x00,
      x40 = x00,
      x50 = x00;
    let x11 = x01,
      x21 = x01,
      x31 = x01,
      x41 = x01,
      x51 = x01;
    const partEnd = min(bp + partBytes, bEnd);
    while (bp < partEnd) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp, 16);
      let s = v128.load32_splat(whole);
      x00 = madd(s, b0, x00);
      x01 = madd(s, b1, x01);
      s = v128.load32_splat(whole, 4);
      x10 = madd(s, b0, x10);
      x11 = madd(s, b1, x11);
      s = v128.load32_splat(whole, 8);
      x20 = madd(s, b0, x20);
      x21 = madd(s, b1, x21);
      s = v128.load32_splat(whole, 12);
      x30 = madd(s, b0, x30);
      x31 = madd(s, b1, x31);
      s = v128.load32_splat(pair);
      x40 = madd(s, b0, x40);
      x41 = madd(s, b1, x41);
      s = v128.load32_splat(pair, 4);
      x50 = madd(s, b0, x50);
      x51 = madd(s, b1, x51);
      whole += 16;
      pair += 16;
      bp += 32;
    }
    // Rows of the whole pack, then of the pair.
    const c0 = turn ? c + (cStride << 3) : c;
    const c1 = c0 + cStride;
    const c2 = c1 + cStride;
    const c3 = c2 + cStride;
    const c4 = c + cStride * (turn ? 6 : 4);
    const c5 = c4 + cStride;
    if (!(first && begins)) {
      const s0 = select<usize>(c0, sums, begins);
      const s1 = select<usize>(c1, sums + 32, begins);
      const s2 = select<usize>(c2, sums + 64, begins);
      const s3 = select<usize>(c3, sums + 96, begins);
      const s4 = select<usize>(c4, sums + 128, begins);
      const s5 = select<usize>(c5, sums + 160, begins);
      x00 = f32x4.add(x00, v128.load(s0));
      x01 = f32x4.add(x01, v128.load(s0, 16));
      x10 = f32x4.add(x10, v128.load(s1));
      x11 = f32x4.add(x11, v128.load(s1, 16));
      x20 = f32x4.add(x20, v128.load(s2));
      x21 = f32x4.add(x21, v128.load(s2, 16));
      x30 = f32x4.add(x30, v128.load(s3));
      x31 = f32x4.add(x31, v128.load(s3, 16));
      x40 = f32x4.add(x40, v128.load(s4));
      x41 = f32x4.add(x41, v128.load(s4, 16));
      x50 = f32x4.add(x50, v128.load(s5));
      x51 = f32x4.add(x51, v128.load(s5, 16));
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
      v128.store(sums, x40, 128);
      v128.store(sums, x41, 144);
      v128.store(sums, x50, 160);
      v128.store(sums, x51, 176);
      continue;
    }
    if (last) {
      if (residual) {
        const r0 = turn ? residual + (residualStride << 3) : residual;
        const r1 = r0 + residualStride;
        const r2 = r1 + residualStride;
        const r3 = r2 + residualStride;
        const r4 = residual + residualStride * (turn ? 6 : 4);
        const r5 = r4 + residualStride;
        x00 = f32x4.add(x00, v128.load(r0));
        x01 = f32x4.add(x01, v128.load(r0, 16));
        x10 = f32x4.add(x10, v128.load(r1));
        x11 = f32x4.add(x11, v128.load(r1, 16));
        x20 = f32x4.add(x20, v128.load(r2));
        x21 = f32x4.add(x21, v128.load(r2, 16));
        x30 = f32x4.add(x30, v128.load(r3));
        x31 = f32x4.add(x31, v128.load(r3, 16));
        x40 = f32x4.add(x40, v128.load(r4));
        x41 = f32x4.add(x41, v128.load(r4, 16));
        x50 = f32x4.add(x50, v128.load(r5));
        x51 = f32x4.add(x51, v128.load(r5, 16));
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
      x40 = clamp(x40, low, high);
      x41 = clamp(x41, low, high);
      x50 = clamp(x50, low, high);
      x51 = clamp(x51, low, high);
    }
    v128.store(c0, x00);
    v128.store(c0, x01, 16);
    v128.store(c1, x10);
    v128.store(c1, x11, 16);
    v128.store(c2, x20);
    v128.store(c2, x21, 16);
    v128.store(c3, x30);
    v128.store(c3, x31, 16);
    v128.store(c4, x40);
    v128.store(c4, x41, 16);
    v128.store(c5, x50);
    v128.store(c5, x51, 16);
    turn++;
    bp = b;
    whole = half + ((<usize>depth) << 4);
    pair = half + 8;
  }
}
