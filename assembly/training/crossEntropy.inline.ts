// What f32_cross_entropy and its gradient share. A unit is a row, its elements in the lanes, or `across` four neighbouring
// columns, one in each lane.

import { arg } from '../math/simd.inline';
import { CrossEntropyArg } from '../opcodes-training';

/** Vectors that are added one after the other. */
// @ts-expect-error: decorator
@inline
export const BLOCK: i32 = 64;
// @ts-expect-error: decorator
@inline
export const LOWEST: f32 = -f32.MAX_VALUE * 2;

/** How many units there are. */
// @ts-expect-error: decorator
@inline
export function unitsOf(pc: usize): i32 {
  return arg(pc, CrossEntropyArg.Outer) * ((arg(pc, CrossEntropyArg.Inner) + 3) >> 2);
}

/** The offset of a unit's first element, in bytes. */
// @ts-expect-error: decorator
@inline
export function offsetOf(pc: usize, unit: i32): usize {
  const inner = arg(pc, CrossEntropyArg.Inner);
  const vectors = (inner + 3) >> 2;
  const outer = unit / vectors;
  return (<usize>outer * <usize>arg(pc, CrossEntropyArg.Length) * <usize>inner + <usize>((unit - outer * vectors) << 2)) << 2;
}

/** The unit's labels, one for each lane. */
// @ts-expect-error: decorator
@inline
export function labelsOf(pc: usize, unit: i32, shares: bool): v128 {
  if (shares) return i32x4.splat(-1);
  const inner = arg(pc, CrossEntropyArg.Inner);
  const labels = <usize>arg(pc, CrossEntropyArg.Labels);
  if (inner === 1) return v128.load32_splat(labels + ((<usize>unit) << 2));
  const vectors = (inner + 3) >> 2;
  const outer = unit / vectors;
  return v128.load(labels + ((<usize>(outer * inner + ((unit - outer * vectors) << 2))) << 2));
}

/** The lanes that are results: all that are columns of the tensor, or the first. */
// @ts-expect-error: decorator
@inline
export function lanesOf(pc: usize, unit: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(columnsOf(pc, unit)));
}

/** How many lanes are results. */
// @ts-expect-error: decorator
@inline
export function columnsOf(pc: usize, unit: i32): i32 {
  const inner = arg(pc, CrossEntropyArg.Inner);
  const vectors = (inner + 3) >> 2;
  return min(4, inner - ((unit % vectors) << 2));
}

/** The places of the lanes in the row. */
// @ts-expect-error: decorator
@inline
export function indexOf(l: i32, across: bool): v128 {
  return across ? i32x4.splat(l) : i32x4.add(i32x4.splat(l), i32x4(0, 1, 2, 3));
}

/** Four elements; what is past the row is less than all others. */
// @ts-expect-error: decorator
@inline
export function loadInside(pointer: usize, inside: v128): v128 {
  return v128.bitselect(v128.load(pointer), f32x4.splat(LOWEST), inside);
}

/** T of four elements. */
// @ts-expect-error: decorator
@inline
export function targetOf(pointer: usize, index: v128, labels: v128, shares: bool): v128 {
  return shares ? v128.load(pointer) : v128.and(i32x4.eq(index, labels), f32x4.splat(1));
}

/** The greatest element, in all lanes of a row. NaN wins. */
// @ts-expect-error: decorator
@inline
export function greatestOf(x: v128, across: bool): v128 {
  if (across) return x;
  const half = f32x4.max(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.max(half, v128.shuffle<f32>(half, half, 1, 0, 3, 2));
}

/** The unit's greatest elements. */
// @ts-expect-error: decorator
@inline
export function highestOf(input: usize, length: i32, stride: usize, across: bool): v128 {
  let highest = f32x4.splat(LOWEST);
  let from = input;
  for (let l = 0; l < length; l += across ? 1 : 4) {
    highest = f32x4.max(highest, loadInside(from, i32x4.lt_s(indexOf(l, across), i32x4.splat(length))));
    from += stride;
  }
  return greatestOf(highest, across);
}

/** The least index, in all lanes of a row. */
// @ts-expect-error: decorator
@inline
export function firstOf(index: v128, across: bool): v128 {
  if (across) return index;
  const half = i32x4.min_s(index, v128.shuffle<i32>(index, index, 2, 3, 0, 1));
  return i32x4.min_s(half, v128.shuffle<i32>(half, half, 1, 0, 3, 2));
}

/** The sum, in all lanes of a row. */
// @ts-expect-error: decorator
@inline
export function totalOf(x: v128, across: bool): v128 {
  if (across) return x;
  const half = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.add(half, v128.shuffle<f32>(half, half, 1, 0, 3, 2));
}

/** Adds four numbers to a float64 in memory. */
// @ts-expect-error: decorator
@inline
export function addLanes(pointer: usize, x: v128): void {
  const wide = f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 0, 1)));
  store<f64>(pointer, load<f64>(pointer) + (f64x2.extract_lane(wide, 0) + f64x2.extract_lane(wide, 1)));
}

/** U of four elements. */
// @ts-expect-error: decorator
@inline
export function shared(
  weights: usize,
  shareAt: usize,
  l: i32,
  index: v128,
  labels: v128,
  shares: bool,
  across: bool,
  keep: v128,
  spread: v128,
): v128 {
  const at = weights + ((<usize>l) << 2);
  const w = across ? v128.load32_splat(at) : v128.load(at);
  return f32x4.mul(w, f32x4.add(f32x4.mul(targetOf(shareAt, index, labels, shares), keep), spread));
}
