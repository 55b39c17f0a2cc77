// The loop of f32_unary for one kind. It is a constant where the loop is inlined, so that only that kind's function remains.

import { erf, expm1, log, mish, power, softplus, tanh } from '../math/functions';
import { copySign, gate, one, sigmoid } from '../math/functions.inline';
import { argSplat, clamp, storeLanes } from '../math/simd.inline';
import { sine } from '../math/sine';
import { UnaryArg, UnaryKind } from '../opcodes';

// @ts-expect-error: decorator
@inline
export function loop(kind: UnaryKind, pc: usize, count: i32, input: usize, output: usize): void {
  const alpha = argSplat(pc, UnaryArg.Alpha);
  const beta = argSplat(pc, UnaryArg.Beta);
  for (let i = 0; i < count; i += 4) {
    const at = (<usize>i) << 2;
    storeLanes(output + at, apply(kind, v128.load(input + at), alpha, beta), count - i);
  }
}

// @ts-expect-error: decorator
@inline
function apply(kind: UnaryKind, x: v128, alpha: v128, beta: v128): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case UnaryKind.LeakyRelu:
      return v128.bitselect(f32x4.mul(x, alpha), x, f32x4.lt(x, zero));
    // beta·alpha·(e^x - 1) below 0, beta·x above: Selu with its beta, Elu with 1.
    case UnaryKind.Elu:
      return f32x4.mul(beta, v128.bitselect(f32x4.mul(alpha, expm1(x)), x, f32x4.lt(x, zero)));
    case UnaryKind.Celu:
      return v128.bitselect(f32x4.mul(alpha, expm1(f32x4.div(x, alpha))), x, f32x4.lt(x, zero));
    case UnaryKind.Sigmoid:
      return sigmoid(x);
    case UnaryKind.HardSigmoid:
      return clamp(f32x4.add(f32x4.mul(x, alpha), beta), zero, one());
    case UnaryKind.HardSwish:
      return f32x4.mul(x, clamp(f32x4.add(f32x4.mul(x, f32x4.splat(1.0 / 6.0)), f32x4.splat(0.5)), zero, one()));
    case UnaryKind.Silu:
      return f32x4.mul(x, gate(x));
    case UnaryKind.Tanh:
      return tanh(x);
    case UnaryKind.Softplus:
      return softplus(x);
    case UnaryKind.Softsign:
      return f32x4.div(x, f32x4.add(one(), f32x4.abs(x)));
    case UnaryKind.Mish:
      return mish(x);
    case UnaryKind.Gelu:
      return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), f32x4.add(one(), erf(f32x4.mul(x, f32x4.splat(0.7071067811865476)))));
    case UnaryKind.GeluTanh: {
      const cube = f32x4.mul(f32x4.mul(f32x4.mul(x, x), x), f32x4.splat(0.044715));
      const inner = f32x4.mul(f32x4.splat(0.7978845608028654), f32x4.add(x, cube));
      return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), f32x4.add(one(), tanh(inner)));
    }
    case UnaryKind.Erf:
      return erf(x);
    case UnaryKind.ThresholdedRelu:
      return v128.and(x, f32x4.gt(x, alpha));
    case UnaryKind.Abs:
      return f32x4.abs(x);
    case UnaryKind.Neg:
      return f32x4.neg(x);
    case UnaryKind.Exp:
      return power(x);
    case UnaryKind.Log:
      return log(x);
    case UnaryKind.Sqrt:
      return f32x4.sqrt(x);
    case UnaryKind.Reciprocal:
      return f32x4.div(one(), x);
    case UnaryKind.Floor:
      return f32x4.floor(x);
    case UnaryKind.Ceil:
      return f32x4.ceil(x);
    case UnaryKind.Round:
      return f32x4.nearest(x);
    // The sign of a zero stays; so does NaN, which is unequal to everything.
    case UnaryKind.Sign:
      return v128.bitselect(copySign(one(), x), x, f32x4.gt(f32x4.abs(x), zero));
    case UnaryKind.Sin:
      return sines(x, 0);
    case UnaryKind.Cos:
      return sines(x, 1);
    default:
      return f32x4.add(f32x4.mul(x, alpha), beta);
  }
}

/** Not inlined: the function is long. */
function sines(x: v128, quarter: u32): v128 {
  let y = x;
  y = f32x4.replace_lane(y, 0, sine(f32x4.extract_lane(x, 0), quarter));
  y = f32x4.replace_lane(y, 1, sine(f32x4.extract_lane(x, 1), quarter));
  y = f32x4.replace_lane(y, 2, sine(f32x4.extract_lane(x, 2), quarter));
  return f32x4.replace_lane(y, 3, sine(f32x4.extract_lane(x, 3), quarter));
}
