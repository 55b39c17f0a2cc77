// A state that follows values, in place, by its Kind (AccumulateKind):
//
//   Accumulate  s = s + factor · v
//   Average     s = s + factor · (v - s): it stays where it is if both are equal
//   Clear       s = 0
//   Set         s = v
//
//   state, value  Count floats without gaps
//   factor        a float
// Reads may run 12 bytes past the end.

import { arg, storeLanes } from '../math/simd.inline';
import { AccumulateArg, AccumulateKind } from '../opcodes-training-updates';
import { mine, share } from '../threads.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_accumulate(pc: usize): void {
  const count = arg(pc, AccumulateArg.Count);
  share((count + BLOCK - 1) / BLOCK, <f32>min(BLOCK, count) * 3);
  for (let i = 0; i < count; i += BLOCK) if (mine()) f32_accumulate_rows(pc, i, min(BLOCK, count - i));
}

/** `count` elements from `from` on. */
export function f32_accumulate_rows(pc: usize, from: i32, count: i32): void {
  const at = (<usize>from) << 2;
  const state = <usize>arg(pc, AccumulateArg.State) + at;
  const kind = arg(pc, AccumulateArg.Kind);
  if (kind === AccumulateKind.Clear) {
    memory.fill(state, 0, (<usize>count) << 2);
    return;
  }
  const value = <usize>arg(pc, AccumulateArg.Value) + at;
  if (kind === AccumulateKind.Set) {
    memory.copy(state, value, (<usize>count) << 2);
    return;
  }
  const factor = v128.load32_splat(<usize>arg(pc, AccumulateArg.Factor));
  for (let i = 0; i < count; i += 4) {
    const to = (<usize>i) << 2;
    const s = v128.load(state + to);
    let v = v128.load(value + to);
    if (kind === AccumulateKind.Average) v = f32x4.sub(v, s);
    storeLanes(state + to, f32x4.add(s, f32x4.mul(v, factor)), count - i);
  }
}
