// The loops of f32_binary for one kind. It is a constant where they are inlined, so that only that kind's function remains.

import { power } from '../math/power';
import { arg, argSplat, clamp, storeLanes } from '../math/simd.inline';
import { BinaryArg, BinaryKind, RANK } from '../opcodes';

/** Rows whose elements are contiguous, or one element that repeats, in vectors. */
// @ts-expect-error: decorator
@inline
export function loop(kind: BinaryKind, pc: usize, rows: i32, count: i32, output: usize, a: usize, b: usize): void {
  const low = argSplat(pc, BinaryArg.Min);
  const high = argSplat(pc, BinaryArg.Max);
  const aStride = <usize>arg(pc, BinaryArg.AStrides + RANK - 1);
  const bStride = <usize>arg(pc, BinaryArg.BStrides + RANK - 1);
  for (let r = 0; r < rows; r++) {
    let x = a;
    let y = b;
    for (let i = 0; i < count; i += 4) {
      const left = aStride ? v128.load(x) : v128.load32_splat(x);
      const right = bStride ? v128.load(y) : v128.load32_splat(y);
      storeLanes(output + ((<usize>i) << 2), clamp(apply(kind, left, right), low, high), count - i);
      x += aStride << 2;
      y += bStride << 2;
    }
    output += <usize>arg(pc, BinaryArg.OutputStrides + RANK - 2);
    a += <usize>arg(pc, BinaryArg.AStrides + RANK - 2);
    b += <usize>arg(pc, BinaryArg.BStrides + RANK - 2);
  }
}

// @ts-expect-error: decorator
@inline
export function apply(kind: BinaryKind, x: v128, y: v128): v128 {
  switch (kind) {
    case BinaryKind.Add:
      return f32x4.add(x, y);
    case BinaryKind.Sub:
      return f32x4.sub(x, y);
    case BinaryKind.Mul:
      return f32x4.mul(x, y);
    case BinaryKind.Div:
      return f32x4.div(x, y);
    // NaN wins, as in numpy's minimum and maximum.
    case BinaryKind.Min:
      return f32x4.min(x, y);
    case BinaryKind.Max:
      return f32x4.max(x, y);
    case BinaryKind.PRelu:
      return v128.bitselect(f32x4.mul(x, y), x, f32x4.lt(x, f32x4.splat(0)));
    case BinaryKind.Pow:
      return PACK_MORE ? lanes(x, y, true) : x;
    default:
      return PACK_MORE ? lanes(x, y, false) : x;
  }
}

/** Not inlined: the functions are long. */
function lanes(x: v128, y: v128, powers: bool): v128 {
  let z = x;
  z = f32x4.replace_lane(z, 0, scalar(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0), powers));
  z = f32x4.replace_lane(z, 1, scalar(f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1), powers));
  z = f32x4.replace_lane(z, 2, scalar(f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2), powers));
  return f32x4.replace_lane(z, 3, scalar(f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3), powers));
}

/** As C's pow and fmod. */
function scalar(x: f32, y: f32, powers: bool): f32 {
  return powers ? power(x, y) : remainder(x, y);
}

/** The exact remainder of x / y: subtracts y times the largest power of two that fits, repeatedly. */
function remainder(x: f32, y: f32): f32 {
  let rest = <f64>abs(x);
  const step = <f64>abs(y);
  if (!(step > 0 && rest < Infinity)) return f32.NaN;
  while (rest >= step) {
    // The exponent of one and the digits of the other: in float64 no float32 is denormal.
    let most = reinterpret<f64>((reinterpret<u64>(rest) & 0x7ff0000000000000) | (reinterpret<u64>(step) & 0xfffffffffffff));
    if (most > rest) most *= 0.5;
    rest -= most;
  }
  return copysign<f32>(<f32>rest, x);
}
