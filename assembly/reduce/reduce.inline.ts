// The functions of f32_reduce for rows and elements, by kind: a constant where they are inlined.

import { ReduceKind } from '../opcodes';

// @ts-expect-error: decorator
@inline
export function row(kind: i32, input: usize, count: i32, stride: usize, across: bool): v128 {
  let y = identity(kind);
  if (across) {
    for (let i = 0; i < count; i++) {
      y = combine(kind, y, element(kind, v128.load(input)));
      input += stride;
    }
    return y;
  }
  if (stride === 4) {
    const whole = count & ~3;
    for (let i = 0; i < whole; i += 4) {
      y = combine(kind, y, element(kind, v128.load(input)));
      input += 16;
    }
    y = combine(kind, y, v128.shuffle<f32>(y, y, 2, 3, 0, 1));
    y = combine(kind, y, v128.shuffle<f32>(y, y, 1, 0, 3, 2));
    count -= whole;
  }
  for (let i = 0; i < count; i++) {
    y = combine(kind, y, element(kind, v128.load32_splat(input)));
    input += stride;
  }
  return y;
}

// @ts-expect-error: decorator
@inline
export function identity(kind: i32): v128 {
  if (kind === ReduceKind.Max) return f32x4.splat(-f32.MAX_VALUE * 2);
  if (kind === ReduceKind.Min) return f32x4.splat(f32.MAX_VALUE * 2);
  return f32x4.splat(kind === ReduceKind.Prod ? 1 : 0);
}

// @ts-expect-error: decorator
@inline
function element(kind: i32, x: v128): v128 {
  if (kind === ReduceKind.SumAbs) return f32x4.abs(x);
  return kind === ReduceKind.SumSquare ? f32x4.mul(x, x) : x;
}

/** NaN wins. */
// @ts-expect-error: decorator
@inline
export function combine(kind: i32, x: v128, y: v128): v128 {
  if (kind === ReduceKind.Max) return f32x4.max(x, y);
  if (kind === ReduceKind.Min) return f32x4.min(x, y);
  return kind === ReduceKind.Prod ? f32x4.mul(x, y) : f32x4.add(x, y);
}
