// Adam with decoupled weight decay, as torch.optim.AdamW has it. For each weight w and its gradient, with the numbers of a
// step (AdamwNumber) in memory:
//
//   g = factor · gradient           factor: 1 if absent
//   m = beta1 · m + rest1 · g
//   v = beta2 · v + rest2 · g²
//   w = kept · w - stepSize · m / (correction · √v + epsilon)    kept: 1 unless Decays
//
//   weight, gradient, firstMoment (m), secondMoment (v)  Count floats without gaps; all but gradient are changed in place
// Reads may run 12 bytes past the end.

import { arg, storeLanes } from '../math/simd.inline';
import { AdamwArg, AdamwNumber } from '../opcodes-training-updates';
import { mine, share } from '../threads.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_adamw(pc: usize): void {
  const count = arg(pc, AdamwArg.Count);
  share((count + BLOCK - 1) / BLOCK, <f32>min(BLOCK, count) * 8);
  for (let i = 0; i < count; i += BLOCK) if (mine()) f32_adamw_rows(pc, i, min(BLOCK, count - i));
}

/** `count` elements from `from` on. */
export function f32_adamw_rows(pc: usize, from: i32, count: i32): void {
  const at = (<usize>from) << 2;
  const weight = <usize>arg(pc, AdamwArg.Weight) + at;
  const gradient = <usize>arg(pc, AdamwArg.Gradient) + at;
  const first = <usize>arg(pc, AdamwArg.FirstMoment) + at;
  const second = <usize>arg(pc, AdamwArg.SecondMoment) + at;
  const factorAt = <usize>arg(pc, AdamwArg.Factor);
  const numbers = <usize>arg(pc, AdamwArg.Numbers);
  const beta1 = v128.load32_splat(numbers + (AdamwNumber.Beta1 << 2));
  const rest1 = v128.load32_splat(numbers + (AdamwNumber.Rest1 << 2));
  const beta2 = v128.load32_splat(numbers + (AdamwNumber.Beta2 << 2));
  const rest2 = v128.load32_splat(numbers + (AdamwNumber.Rest2 << 2));
  const stepSize = v128.load32_splat(numbers + (AdamwNumber.StepSize << 2));
  const correction = v128.load32_splat(numbers + (AdamwNumber.Correction << 2));
  const epsilon = v128.load32_splat(numbers + (AdamwNumber.Epsilon << 2));
  const one = f32x4.splat(1);
  const kept = arg(pc, AdamwArg.Decays) ? v128.load32_splat(numbers + (AdamwNumber.Kept << 2)) : one;
  const factor = factorAt ? v128.load32_splat(factorAt) : one;
  for (let i = 0; i < count; i += 4) {
    const to = (<usize>i) << 2;
    const g = f32x4.mul(v128.load(gradient + to), factor);
    const m = f32x4.add(f32x4.mul(v128.load(first + to), beta1), f32x4.mul(g, rest1));
    const v = f32x4.add(f32x4.mul(v128.load(second + to), beta2), f32x4.mul(f32x4.mul(g, rest2), g));
    storeLanes(first + to, m, count - i);
    storeLanes(second + to, v, count - i);
    const by = f32x4.div(f32x4.mul(m, stepSize), f32x4.add(f32x4.mul(f32x4.sqrt(v), correction), epsilon));
    storeLanes(weight + to, f32x4.sub(f32x4.mul(v128.load(weight + to), kept), by), count - i);
  }
}
