// Cross-entropy of softmax(X) against a target T, per row r = (o, i) of X[o][l][i]:
//
//   L[r] = - sum over l of U[l]·log softmax(X)[l],  U[l] = W[l]·(Keep·T[l] + Spread)
//
//   input    float32 [Outer, Length, Inner] without gaps
//   labels   int32 [Outer, Inner]: T[l] is 1 where l is the label, else 0; or with Shares float32 [Outer, Length, Inner]: T
//   weights  W, float32 [Length]
//   sums     three float64 for each part of PartSize units: the sum of L, of the labels' weights (with Shares, the number of
//            rows), and how many rows have their greatest element where T has (the first of equals). A unit is a row if Inner
//            is 1, else four neighbouring columns
// Rows whose label is Ignore count nowhere. A label outside the row reads nothing outside, because labels are compared, not
// used as addresses. Sums over a row are as in f32_softmax, sums over rows are float64. A logit of -infinity without a share
// in the target adds nothing. Reads may run 12 bytes past the end.

import { exp } from '../math/exp.inline';
import { log } from '../math/functions';
import { arg, argSplat } from '../math/simd.inline';
import { CrossEntropyArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';
import {
  addLanes,
  BLOCK,
  firstOf,
  greatestOf,
  highestOf,
  indexOf,
  LOWEST,
  labelsOf,
  lanesOf,
  loadInside,
  offsetOf,
  targetOf,
  totalOf,
  unitsOf,
} from './crossEntropy.inline';

export function f32_cross_entropy(pc: usize): void {
  const units = unitsOf(pc);
  const size = arg(pc, CrossEntropyArg.PartSize);
  const width = arg(pc, CrossEntropyArg.Inner) === 1 ? 2 : 8;
  share((units + size - 1) / size, <f32>size * <f32>arg(pc, CrossEntropyArg.Length) * <f32>width);
  let sums = <usize>arg(pc, CrossEntropyArg.Sums);
  for (let unit = 0; unit < units; unit += size) {
    if (mine()) {
      memory.fill(sums, 0, 24);
      for (let i = unit; i < min(units, unit + size); i++) f32_cross_entropy_unit(pc, i, sums);
    }
    sums += 24;
  }
}

/** Adds a row, or up to four neighbouring columns, to the three sums. */
export function f32_cross_entropy_unit(pc: usize, unit: i32, sums: usize): void {
  const length = arg(pc, CrossEntropyArg.Length);
  const inner = arg(pc, CrossEntropyArg.Inner);
  const shares = arg(pc, CrossEntropyArg.Shares) !== 0;
  const across = inner > 1;
  const step = across ? 1 : 4;
  const stride = across ? (<usize>inner) << 2 : 16;
  const at = offsetOf(pc, unit);
  const input = <usize>arg(pc, CrossEntropyArg.Input) + at;
  const shareAt = <usize>arg(pc, CrossEntropyArg.Labels) + at;
  const weights = <usize>arg(pc, CrossEntropyArg.Weights);
  const labels = labelsOf(pc, unit, shares);
  const keep = argSplat(pc, CrossEntropyArg.Keep);
  const spread = argSplat(pc, CrossEntropyArg.Spread);
  const none = f32x4.splat(0);
  const past = i32x4.splat(i32.MAX_VALUE);

  const highest = highestOf(input, length, stride, across);
  let exps = none;
  let parts = none;
  let all = none;
  let weight = none;
  let predicted = past;
  let most = f32x4.splat(LOWEST);
  let wanted = past;
  let from = input;
  let shareFrom = shareAt;
  for (let l = 0; l < length; ) {
    const end = min(length, l + BLOCK * step);
    let blockExps = none;
    let blockParts = none;
    let blockAll = none;
    for (; l < end; l += step) {
      const index = indexOf(l, across);
      const inside = i32x4.lt_s(index, i32x4.splat(length));
      const x = loadInside(from, inside);
      const d = f32x4.sub(x, highest);
      const w = across ? v128.load32_splat(weights + ((<usize>l) << 2)) : v128.load(weights + ((<usize>l) << 2));
      const t = targetOf(shareFrom, index, labels, shares);
      const u = v128.and(f32x4.mul(w, f32x4.add(f32x4.mul(t, keep), spread)), inside);
      blockExps = f32x4.add(blockExps, exp(d));
      blockParts = f32x4.add(blockParts, v128.and(f32x4.mul(u, d), f32x4.ne(u, none)));
      blockAll = f32x4.add(blockAll, u);
      predicted = i32x4.min_s(predicted, v128.bitselect(index, past, f32x4.eq(x, highest)));
      if (shares) {
        const better = v128.and(f32x4.gt(t, most), inside);
        most = v128.bitselect(t, most, better);
        wanted = v128.bitselect(index, wanted, better);
      } else {
        weight = v128.or(weight, v128.and(w, v128.and(i32x4.eq(index, labels), inside)));
      }
      from += stride;
      shareFrom += stride;
    }
    exps = f32x4.add(exps, blockExps);
    parts = f32x4.add(parts, blockParts);
    all = f32x4.add(all, blockAll);
  }
  const logs = log(totalOf(exps, across));
  const loss = f32x4.sub(f32x4.mul(totalOf(all, across), logs), totalOf(parts, across));
  predicted = firstOf(predicted, across);
  if (shares) {
    wanted = firstOf(v128.bitselect(wanted, past, f32x4.eq(most, greatestOf(most, across))), across);
    weight = f32x4.splat(1);
  } else {
    wanted = labels;
    weight = totalOf(weight, across);
  }
  const counts = v128.andnot(
    lanesOf(pc, unit),
    v128.and(i32x4.eq(labels, argSplat(pc, CrossEntropyArg.Ignore)), i32x4.splat(shares ? 0 : -1)),
  );
  addLanes(sums, v128.and(loss, counts));
  addLanes(sums + 8, v128.and(weight, counts));
  addLanes(sums + 16, v128.and(f32x4.splat(1), v128.and(counts, i32x4.eq(predicted, wanted))));
}
