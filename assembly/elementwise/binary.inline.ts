// The loops of f32_binary for one kind, a constant where they are inlined, so that only that kind's function is left.

import { argSplat, clamp, storeLanes } from '../math/simd.inline';
import { BinaryArg, BinaryKind } from '../opcodes';

// @ts-expect-error: decorator
@inline
export function loop(
  kind: BinaryKind,
  pc: usize,
  count: i32,
  output: usize,
  a: usize,
  b: usize,
  outputStride: usize,
  aStride: usize,
  bStride: usize,
): void {
  const low = argSplat(pc, BinaryArg.Min);
  const high = argSplat(pc, BinaryArg.Max);
  if (outputStride === 4 && (aStride & ~4) === 0 && (bStride & ~4) === 0) {
    for (let i = 0; i < count; i += 4) {
      const x = aStride ? v128.load(a) : v128.load32_splat(a);
      const y = bStride ? v128.load(b) : v128.load32_splat(b);
      storeLanes(output, clamp(apply(kind, x, y), low, high), count - i);
      output += 16;
      a += aStride << 2;
      b += bStride << 2;
    }
  } else {
    for (let i = 0; i < count; i++) {
      storeLanes(output, clamp(apply(kind, v128.load32_splat(a), v128.load32_splat(b)), low, high), 1);
      output += outputStride;
      a += aStride;
      b += bStride;
    }
  }
}

// @ts-expect-error: decorator
@inline
function apply(kind: BinaryKind, x: v128, y: v128): v128 {
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
      return lanes(x, y, true);
    default:
      return lanes(x, y, false);
  }
}

/** Not inlined: the standard library's functions are long. */
function lanes(x: v128, y: v128, power: bool): v128 {
  let z = x;
  z = f32x4.replace_lane(z, 0, scalar(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0), power));
  z = f32x4.replace_lane(z, 1, scalar(f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1), power));
  z = f32x4.replace_lane(z, 2, scalar(f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2), power));
  return f32x4.replace_lane(z, 3, scalar(f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3), power));
}

/** As C's pow and fmod: 1 to any power is 1, -1 to an infinite one too, and the remainder has the sign of the dividend. */
function scalar(x: f32, y: f32, power: bool): f32 {
  // In the standard library, as in JavaScript, these are NaN.
  if (power && abs(x) === 1 && !isFinite(y) && (x === 1 || y === y)) return 1;
  return power ? Mathf.pow(x, y) : x % y;
}
