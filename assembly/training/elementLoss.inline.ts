// The functions of f32_element_loss, of four elements, and the loops around them.

import { log, power } from '../math/functions';
import { copySign, one } from '../math/functions.inline';
import { arg, argSplat, storeLanes } from '../math/simd.inline';
import { ElementLossArg, ElementLossGradientArg, ElementLossKind } from '../opcodes-training';

// @ts-expect-error: decorator
@inline
export function loss(kind: ElementLossKind, x: v128, t: v128, alpha: v128): v128 {
  const zero = f32x4.splat(0);
  if (kind === ElementLossKind.BinaryCrossEntropy) {
    // (1 - t)·x + (1 + (alpha - 1)·t)·(log1p(e^-|x|) + max(-x, 0)), without overflow; log1p by Kahan as in softplus.
    const e = power(f32x4.neg(f32x4.abs(x)));
    const u = f32x4.add(one(), e);
    const rest = f32x4.sub(u, one());
    const tail = v128.bitselect(e, f32x4.div(f32x4.mul(log(u), e), rest), f32x4.eq(rest, zero));
    const weight = f32x4.add(one(), f32x4.mul(f32x4.sub(alpha, one()), t));
    // Where x is positive the first product is of x, else the second, so that nothing large cancels.
    const positive = f32x4.mul(f32x4.sub(one(), t), f32x4.pmax(x, zero));
    const negative = f32x4.mul(f32x4.mul(alpha, t), f32x4.pmax(f32x4.neg(x), zero));
    return f32x4.add(f32x4.add(positive, negative), f32x4.mul(weight, tail));
  }
  const d = f32x4.sub(x, t);
  const size = f32x4.abs(d);
  switch (kind) {
    case ElementLossKind.Squared:
      return f32x4.mul(d, d);
    case ElementLossKind.Absolute:
      return size;
    default: {
      const half = f32x4.splat(0.5);
      const near = f32x4.div(f32x4.mul(f32x4.mul(half, d), d), alpha);
      return v128.bitselect(near, f32x4.sub(size, f32x4.mul(half, alpha)), f32x4.lt(size, alpha));
    }
  }
}

/** Where a positive x and a target above ½ agree. */
// @ts-expect-error: decorator
@inline
export function right(x: v128, t: v128): v128 {
  return i32x4.eq(f32x4.gt(x, f32x4.splat(0)), f32x4.gt(t, f32x4.splat(0.5)));
}

/** The derivative of the loss for x. */
// @ts-expect-error: decorator
@inline
export function derivative(kind: ElementLossKind, x: v128, t: v128, alpha: v128): v128 {
  const zero = f32x4.splat(0);
  if (kind === ElementLossKind.BinaryCrossEntropy) {
    // (1 - t)·s(x) - alpha·t·s(-x); one of the two is 1 / (1 + e^-|x|), the other e^-|x| / (1 + e^-|x|).
    const e = power(f32x4.neg(f32x4.abs(x)));
    const large = f32x4.div(one(), f32x4.add(one(), e));
    const small = f32x4.mul(e, large);
    const above = f32x4.gt(x, zero);
    const s = v128.bitselect(large, small, above);
    const other = v128.bitselect(small, large, above);
    return f32x4.sub(f32x4.mul(f32x4.sub(one(), t), s), f32x4.mul(f32x4.mul(alpha, t), other));
  }
  const d = f32x4.sub(x, t);
  if (kind === ElementLossKind.Squared) return f32x4.add(d, d);
  const size = f32x4.abs(d);
  // 0 at 0; NaN stays.
  const sign = v128.bitselect(copySign(one(), d), d, f32x4.gt(size, zero));
  if (kind === ElementLossKind.Absolute) return sign;
  return v128.bitselect(f32x4.div(d, alpha), sign, f32x4.lt(size, alpha));
}

/** `kind` is a constant where this is inlined. */
// @ts-expect-error: decorator
@inline
export function add(kind: ElementLossKind, pc: usize, from: i32, count: i32, sums: usize): void {
  const at = (<usize>from) << 2;
  const input = <usize>arg(pc, ElementLossArg.Input) + at;
  const target = <usize>arg(pc, ElementLossArg.Target) + at;
  const alpha = argSplat(pc, ElementLossArg.Alpha);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let counted = i32x4.splat(0);
  for (let i = 0; i < count; i += 4) {
    const place = (<usize>i) << 2;
    const x = v128.load(input + place);
    const t = v128.load(target + place);
    const inside = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count - i));
    const y = v128.and(loss(kind, x, t, alpha), inside);
    low = f64x2.add(low, f64x2.promote_low_f32x4(y));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(y, y, 2, 3, 0, 1)));
    if (kind === ElementLossKind.BinaryCrossEntropy) counted = i32x4.sub(counted, v128.and(right(x, t), inside));
  }
  const sum = f64x2.add(low, high);
  store<f64>(sums, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  store<f64>(sums, 0, 8);
  const pairs = i32x4.add(counted, v128.shuffle<i32>(counted, counted, 2, 3, 0, 1));
  store<f64>(sums, <f64>(i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)), 16);
}

// @ts-expect-error: decorator
@inline
export function derive(kind: ElementLossKind, pc: usize, from: i32, count: i32): void {
  const at = (<usize>from) << 2;
  const input = <usize>arg(pc, ElementLossArg.Input) + at;
  const target = <usize>arg(pc, ElementLossArg.Target) + at;
  const output = <usize>arg(pc, ElementLossGradientArg.Output) + at;
  const alpha = argSplat(pc, ElementLossArg.Alpha);
  const scale = f32x4.mul(
    argSplat(pc, ElementLossGradientArg.Scale),
    v128.load32_splat(<usize>arg(pc, ElementLossGradientArg.Gradient)),
  );
  for (let i = 0; i < count; i += 4) {
    const place = (<usize>i) << 2;
    const y = f32x4.mul(derivative(kind, v128.load(input + place), v128.load(target + place), alpha), scale);
    storeLanes(output + place, y, count - i);
  }
}
