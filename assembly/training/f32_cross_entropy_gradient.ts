// The gradient of f32_cross_entropy for its input, times a number: G / N·(sum of U · softmax(X) - U), 0 where the label is
// Ignore.
//
//   the first arguments are those of f32_cross_entropy
//   total     N, gradient  G: one float32 each
//   output    as the input; output may be input
// Sums and reads as there.

import { exp } from '../math/exp.inline';
import { arg, argSplat, storeLanes } from '../math/simd.inline';
import { CrossEntropyArg, CrossEntropyGradientArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';
import { BLOCK, columnsOf, highestOf, indexOf, labelsOf, loadInside, offsetOf, shared, totalOf, unitsOf } from './crossEntropy.inline';

export function f32_cross_entropy_gradient(pc: usize): void {
  const units = unitsOf(pc);
  share(units, <f32>arg(pc, CrossEntropyArg.Length) * (arg(pc, CrossEntropyArg.Inner) === 1 ? 2 : 8));
  for (let unit = 0; unit < units; unit++) if (mine()) f32_cross_entropy_gradient_unit(pc, unit);
}

/** A row, or up to four neighbouring columns. */
export function f32_cross_entropy_gradient_unit(pc: usize, unit: i32): void {
  const length = arg(pc, CrossEntropyArg.Length);
  const inner = arg(pc, CrossEntropyArg.Inner);
  const shares = arg(pc, CrossEntropyArg.Shares) !== 0;
  const across = inner > 1;
  const step = across ? 1 : 4;
  const stride = across ? (<usize>inner) << 2 : 16;
  const at = offsetOf(pc, unit);
  const input = <usize>arg(pc, CrossEntropyArg.Input) + at;
  const output = <usize>arg(pc, CrossEntropyGradientArg.Output) + at;
  const shareAt = <usize>arg(pc, CrossEntropyArg.Labels) + at;
  const weights = <usize>arg(pc, CrossEntropyArg.Weights);
  const labels = labelsOf(pc, unit, shares);
  const columns = across ? columnsOf(pc, unit) : 4;
  const keep = argSplat(pc, CrossEntropyArg.Keep);
  const spread = argSplat(pc, CrossEntropyArg.Spread);
  const none = f32x4.splat(0);

  const highest = highestOf(input, length, stride, across);
  let exps = none;
  let all = none;
  let place: usize = 0;
  for (let l = 0; l < length; ) {
    const end = min(length, l + BLOCK * step);
    let blockExps = none;
    let blockAll = none;
    for (; l < end; l += step) {
      const index = indexOf(l, across);
      const inside = i32x4.lt_s(index, i32x4.splat(length));
      const e = exp(f32x4.sub(loadInside(input + place, inside), highest));
      const u = v128.and(shared(weights, shareAt + place, l, index, labels, shares, across, keep, spread), inside);
      storeLanes(output + place, e, across ? columns : length - l);
      blockExps = f32x4.add(blockExps, e);
      blockAll = f32x4.add(blockAll, u);
      place += stride;
    }
    exps = f32x4.add(exps, blockExps);
    all = f32x4.add(all, blockAll);
  }
  const factor = f32x4.div(totalOf(all, across), totalOf(exps, across));
  const scale = f32x4.div(
    v128.load32_splat(<usize>arg(pc, CrossEntropyGradientArg.Gradient)),
    v128.load32_splat(<usize>arg(pc, CrossEntropyGradientArg.Total)),
  );
  const ignored = v128.and(i32x4.eq(labels, argSplat(pc, CrossEntropyArg.Ignore)), i32x4.splat(shares ? 0 : -1));
  place = 0;
  for (let l = 0; l < length; l += step) {
    const u = shared(weights, shareAt + place, l, indexOf(l, across), labels, shares, across, keep, spread);
    const y = f32x4.mul(f32x4.sub(f32x4.mul(v128.load(output + place), factor), u), scale);
    storeLanes(output + place, v128.andnot(y, ignored), across ? columns : length - l);
    place += stride;
  }
}
