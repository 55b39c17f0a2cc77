// The gradient of batch-norm, between the passes: adds up the partial sums of f32_batchnorm_gradient_sums in float64, in their
// order.
//
//   dBias = sum of G;  dScale = sum of G·(X - mean) / std
//   dX = (G - dBias / N - (X - mean) / std·dScale / N)·scale / std = G·a + (X - mean)·b + d
//
// `mean` has two parts, as f32_batchnorm_moments says. Two channels at a time. Reads may run 4 bytes past the last channel.

import { arg } from '../math/simd.inline';
import { BatchNormGradientFactorsArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';
import { loadDoubles, rounded, storeDoubles } from './doubles.inline';

export function f32_batchnorm_gradient_factors(pc: usize): void {
  const channels = arg(pc, BatchNormGradientFactorsArg.Channels);
  const block = arg(pc, BatchNormGradientFactorsArg.BlockPixels);
  share((channels + 1) / 2, <f32>(arg(pc, BatchNormGradientFactorsArg.Pixels) / block) * 8);
  for (let c = 0; c < channels; c += 2) if (mine()) f32_batchnorm_gradient_factors_2(pc, c);
}

/** Channels `c` and `c` + 1. */
export function f32_batchnorm_gradient_factors_2(pc: usize, c: i32): void {
  const pixels = arg(pc, BatchNormGradientFactorsArg.Pixels);
  const channels = arg(pc, BatchNormGradientFactorsArg.Channels);
  const block = arg(pc, BatchNormGradientFactorsArg.BlockPixels);
  const row = (<usize>((channels + 3) & ~3)) << 2;
  const at = (<usize>c) << 2;
  const count = channels - c;
  let p = <usize>arg(pc, BatchNormGradientFactorsArg.Partials) + at;
  let sum = f64x2.splat(0);
  let products = sum;
  for (let m = 0; m < pixels; m += block) {
    sum = f64x2.add(sum, loadDoubles(p));
    products = f64x2.add(products, loadDoubles(p + row));
    p += 2 * row;
  }
  const means = <usize>arg(pc, BatchNormGradientFactorsArg.Mean) + at;
  const rest = loadDoubles(means + ((<usize>channels) << 2));
  const invStd = loadDoubles(<usize>arg(pc, BatchNormGradientFactorsArg.InvStd) + at);
  const dScale = f64x2.mul(f64x2.sub(products, f64x2.mul(rest, sum)), invStd);
  storeDoubles(<usize>arg(pc, BatchNormGradientFactorsArg.ScaleGradient) + at, dScale, count);
  storeDoubles(<usize>arg(pc, BatchNormGradientFactorsArg.BiasGradient) + at, sum, count);

  const n = f64x2.splat(<f64>pixels);
  const a = f64x2.mul(loadDoubles(<usize>arg(pc, BatchNormGradientFactorsArg.Scale) + at), invStd);
  const b = f64x2.neg(f64x2.mul(f64x2.mul(a, invStd), f64x2.div(dScale, n)));
  const d = f64x2.neg(f64x2.add(f64x2.mul(a, f64x2.div(sum, n)), f64x2.mul(b, rest)));
  const factors = <usize>arg(pc, BatchNormGradientFactorsArg.Factors) + at;
  v128.store64_lane(factors, v128.load64_zero(means), 0);
  v128.store64_lane(factors + row, rounded(a), 0);
  v128.store64_lane(factors + 2 * row, rounded(b), 0);
  v128.store64_lane(factors + 3 * row, rounded(d), 0);
}
