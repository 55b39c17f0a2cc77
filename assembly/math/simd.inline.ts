// Vector helpers that every kernel family shares. All are inlined.

/**
 * a * b + c: the one place that decides between strict (two roundings, the same bits on every engine) and relaxed (fused
 * where the machine can).
 */
// @ts-expect-error: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** Clamps to [low, high]. NaN stays NaN: pmin and pmax give their first operand if the comparison is false. */
// @ts-expect-error: decorator
@inline
export function clamp(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

/** Stores the first `count` lanes, 1 to 4. */
// @ts-expect-error: decorator
@inline
export function storeLanes(pointer: usize, x: v128, count: i32): void {
  if (count >= 4) {
    v128.store(pointer, x);
  } else {
    if (count & 2) {
      v128.store64_lane(pointer, x, 0);
      if (count & 1) v128.store32_lane(pointer, x, 2, 8);
    } else {
      v128.store32_lane(pointer, x, 0);
    }
  }
}

/** The argument at `index` of the instruction at `pc`. */
// @ts-expect-error: decorator
@inline
export function arg(pc: usize, index: i32): i32 {
  return load<i32>(pc + ((<usize>index) << 2));
}

/** A float32 argument in all four lanes. */
// @ts-expect-error: decorator
@inline
export function argSplat(pc: usize, index: i32): v128 {
  return v128.load32_splat(pc + ((<usize>index) << 2));
}
