// The last sum of a weight gradient: dW[g][o][i][tap] = sum over parts of S[part][g][tap][i][o].
//
//   input   [Parts][Groups][Taps / Run][Rows][OutChannels in eights]: f32_weight_gradient_4x8's sums
//           if there is a scratch, [Parts][Groups][6 × 6 points][Rows][OutChannels in eights], those of
//           f32_winograd_weight_gradient: their sums U are transformed to Gᵀ U G, 3 × 3 taps
//   output  [Groups · OutChannels][Channels][Taps] without gaps
// Four filters at a time; parts are added as parts.inline says.

import { arg } from '../math/simd.inline';
import { WeightGradientSumArg } from '../opcodes-training';
import { mine, share, workspace } from '../threads.inline';
import { partsOf } from './parts.inline';
import { weights3 } from './winograd.inline';

/** Filters of a cache line, which are read together. */
const LINE: i32 = 16;

export function f32_weight_gradient_sum(pc: usize): void {
  const groups = arg(pc, WeightGradientSumArg.Groups);
  const outChannels = arg(pc, WeightGradientSumArg.OutChannels);
  const lines = (outChannels + LINE - 1) / LINE;
  const elements = arg(pc, WeightGradientSumArg.Channels) * arg(pc, WeightGradientSumArg.Taps);
  share(groups * lines, <f32>(elements * LINE * (1 + arg(pc, WeightGradientSumArg.Parts))));
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < outChannels; n += LINE) if (mine()) f32_weight_gradient_add(pc, g, n);
  }
}

/** Up to LINE filters of group `g` from `first` on. */
export function f32_weight_gradient_add(pc: usize, g: i32, first: i32): void {
  const parts = arg(pc, WeightGradientSumArg.Parts);
  const channels = arg(pc, WeightGradientSumArg.Channels);
  const outChannels = arg(pc, WeightGradientSumArg.OutChannels);
  const taps = arg(pc, WeightGradientSumArg.Taps);
  const rowBytes = ((<usize>outChannels + 7) & ~7) << 2;
  const scratch = workspace(<usize>arg(pc, WeightGradientSumArg.Scratch));
  const winograd = arg(pc, WeightGradientSumArg.Scratch) !== 0;
  const run = max(1, arg(pc, WeightGradientSumArg.Run));
  const summed = winograd ? 36 : taps / run;
  const tapBytes = <usize>arg(pc, WeightGradientSumArg.Rows) * rowBytes;
  const groupBytes = tapBytes * <usize>summed;
  const partBytes = groupBytes * <usize>arg(pc, WeightGradientSumArg.Groups);
  const input = <usize>arg(pc, WeightGradientSumArg.Input) + groupBytes * <usize>g;
  const filterBytes = (<usize>(channels * taps)) << 2;
  const end = min(outChannels, first + LINE);
  const output = <usize>arg(pc, WeightGradientSumArg.Output) + <usize>(g * outChannels) * filterBytes;
  for (let i = 0; i < channels; i++) {
    for (let n = first; n < end; n += 4) {
      const from = input + <usize>i * rowBytes + ((<usize>n) << 2);
      let to = output + <usize>n * filterBytes + ((<usize>(i * taps)) << 2);
      if (winograd) {
        for (let point: usize = 0; point < 36; point++)
          v128.store(scratch + (point << 4), partsOf(from + point * tapBytes, parts, partBytes));
        for (let x: usize = 0; x < 6; x++) weights3(scratch + (x << 4), 6 << 4, scratch + (x << 4), 6 << 4);
        for (let y: usize = 0; y < 3; y++) weights3(scratch + y * (6 << 4), 16, scratch + y * (3 << 4), 16);
      }
      for (let tap = 0; tap < taps; tap++) {
        const sum = winograd
          ? v128.load(scratch + ((<usize>tap) << 4))
          : partsOf(from + tapAt(tap, run, tapBytes, <usize>channels * rowBytes), parts, partBytes);
        v128.store32_lane(to, sum, 0);
        if (end - n > 1) v128.store32_lane(to + filterBytes, sum, 1);
        if (end - n > 2) v128.store32_lane(to + filterBytes * 2, sum, 2);
        if (end - n > 3) v128.store32_lane(to + filterBytes * 3, sum, 3);
        to += 4;
      }
    }
  }
}

/** The offset of a tap's sums. */
function tapAt(tap: i32, run: i32, runBytes: usize, tapBytes: usize): usize {
  const index = tap / run;
  return <usize>index * runBytes + <usize>(tap - index * run) * tapBytes;
}
