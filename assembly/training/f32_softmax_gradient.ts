// The gradient of f32_softmax from what it gave, Y: dX = Y·(dY - sum over l of dY·Y); with Log dX = dY - e^Y·sum over l of dY.
//
//   value, gradient, output  row-major [Outer, Length, Inner] without gaps; output may be value or gradient
// With Inner 1 the vector runs along Length, otherwise along Inner; sums as in f32_softmax. Reads may run 12 bytes past the end.

import { exp } from '../math/exp.inline';
import { arg, storeLanes } from '../math/simd.inline';
import { SoftmaxGradientArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';
import { BLOCK, indexOf, totalOf } from './crossEntropy.inline';

export function f32_softmax_gradient(pc: usize): void {
  const outer = arg(pc, SoftmaxGradientArg.Outer);
  const length = arg(pc, SoftmaxGradientArg.Length);
  const inner = arg(pc, SoftmaxGradientArg.Inner);
  share(outer * ((inner + 3) >> 2), <f32>length * 6);
  let at: usize = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i += 4) {
      if (mine()) f32_softmax_gradient_unit(pc, at + ((<usize>i) << 2), min(4, inner - i));
    }
    at += (<usize>length * <usize>inner) << 2;
  }
}

/** A row, or `columns` neighbouring columns. */
export function f32_softmax_gradient_unit(pc: usize, at: usize, columns: i32): void {
  const length = arg(pc, SoftmaxGradientArg.Length);
  const inner = arg(pc, SoftmaxGradientArg.Inner);
  const logarithm = arg(pc, SoftmaxGradientArg.Log) !== 0;
  const across = inner > 1;
  const step = across ? 1 : 4;
  const stride = across ? (<usize>inner) << 2 : 16;
  const value = <usize>arg(pc, SoftmaxGradientArg.Value) + at;
  const gradient = <usize>arg(pc, SoftmaxGradientArg.Gradient) + at;
  const output = <usize>arg(pc, SoftmaxGradientArg.Output) + at;
  let sums = f32x4.splat(0);
  let place: usize = 0;
  for (let l = 0; l < length; ) {
    const end = min(length, l + BLOCK * step);
    let part = f32x4.splat(0);
    for (; l < end; l += step) {
      const dy = v128.load(gradient + place);
      const term = logarithm ? dy : f32x4.mul(dy, v128.load(value + place));
      part = f32x4.add(part, v128.and(term, i32x4.lt_s(indexOf(l, across), i32x4.splat(length))));
      place += stride;
    }
    sums = f32x4.add(sums, part);
  }
  sums = totalOf(sums, across);
  place = 0;
  for (let l = 0; l < length; l += step) {
    const y = v128.load(value + place);
    const dy = v128.load(gradient + place);
    const dx = logarithm ? f32x4.sub(dy, f32x4.mul(exp(y), sums)) : f32x4.mul(y, f32x4.sub(dy, sums));
    storeLanes(output + place, dx, across ? columns : length - l);
    place += stride;
  }
}
