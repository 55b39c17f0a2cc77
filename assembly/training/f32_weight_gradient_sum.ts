// The last sum of a weight gradient: dW[g][o][i][tap] = sum over parts of S[part][g][tap][i][o].
//
//   input   [Parts][Groups][Taps][Rows][OutChannels in eights]: f32_weight_gradient_4x8's sums
//           if there is a scratch, [Parts][Groups][6 × 6 points][Rows][OutChannels in eights], those of
//           f32_winograd_weight_gradient: their sums U are transformed to Gᵀ U G, 3 × 3 taps
//   output  [Groups · OutChannels][Channels][Taps] without gaps
// Four filters at a time; parts are added as parts.inline says.

import { arg } from '../math/simd.inline';
import { WeightGradientSumArg } from '../opcodes-training';
import { mine, share, workspace } from '../threads.inline';
import { partsOf } from './parts.inline';
import { weights3 } from './winograd.inline';

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
  const scratch = workspace(<usize>arg(pc, WeightGradientSumArg.Scratch));
  const winograd = arg(pc, WeightGradientSumArg.Scratch) !== 0;
  const summed = winograd ? 36 : taps;
  const tapBytes = <usize>arg(pc, WeightGradientSumArg.Rows) * rowBytes;
  const groupBytes = tapBytes * <usize>summed;
  const partBytes = groupBytes * <usize>arg(pc, WeightGradientSumArg.Groups);
  const input = <usize>arg(pc, WeightGradientSumArg.Input) + groupBytes * <usize>g + ((<usize>n) << 2);
  const filterBytes = (<usize>(channels * taps)) << 2;
  let output = <usize>arg(pc, WeightGradientSumArg.Output) + <usize>(g * outChannels + n) * filterBytes;
  const left = outChannels - n;
  for (let i = 0; i < channels; i++) {
    const from = input + <usize>i * rowBytes;
    if (winograd) {
      for (let point: usize = 0; point < 36; point++)
        v128.store(scratch + (point << 4), partsOf(from + point * tapBytes, parts, partBytes));
      for (let x: usize = 0; x < 6; x++) weights3(scratch + (x << 4), 6 << 4, scratch + (x << 4), 6 << 4);
      for (let y: usize = 0; y < 3; y++) weights3(scratch + y * (6 << 4), 16, scratch + y * (3 << 4), 16);
    }
    for (let tap = 0; tap < taps; tap++) {
      const sum = winograd ? v128.load(scratch + ((<usize>tap) << 4)) : partsOf(from + <usize>tap * tapBytes, parts, partBytes);
      v128.store32_lane(output, sum, 0);
      if (left > 1) v128.store32_lane(output + filterBytes, sum, 1);
      if (left > 2) v128.store32_lane(output + filterBytes * 2, sum, 2);
      if (left > 3) v128.store32_lane(output + filterBytes * 3, sum, 3);
      output += 4;
    }
  }
}
