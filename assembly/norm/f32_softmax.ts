// Y[o][l][i] = e^(X[o][l][i] - m) / sum over l of e^(X[o][l][i] - m), m = max over l of X[o][l][i]; with Log its logarithm,
// X[o][l][i] - m - log of that sum
//
//   input, output  row-major [Outer, Length, Inner] without gaps; output may be input
// With Inner 1 the vector runs along Length: four partial sums, added in the order (0 + 2) + (1 + 3). Otherwise along Inner.
// Sums of BLOCK vectors are added to each other, because the error of one long sum grows with its length. Reads may run 12
// bytes past the end; if the output is the input, what lies past a row has not been written yet.

import { exp } from '../math/exp.inline';
import { log } from '../math/functions';
import { arg, storeLanes } from '../math/simd.inline';
import { SoftmaxArg } from '../opcodes';
import { mine, share } from '../threads.inline';

const BLOCK: i32 = 64;
const LOWEST: f32 = -f32.MAX_VALUE * 2;

export function f32_softmax(pc: usize): void {
  const outer = arg(pc, SoftmaxArg.Outer);
  const length = arg(pc, SoftmaxArg.Length);
  const inner = arg(pc, SoftmaxArg.Inner);
  const logarithm = arg(pc, SoftmaxArg.Log) !== 0;
  const bytes = (<usize>length * <usize>inner) << 2;
  let input = <usize>arg(pc, SoftmaxArg.Input);
  let output = <usize>arg(pc, SoftmaxArg.Output);
  share(outer * ((inner + 3) >> 2), <f32>length * 8);
  for (let o = 0; o < outer; o++) {
    if (inner === 1) {
      if (mine()) f32_softmax_row(input, output, length, logarithm);
    } else {
      const stride = (<usize>inner) << 2;
      for (let i = 0; i < inner; i += 4) {
        const at = (<usize>i) << 2;
        if (mine()) f32_softmax_column_c4(input + at, output + at, length, stride, min(4, inner - i), logarithm);
      }
    }
    input += bytes;
    output += bytes;
  }
}

/** Computes a row of `length` contiguous elements. */
export function f32_softmax_row(input: usize, output: usize, length: i32, logarithm: bool): void {
  const whole = length & ~3;
  let highest = f32x4.splat(LOWEST);
  for (let i = 0; i < whole; i += 4) highest = f32x4.max(highest, v128.load(input + ((<usize>i) << 2)));
  for (let i = whole; i < length; i++) highest = f32x4.max(highest, v128.load32_splat(input + ((<usize>i) << 2)));
  highest = f32x4.max(highest, v128.shuffle<f32>(highest, highest, 2, 3, 0, 1));
  highest = f32x4.max(highest, v128.shuffle<f32>(highest, highest, 1, 0, 3, 2));

  let sums = f32x4.splat(0);
  for (let i = 0; i < whole; ) {
    const end = min(whole, i + BLOCK * 4);
    let part = f32x4.splat(0);
    for (; i < end; i += 4) {
      const at = (<usize>i) << 2;
      const x = f32x4.sub(v128.load(input + at), highest);
      const y = exp(x);
      v128.store(output + at, logarithm ? x : y);
      part = f32x4.add(part, y);
    }
    sums = f32x4.add(sums, part);
  }
  if (whole < length) {
    const at = (<usize>whole) << 2;
    const x = f32x4.sub(v128.load(input + at), highest);
    const y = exp(x);
    storeLanes(output + at, logarithm ? x : y, length - whole);
    // Lanes past the end do not change the sum.
    const past = i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(length - whole));
    sums = f32x4.add(sums, v128.andnot(y, past));
  }
  sums = f32x4.add(sums, v128.shuffle<f32>(sums, sums, 2, 3, 0, 1));
  sums = f32x4.add(sums, v128.shuffle<f32>(sums, sums, 1, 0, 3, 2));
  const logs = log(sums);
  for (let i = 0; i < length; i += 4) {
    const at = (<usize>i) << 2;
    const y = v128.load(output + at);
    storeLanes(output + at, logarithm ? f32x4.sub(y, logs) : f32x4.div(y, sums), length - i);
  }
}

/** Computes `count` (1 to 4) neighbouring columns of `length` elements, `stride` bytes apart. */
export function f32_softmax_column_c4(input: usize, output: usize, length: i32, stride: usize, count: i32, logarithm: bool): void {
  let highest = f32x4.splat(LOWEST);
  for (let l = 0; l < length; l++) highest = f32x4.max(highest, v128.load(input + <usize>l * stride));
  let sums = f32x4.splat(0);
  for (let l = 0; l < length; ) {
    const end = min(length, l + BLOCK);
    let part = f32x4.splat(0);
    for (; l < end; l++) {
      const x = f32x4.sub(v128.load(input + <usize>l * stride), highest);
      const y = exp(x);
      storeLanes(output + <usize>l * stride, logarithm ? x : y, count);
      part = f32x4.add(part, y);
    }
    sums = f32x4.add(sums, part);
  }
  const logs = log(sums);
  for (let l = 0; l < length; l++) {
    const at = output + <usize>l * stride;
    const y = v128.load(at);
    storeLanes(at, logarithm ? f32x4.sub(y, logs) : f32x4.div(y, sums), count);
  }
}
