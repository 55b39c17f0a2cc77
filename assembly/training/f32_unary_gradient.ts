// dX[i] = dY[i] · f'(V[i]), f by its Kind (GradientKind in opcodes-training.ts), with two parameters Alpha and Beta where f has
// any. V is what f gave, or what it was given, as its kind says.
//
//   value, gradient, output  Count floats without gaps; output may be value or gradient
// Reads may run 12 bytes past the end.

import { arg, argSplat, storeLanes } from '../math/simd.inline';
import { UnaryGradientArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_unary_gradient(pc: usize): void {
  const count = arg(pc, UnaryGradientArg.Count);
  share((count + BLOCK - 1) / BLOCK, <f32>min(BLOCK, count) * 3);
  for (let i = 0; i < count; i += BLOCK) if (mine()) f32_unary_gradient_rows(pc, i, min(BLOCK, count - i));
}

/** `count` elements from `from` on. */
export function f32_unary_gradient_rows(pc: usize, from: i32, count: i32): void {
  const at = (<usize>from) << 2;
  const value = <usize>arg(pc, UnaryGradientArg.Value) + at;
  const gradient = <usize>arg(pc, UnaryGradientArg.Gradient) + at;
  const output = <usize>arg(pc, UnaryGradientArg.Output) + at;
  const low = argSplat(pc, UnaryGradientArg.Alpha);
  const high = argSplat(pc, UnaryGradientArg.Beta);
  for (let i = 0; i < count; i += 4) {
    const to = (<usize>i) << 2;
    const v = v128.load(value + to);
    const inside = v128.and(f32x4.gt(v, low), f32x4.lt(v, high));
    storeLanes(output + to, v128.and(v128.load(gradient + to), inside), count - i);
  }
}
