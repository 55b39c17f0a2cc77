// dX[i] = dY[i] · f'(V[i]), f by its Kind (GradientKind in opcodes-training-elements.ts), with two parameters Alpha and Beta
// where f has any. V is what f gave, or what it was given, as its kind says. The formulas are in unaryGradient.inline.ts.
//
//   value, gradient, output  Count floats without gaps; output may be value or gradient
// Reads may run 12 bytes past the end. Where f' is 0 by a comparison, dX is 0 whatever dY is.

import { arg } from '../math/simd.inline';
import { GradientKind, UnaryGradientArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';
import { loop } from './unaryGradient.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_unary_gradient(pc: usize): void {
  const count = arg(pc, UnaryGradientArg.Count);
  share((count + BLOCK - 1) / BLOCK, <f32>min(BLOCK, count) * 3);
  for (let i = 0; i < count; i += BLOCK) if (mine()) f32_unary_gradient_rows(pc, i, min(BLOCK, count - i));
}

/** `count` elements from `from` on. Each kind has a loop of its own. */
export function f32_unary_gradient_rows(pc: usize, from: i32, count: i32): void {
  switch (arg(pc, UnaryGradientArg.Kind)) {
    case GradientKind.Clamp:
      loop(GradientKind.Clamp, pc, from, count);
      break;
    case GradientKind.LeakyRelu:
      loop(GradientKind.LeakyRelu, pc, from, count);
      break;
    case GradientKind.HardSigmoid:
      loop(GradientKind.HardSigmoid, pc, from, count);
      break;
    case GradientKind.HardSwish:
      loop(GradientKind.HardSwish, pc, from, count);
      break;
    case GradientKind.Sigmoid:
      loop(GradientKind.Sigmoid, pc, from, count);
      break;
    case GradientKind.Swish:
      loop(GradientKind.Swish, pc, from, count);
      break;
    case GradientKind.Tanh:
      loop(GradientKind.Tanh, pc, from, count);
      break;
    case GradientKind.Elu:
      if (PACK_MORE) loop(GradientKind.Elu, pc, from, count);
      break;
    case GradientKind.EluOfInput:
      if (PACK_MORE) loop(GradientKind.EluOfInput, pc, from, count);
      break;
    case GradientKind.Celu:
      if (PACK_MORE) loop(GradientKind.Celu, pc, from, count);
      break;
    case GradientKind.Softplus:
      if (PACK_MORE) loop(GradientKind.Softplus, pc, from, count);
      break;
    case GradientKind.Softsign:
      if (PACK_MORE) loop(GradientKind.Softsign, pc, from, count);
      break;
    case GradientKind.Mish:
      if (PACK_MORE) loop(GradientKind.Mish, pc, from, count);
      break;
    case GradientKind.Gelu:
      if (PACK_MORE) loop(GradientKind.Gelu, pc, from, count);
      break;
    case GradientKind.GeluTanh:
      if (PACK_MORE) loop(GradientKind.GeluTanh, pc, from, count);
      break;
    case GradientKind.Erf:
      if (PACK_MORE) loop(GradientKind.Erf, pc, from, count);
      break;
    case GradientKind.Sqrt:
      if (PACK_MORE) loop(GradientKind.Sqrt, pc, from, count);
      break;
    case GradientKind.Reciprocal:
      if (PACK_MORE) loop(GradientKind.Reciprocal, pc, from, count);
      break;
    case GradientKind.Abs:
      if (PACK_MORE) loop(GradientKind.Abs, pc, from, count);
      break;
    case GradientKind.Sin:
      if (PACK_MORE) loop(GradientKind.Sin, pc, from, count);
      break;
    case GradientKind.Cos:
      if (PACK_MORE) loop(GradientKind.Cos, pc, from, count);
      break;
    case GradientKind.Greater:
      if (PACK_MORE) loop(GradientKind.Greater, pc, from, count);
      break;
    case GradientKind.Below:
      if (PACK_MORE) loop(GradientKind.Below, pc, from, count);
      break;
  }
}
