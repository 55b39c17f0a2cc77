// The last sum of a weight gradient: dW[g][o][i][tap] = sum over parts of S[part][g][tap][i][o].
//
//   input   [Parts][Groups][Taps][Rows][OutChannels in eights]: f32_weight_gradient_4x8's sums
//   output  [Groups · OutChannels][Channels][Taps] without gaps
// Four filters at a time; parts are added as parts.inline says.

import { arg } from '../math/simd.inline';
import { WeightGradientSumArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';
import { partsOf } from './parts.inline';

export function f32_weight_gradient_sum(pc: usize): void {
  const groups = arg(pc, WeightGradientSumArg.Groups);
  const outChannels = arg(pc, WeightGradientSumArg.OutChannels);
  const fours = (outChannels + 3) >> 2;
  const elements = arg(pc, WeightGradientSumArg.Channels) * arg(pc, WeightGradientSumArg.Taps);
  share(groups * fours, <f32>(elements * 4 * (1 + arg(pc, WeightGradientSumArg.Parts))));
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < outChannels; n += 4) if (mine()) f32_weight_gradient_add(pc, g, n);
  }
}

/** Filters `n` to `n + 3` of group `g`. */
export function f32_weight_gradient_add(pc: usize, g: i32, n: i32): void {
  const parts = arg(pc, WeightGradientSumArg.Parts);
  const channels = arg(pc, WeightGradientSumArg.Channels);
  const outChannels = arg(pc, WeightGradientSumArg.OutChannels);
  const taps = arg(pc, WeightGradientSumArg.Taps);
  const rowBytes = ((<usize>outChannels + 7) & ~7) << 2;
  const tapBytes = <usize>arg(pc, WeightGradientSumArg.Rows) * rowBytes;
  const groupBytes = tapBytes * <usize>taps;
  const partBytes = groupBytes * <usize>arg(pc, WeightGradientSumArg.Groups);
  const input = <usize>arg(pc, WeightGradientSumArg.Input) + groupBytes * <usize>g + ((<usize>n) << 2);
  const filterBytes = (<usize>(channels * taps)) << 2;
  let output = <usize>arg(pc, WeightGradientSumArg.Output) + <usize>(g * outChannels + n) * filterBytes;
  const left = outChannels - n;
  for (let i = 0; i < channels; i++) {
    for (let tap = 0; tap < taps; tap++) {
      const sum = partsOf(input + <usize>i * rowBytes + <usize>tap * tapBytes, parts, partBytes);
      v128.store32_lane(output, sum, 0);
      if (left > 1) v128.store32_lane(output + filterBytes, sum, 1);
      if (left > 2) v128.store32_lane(output + filterBytes * 2, sum, 2);
      if (left > 3) v128.store32_lane(output + filterBytes * 3, sum, 3);
      output += 4;
    }
  }
}
