// Batch-norm that learns, between the passes: adds up the partial sums of f32_batchnorm_statistics in float64, in their order.
// With r the first block's shift, d = s - r, and n pixels in a block:
//
//   sum (X - r) = sum of n·d + sums;  sum (X - r)² = sum of squares + d·(2·sums + n·d)
//   mean = r + sum / N;  variance = (sum of squares - sum² / N) / N;  1 / std = 1 / sqrt(variance + Epsilon)
//
// For f32_batchnorm_apply, Y = (X - mean)·a + b with a = scale / std, b = bias - rest·a: `mean` is rounded to float32, and `rest`
// what that left, because features around 10,000 are only known to 0.0005. Running statistics as in PyTorch: old + Momentum·(new
// - old), the variance by N - 1.
//
// Two channels at a time; newMean may be oldMean, newVariance may be oldVariance. Reads may run 4 bytes past the last channel.

import { arg, argSplat } from '../math/simd.inline';
import { BatchNormMomentsArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';
import { loadDoubles, rounded, storeDoubles } from './doubles.inline';

export function f32_batchnorm_moments(pc: usize): void {
  const channels = arg(pc, BatchNormMomentsArg.Channels);
  const block = arg(pc, BatchNormMomentsArg.BlockPixels);
  share((channels + 1) / 2, <f32>(arg(pc, BatchNormMomentsArg.Pixels) / block) * 12);
  for (let c = 0; c < channels; c += 2) if (mine()) f32_batchnorm_moments_2(pc, c);
}

/** Channels `c` and `c` + 1. */
export function f32_batchnorm_moments_2(pc: usize, c: i32): void {
  const pixels = arg(pc, BatchNormMomentsArg.Pixels);
  const channels = arg(pc, BatchNormMomentsArg.Channels);
  const block = arg(pc, BatchNormMomentsArg.BlockPixels);
  const row = (<usize>((channels + 3) & ~3)) << 2;
  const at = (<usize>c) << 2;
  const count = channels - c;
  let p = <usize>arg(pc, BatchNormMomentsArg.Partials) + at;
  const first = loadDoubles(p);
  let sum = f64x2.splat(0);
  let squares = sum;
  for (let m = 0; m < pixels; m += block) {
    const d = f64x2.sub(loadDoubles(p), first);
    const nd = f64x2.mul(f64x2.splat(<f64>min(block, pixels - m)), d);
    const s = loadDoubles(p + row);
    sum = f64x2.add(sum, f64x2.add(nd, s));
    squares = f64x2.add(squares, f64x2.add(loadDoubles(p + 2 * row), f64x2.mul(d, f64x2.add(f64x2.add(s, s), nd))));
    p += 3 * row;
  }
  const n = f64x2.splat(<f64>pixels);
  const distance = f64x2.div(sum, n);
  const mean = f64x2.add(first, distance);
  // Not below 0 by rounding; NaN stays.
  const deviations = f64x2.pmax(f64x2.sub(squares, f64x2.mul(sum, distance)), f64x2.splat(0));
  const epsilon = f64x2.promote_low_f32x4(argSplat(pc, BatchNormMomentsArg.Epsilon));
  const invStd = f64x2.div(f64x2.splat(1), f64x2.sqrt(f64x2.add(f64x2.div(deviations, n), epsilon)));

  const high = rounded(mean);
  const rest = f64x2.sub(mean, f64x2.promote_low_f32x4(high));
  const means = <usize>arg(pc, BatchNormMomentsArg.Mean) + at;
  storeDoubles(means, mean, count);
  storeDoubles(means + ((<usize>channels) << 2), rest, count);
  storeDoubles(<usize>arg(pc, BatchNormMomentsArg.InvStd) + at, invStd, count);

  const factors = <usize>arg(pc, BatchNormMomentsArg.Factors) + at;
  const a = f64x2.mul(loadDoubles(<usize>arg(pc, BatchNormMomentsArg.Scale) + at), invStd);
  v128.store64_lane(factors, high, 0);
  v128.store64_lane(factors + row, rounded(a), 0);
  v128.store64_lane(
    factors + 2 * row,
    rounded(f64x2.sub(loadDoubles(<usize>arg(pc, BatchNormMomentsArg.Bias) + at), f64x2.mul(rest, a))),
    0,
  );

  const newMean = <usize>arg(pc, BatchNormMomentsArg.NewMean);
  if (newMean === 0) return;
  const variance = f64x2.div(deviations, f64x2.sub(n, f64x2.splat(1)));
  run(pc, newMean + at, <usize>arg(pc, BatchNormMomentsArg.OldMean) + at, mean, count);
  run(pc, <usize>arg(pc, BatchNormMomentsArg.NewVariance) + at, <usize>arg(pc, BatchNormMomentsArg.OldVariance) + at, variance, count);
}

/** A batch with NaN or infinities leaves a running statistic as it is, because it would never be a number again. */
function run(pc: usize, to: usize, from: usize, now: v128, count: i32): void {
  const momentum = f64x2.promote_low_f32x4(argSplat(pc, BatchNormMomentsArg.Momentum));
  const old = loadDoubles(from);
  const finite = f64x2.le(f64x2.abs(now), f64x2.splat(f32.MAX_VALUE));
  const moved = f64x2.add(old, f64x2.mul(momentum, f64x2.sub(now, old)));
  storeDoubles(to, v128.bitselect(moved, old, finite), count);
}
