// The functions of f32_unary: a formula in `apply` and a loop in `f32_unary_row` for each kind.

import { erf, expm1, log, mish, power, softplus, tanh } from '../math/functions';
import { copySign, gate, one, sigmoid } from '../math/functions.inline';
import { arg, argSplat, clamp, storeLanes } from '../math/simd.inline';
import { sine } from '../math/sine';
import { UnaryArg, UnaryKind } from '../opcodes';

/** `count` elements. Each kind has a loop of its own, because a choice inside the loop would cost as much as the cheap functions. */
export function f32_unary_row(pc: usize, count: i32, input: usize, output: usize): void {
  switch (arg(pc, UnaryArg.Kind)) {
    case UnaryKind.LeakyRelu:
      loop(UnaryKind.LeakyRelu, pc, count, input, output);
      break;
    case UnaryKind.Elu:
      loop(UnaryKind.Elu, pc, count, input, output);
      break;
    case UnaryKind.Celu:
      loop(UnaryKind.Celu, pc, count, input, output);
      break;
    case UnaryKind.Sigmoid:
      loop(UnaryKind.Sigmoid, pc, count, input, output);
      break;
    case UnaryKind.HardSigmoid:
      loop(UnaryKind.HardSigmoid, pc, count, input, output);
      break;
    case UnaryKind.HardSwish:
      loop(UnaryKind.HardSwish, pc, count, input, output);
      break;
    case UnaryKind.Silu:
      loop(UnaryKind.Silu, pc, count, input, output);
      break;
    case UnaryKind.Tanh:
      loop(UnaryKind.Tanh, pc, count, input, output);
      break;
    case UnaryKind.Softplus:
      loop(UnaryKind.Softplus, pc, count, input, output);
      break;
    case UnaryKind.Softsign:
      loop(UnaryKind.Softsign, pc, count, input, output);
      break;
    case UnaryKind.Mish:
      loop(UnaryKind.Mish, pc, count, input, output);
      break;
    case UnaryKind.Gelu:
      loop(UnaryKind.Gelu, pc, count, input, output);
      break;
    case UnaryKind.GeluTanh:
      loop(UnaryKind.GeluTanh, pc, count, input, output);
      break;
    case UnaryKind.Erf:
      loop(UnaryKind.Erf, pc, count, input, output);
      break;
    case UnaryKind.ThresholdedRelu:
      loop(UnaryKind.ThresholdedRelu, pc, count, input, output);
      break;
    case UnaryKind.Abs:
      loop(UnaryKind.Abs, pc, count, input, output);
      break;
    case UnaryKind.Neg:
      loop(UnaryKind.Neg, pc, count, input, output);
      break;
    case UnaryKind.Exp:
      loop(UnaryKind.Exp, pc, count, input, output);
      break;
    case UnaryKind.Log:
      loop(UnaryKind.Log, pc, count, input, output);
      break;
    case UnaryKind.Sqrt:
      loop(UnaryKind.Sqrt, pc, count, input, output);
      break;
    case UnaryKind.Reciprocal:
      loop(UnaryKind.Reciprocal, pc, count, input, output);
      break;
    case UnaryKind.Floor:
      loop(UnaryKind.Floor, pc, count, input, output);
      break;
    case UnaryKind.Ceil:
      loop(UnaryKind.Ceil, pc, count, input, output);
      break;
    case UnaryKind.Round:
      loop(UnaryKind.Round, pc, count, input, output);
      break;
    case UnaryKind.Sign:
      loop(UnaryKind.Sign, pc, count, input, output);
      break;
    case UnaryKind.Sin:
      loop(UnaryKind.Sin, pc, count, input, output);
      break;
    case UnaryKind.Cos:
      loop(UnaryKind.Cos, pc, count, input, output);
      break;
    case UnaryKind.Scale:
      loop(UnaryKind.Scale, pc, count, input, output);
      break;
  }
}

/** `kind` is a constant where this is inlined, so that only that kind's function is left. */
// @ts-expect-error: decorator
@inline
function loop(kind: UnaryKind, pc: usize, count: i32, input: usize, output: usize): void {
  if (PACK_MORE || kind < UnaryKind.Elu) {
    const alpha = argSplat(pc, UnaryArg.Alpha);
    const beta = argSplat(pc, UnaryArg.Beta);
    for (let i = 0; i < count; i += 4) {
      const at = (<usize>i) << 2;
      storeLanes(output + at, apply(kind, v128.load(input + at), alpha, beta), count - i);
    }
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
export function sines(x: v128, quarter: u32): v128 {
  let y = x;
  y = f32x4.replace_lane(y, 0, sine(f32x4.extract_lane(x, 0), quarter));
  y = f32x4.replace_lane(y, 1, sine(f32x4.extract_lane(x, 1), quarter));
  y = f32x4.replace_lane(y, 2, sine(f32x4.extract_lane(x, 2), quarter));
  return f32x4.replace_lane(y, 3, sine(f32x4.extract_lane(x, 3), quarter));
}
