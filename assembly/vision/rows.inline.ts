// The horizontal pass's inner loop, compiled for RGB and for RGBA.

import { half, whole } from './resample.inline';

/** Pixels 0 and 1 at the start of `v` as int16 pairs: r0 r1 g0 g1 b0 b1 and nothing. */
// @ts-expect-error: decorator
@inline
function firstPair(channels: i32, v: v128): v128 {
  if (channels == 4) return i8x16.swizzle(v, i8x16(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, -1, -1, -1, -1));
  return i8x16.swizzle(v, i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
}

/** Pixels 2 and 3. */
// @ts-expect-error: decorator
@inline
function secondPair(channels: i32, v: v128): v128 {
  if (channels == 4) return i8x16.swizzle(v, i8x16(8, -1, 12, -1, 9, -1, 13, -1, 10, -1, 14, -1, -1, -1, -1, -1));
  return i8x16.swizzle(v, i8x16(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
}

// @ts-expect-error: decorator
@inline
function dot2(sum: v128, a: v128, wa: v128, b: v128, wb: v128): v128 {
  return i32x4.add(i32x4.add(sum, i32x4.dot_i16x8_s(a, wa)), i32x4.dot_i16x8_s(b, wb));
}

/** Computes four rows; `channels` is a constant where this is compiled. See u8_resample_rows.ts. */
// @ts-expect-error: decorator
@inline
export function resampleRows(
  channels: i32,
  p0: usize,
  inStride: usize,
  rows: i32,
  outputs: i32,
  table: usize,
  weights: usize,
  weightStride: usize,
  o0: usize,
  outStride: usize,
): void {
  const p1 = select<usize>(p0 + inStride, p0, rows > 1);
  const p2 = select<usize>(p1 + inStride, p1, rows > 2);
  const p3 = select<usize>(p2 + inStride, p2, rows > 3);
  let o1 = select<usize>(o0 + outStride, o0, rows > 1);
  let o2 = select<usize>(o1 + outStride, o1, rows > 2);
  let o3 = select<usize>(o2 + outStride, o2, rows > 3);
  const end = table + ((<usize>outputs) << 3);
  for (; table < end; table += 8) {
    let at = <usize>load<u32>(table);
    let low0 = half();
    let low1 = low0;
    let low2 = low0;
    let low3 = low0;
    let high0 = i32x4.splat(0);
    let high1 = high0;
    let high2 = high0;
    let high3 = high0;
    let w = weights;
    for (let n = load<u32>(table, 4); n > 0; n--) {
      const wa = v128.load32_splat(w);
      const va = v128.load32_splat(w, 4);
      const wb = v128.load32_splat(w, 8);
      const vb = v128.load32_splat(w, 12);
      w += 16;
      let v = v128.load(p0 + at);
      let a = firstPair(channels, v);
      let b = secondPair(channels, v);
      low0 = dot2(low0, a, wa, b, wb);
      high0 = dot2(high0, a, va, b, vb);
      v = v128.load(p1 + at);
      a = firstPair(channels, v);
      b = secondPair(channels, v);
      low1 = dot2(low1, a, wa, b, wb);
      high1 = dot2(high1, a, va, b, vb);
      v = v128.load(p2 + at);
      a = firstPair(channels, v);
      b = secondPair(channels, v);
      low2 = dot2(low2, a, wa, b, wb);
      high2 = dot2(high2, a, va, b, vb);
      v = v128.load(p3 + at);
      a = firstPair(channels, v);
      b = secondPair(channels, v);
      low3 = dot2(low3, a, wa, b, wb);
      high3 = dot2(high3, a, va, b, vb);
      at += channels << 2;
    }
    weights += weightStride;
    const bytes = i8x16.narrow_i16x8_u(
      i16x8.narrow_i32x4_s(whole(low0, high0), whole(low1, high1)),
      i16x8.narrow_i32x4_s(whole(low2, high2), whole(low3, high3)),
    );
    v128.store16_lane(o0, bytes, 0);
    v128.store8_lane(o0, bytes, 2, 2);
    v128.store16_lane(o1, bytes, 2);
    v128.store8_lane(o1, bytes, 6, 2);
    v128.store16_lane(o2, bytes, 4);
    v128.store8_lane(o2, bytes, 10, 2);
    v128.store16_lane(o3, bytes, 6);
    v128.store8_lane(o3, bytes, 14, 2);
    o0 += 3;
    o1 += 3;
    o2 += 3;
    o3 += 3;
  }
}
