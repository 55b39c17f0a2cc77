// Stochastic gradient descent, as torch.optim.SGD has it. For each weight w and its gradient g, with the numbers of a step
// (SgdNumber) in memory:
//
//   d = factor · g + decay · w      factor: 1 if absent; the second term only if Decays
//   b = momentum · b + share · d    only with Buffer
//   w = w - rate · (Nesterov ? d + momentum · b : b)    without Buffer: w - rate · d
//
//   weight, gradient, buffer  Count floats without gaps; weight and buffer are changed in place
// Reads may run 12 bytes past the end.

import { arg, storeLanes } from '../math/simd.inline';
import { SgdArg, SgdNumber } from '../opcodes-training-updates';
import { mine, share } from '../threads.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_sgd(pc: usize): void {
  const count = arg(pc, SgdArg.Count);
  share((count + BLOCK - 1) / BLOCK, <f32>min(BLOCK, count) * 5);
  for (let i = 0; i < count; i += BLOCK) if (mine()) f32_sgd_rows(pc, i, min(BLOCK, count - i));
}

/** `count` elements from `from` on. */
export function f32_sgd_rows(pc: usize, from: i32, count: i32): void {
  const at = (<usize>from) << 2;
  const weight = <usize>arg(pc, SgdArg.Weight) + at;
  const gradient = <usize>arg(pc, SgdArg.Gradient) + at;
  const momenta = <usize>arg(pc, SgdArg.Buffer);
  const buffer = momenta + at;
  const factorAt = <usize>arg(pc, SgdArg.Factor);
  const nesterov = arg(pc, SgdArg.Nesterov);
  const decays = arg(pc, SgdArg.Decays);
  const numbers = <usize>arg(pc, SgdArg.Numbers);
  const rate = v128.load32_splat(numbers + (SgdNumber.Rate << 2));
  const momentum = v128.load32_splat(numbers + (SgdNumber.Momentum << 2));
  const part = v128.load32_splat(numbers + (SgdNumber.Share << 2));
  const decay = v128.load32_splat(numbers + (SgdNumber.Decay << 2));
  const factor = factorAt ? v128.load32_splat(factorAt) : f32x4.splat(1);
  for (let i = 0; i < count; i += 4) {
    const to = (<usize>i) << 2;
    const w = v128.load(weight + to);
    let d = f32x4.mul(v128.load(gradient + to), factor);
    if (decays) d = f32x4.add(d, f32x4.mul(w, decay));
    if (momenta) {
      const b = f32x4.add(f32x4.mul(v128.load(buffer + to), momentum), f32x4.mul(d, part));
      storeLanes(buffer + to, b, count - i);
      d = nesterov ? f32x4.add(d, f32x4.mul(b, momentum)) : b;
    }
    storeLanes(weight + to, f32x4.sub(w, f32x4.mul(d, rate)), count - i);
  }
}
