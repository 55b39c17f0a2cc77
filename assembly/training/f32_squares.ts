// Sums of squares of SQUARES_BLOCK elements each, in float64, in which squares of floats are exact:
//
//   output[b] = Σ input[i]² over block b, in four sums that meet at the end
//
//   input   Count floats without gaps
//   output  ⌈Count / SQUARES_BLOCK⌉ float64
// Reads may run 12 bytes past the end.

import { arg } from '../math/simd.inline';
import { SQUARES_BLOCK, SquaresArg } from '../opcodes-training-updates';
import { mine, share } from '../threads.inline';

export function f32_squares(pc: usize): void {
  const count = arg(pc, SquaresArg.Count);
  const input = <usize>arg(pc, SquaresArg.Input);
  const output = <usize>arg(pc, SquaresArg.Output);
  const blocks = (count + SQUARES_BLOCK - 1) / SQUARES_BLOCK;
  share(blocks, <f32>min(SQUARES_BLOCK, count));
  for (let b = 0; b < blocks; b++) {
    const from = b * SQUARES_BLOCK;
    if (mine()) f32_squares_block(input + ((<usize>from) << 2), output + ((<usize>b) << 3), min(SQUARES_BLOCK, count - from));
  }
}

export function f32_squares_block(input: usize, output: usize, count: i32): void {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const whole = count & ~3;
  for (let i = 0; i < whole; i += 4) {
    const x = v128.load(input + ((<usize>i) << 2));
    const a = f64x2.promote_low_f32x4(x);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const both = f64x2.add(low, high);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (let i = whole; i < count; i++) {
    const x = <f64>load<f32>(input + ((<usize>i) << 2));
    sum += x * x;
  }
  store<f64>(output, sum);
}
