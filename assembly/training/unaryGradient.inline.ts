// The derivatives of f32_unary_gradient: a formula in `apply`, and the loop around it.

import { sines } from '../elementwise/unary.inline';
import { erf, expm1, power, tanh } from '../math/functions';
import { copySign, one, sigmoid } from '../math/functions.inline';
import { arg, argSplat, clamp, storeLanes } from '../math/simd.inline';
import { GradientKind, UnaryGradientArg } from '../opcodes-training';

/** `kind` is a constant where this is inlined, so that only that kind's function is left. */
// @ts-expect-error: decorator
@inline
export function loop(kind: GradientKind, pc: usize, from: i32, count: i32): void {
  const at = (<usize>from) << 2;
  const value = <usize>arg(pc, UnaryGradientArg.Value) + at;
  const gradient = <usize>arg(pc, UnaryGradientArg.Gradient) + at;
  const output = <usize>arg(pc, UnaryGradientArg.Output) + at;
  const alpha = argSplat(pc, UnaryGradientArg.Alpha);
  const beta = argSplat(pc, UnaryGradientArg.Beta);
  for (let i = 0; i < count; i += 4) {
    const to = (<usize>i) << 2;
    storeLanes(output + to, apply(kind, v128.load(value + to), v128.load(gradient + to), alpha, beta), count - i);
  }
}

/** dy·f'(v). */
// @ts-expect-error: decorator
@inline
function apply(kind: GradientKind, v: v128, dy: v128, alpha: v128, beta: v128): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case GradientKind.Clamp:
      return v128.and(dy, v128.and(f32x4.gt(v, alpha), f32x4.lt(v, beta)));
    case GradientKind.HardSigmoid:
      return v128.and(f32x4.mul(dy, alpha), v128.and(f32x4.gt(v, zero), f32x4.lt(v, one())));
    case GradientKind.LeakyRelu:
      return v128.bitselect(dy, f32x4.mul(dy, alpha), f32x4.gt(v, zero));
    case GradientKind.Greater:
      return v128.bitselect(f32x4.mul(dy, f32x4.splat(0.5)), v128.and(dy, f32x4.gt(v, zero)), f32x4.eq(v, zero));
    case GradientKind.Below:
      return v128.andnot(dy, f32x4.gt(v, zero));
    default:
      return f32x4.mul(dy, slope(kind, v, alpha, beta));
  }
}

/** f'(v). */
// @ts-expect-error: decorator
@inline
function slope(kind: GradientKind, v: v128, alpha: v128, beta: v128): v128 {
  const zero = f32x4.splat(0);
  const half = f32x4.splat(0.5);
  switch (kind) {
    case GradientKind.Elu:
      return v128.bitselect(beta, f32x4.add(v, alpha), f32x4.gt(v, zero));
    case GradientKind.EluOfInput:
      return v128.bitselect(beta, f32x4.mul(alpha, power(v)), f32x4.gt(v, zero));
    case GradientKind.Celu:
      return v128.bitselect(one(), f32x4.add(f32x4.mul(v, alpha), one()), f32x4.gt(v, zero));
    // At the corners the gradient of the flat and of the linear part, as newer versions of PyTorch; older ones had the middle's.
    case GradientKind.HardSwish: {
      const middle = f32x4.add(f32x4.div(v, f32x4.splat(3)), half);
      return v128.andnot(v128.bitselect(one(), middle, f32x4.ge(v, f32x4.splat(3))), f32x4.le(v, f32x4.splat(-3)));
    }
    case GradientKind.Sigmoid:
      return f32x4.mul(v, f32x4.sub(one(), v));
    case GradientKind.Swish: {
      const x = f32x4.mul(v, alpha);
      const s = sigmoid(x);
      // Of an infinite x, infinity times 0 would be NaN.
      const bounded = clamp(x, f32x4.splat(-128), f32x4.splat(128));
      return f32x4.mul(s, f32x4.add(one(), f32x4.mul(bounded, f32x4.sub(one(), s))));
    }
    case GradientKind.Tanh:
      return f32x4.mul(f32x4.sub(one(), v), f32x4.add(one(), v));
    case GradientKind.Softplus:
      return f32x4.neg(expm1(f32x4.neg(v)));
    case GradientKind.Softsign: {
      const rest = f32x4.sub(one(), f32x4.abs(v));
      return f32x4.mul(rest, rest);
    }
    // With e = e^v and n = e·(e + 2), tanh(softplus v) is n / (n + 2), and the other part 4·v·e·(e + 1) / (n + 2)²; 1 from 20 on.
    case GradientKind.Mish: {
      const x = clamp(v, f32x4.splat(-104), f32x4.splat(20));
      const e = power(x);
      const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
      const m = f32x4.add(n, f32x4.splat(2));
      const part = f32x4.mul(f32x4.div(f32x4.mul(f32x4.splat(4), f32x4.mul(x, e)), m), f32x4.div(f32x4.add(e, one()), m));
      return v128.bitselect(one(), f32x4.add(f32x4.div(n, m), part), f32x4.ge(v, f32x4.splat(20)));
    }
    // Φ(v) + v·φ(v).
    case GradientKind.Gelu: {
      const below = f32x4.mul(half, f32x4.add(one(), erf(f32x4.mul(v, f32x4.splat(0.7071067811865476)))));
      const x = clamp(v, f32x4.splat(-16), f32x4.splat(16));
      const density = f32x4.mul(f32x4.splat(0.3989422804014327), power(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5))));
      return f32x4.add(below, f32x4.mul(x, density));
    }
    case GradientKind.GeluTanh: {
      // Beyond, tanh is 1 in float32.
      const x = clamp(v, f32x4.splat(-16), f32x4.splat(16));
      const square = f32x4.mul(x, x);
      const factor = f32x4.splat(0.7978845608028654);
      const t = tanh(f32x4.mul(factor, f32x4.add(x, f32x4.mul(f32x4.mul(square, x), f32x4.splat(0.044715)))));
      const rest = f32x4.mul(f32x4.sub(one(), t), f32x4.add(one(), t));
      const inner = f32x4.mul(factor, f32x4.add(one(), f32x4.mul(square, f32x4.splat(0.134145))));
      return f32x4.mul(half, f32x4.add(f32x4.add(one(), t), f32x4.mul(f32x4.mul(x, rest), inner)));
    }
    case GradientKind.Erf:
      return f32x4.mul(f32x4.splat(1.1283791670955126), power(f32x4.neg(f32x4.mul(v, v))));
    case GradientKind.Sqrt:
      return f32x4.div(half, v);
    case GradientKind.Reciprocal:
      return f32x4.neg(f32x4.mul(v, v));
    case GradientKind.Abs:
      return v128.bitselect(copySign(one(), v), v, f32x4.gt(f32x4.abs(v), zero));
    case GradientKind.Sin:
      return sines(v, 1);
    default:
      return f32x4.neg(sines(v, 0));
  }
}
