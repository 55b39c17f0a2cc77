// Y[i] = Scale·X[i] where random number i is at least Threshold (unsigned), else 0.
//
//   input, output  Count floats without gaps; output may be input
//   random         int32 [4]: seed and step, the lower half of each first
//   workspace      64 bytes for each thread
// Random numbers are Philox's (philox.ts) with the seed as key and the counter (block, Index, step): the four counters from
// 4·g on give elements 16·g to 16·g + 15, first the four first words, then the second ones, and so on. So element i depends
// on nothing but seed, step, Index and i, and the backward pass is the same instruction on the gradient. Reads may run 12
// bytes past the end.

import { arg, argSplat, storeLanes } from '../math/simd.inline';
import { DropoutArg } from '../opcodes-training';
import { mine, share, workspace } from '../threads.inline';
import { philox } from './philox';

/** Elements per call, a multiple of 16. */
const BLOCK: i32 = 4096;

export function f32_dropout(pc: usize): void {
  const count = arg(pc, DropoutArg.Count);
  share((count + BLOCK - 1) / BLOCK, <f32>min(BLOCK, count) * 4);
  for (let i = 0; i < count; i += BLOCK) if (mine()) f32_dropout_rows(pc, i, min(BLOCK, count - i));
}

/** `count` elements from `from` on. */
export function f32_dropout_rows(pc: usize, from: i32, count: i32): void {
  const random = <usize>arg(pc, DropoutArg.Random);
  const threshold = argSplat(pc, DropoutArg.Threshold);
  const scale = argSplat(pc, DropoutArg.Scale);
  const at = (<usize>from) << 2;
  const input = <usize>arg(pc, DropoutArg.Input) + at;
  const output = <usize>arg(pc, DropoutArg.Output) + at;
  const words = workspace(<usize>arg(pc, DropoutArg.Workspace));
  for (let i = 0; i < count; i += 16) {
    const first = i32x4.add(i32x4.splat((from + i) >> 2), i32x4(0, 1, 2, 3));
    philox(words, first, arg(pc, DropoutArg.Index), load<i32>(random, 8), load<i32>(random, 12), load<i32>(random), load<i32>(random, 4));
    for (let j = i; j < min(count, i + 16); j += 4) {
      const place = (<usize>j) << 2;
      const kept = i32x4.ge_u(v128.load(words + ((<usize>(j - i)) << 2)), threshold);
      storeLanes(output + place, v128.and(f32x4.mul(v128.load(input + place), scale), kept), count - j);
    }
  }
}
