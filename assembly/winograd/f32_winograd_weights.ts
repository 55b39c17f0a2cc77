// The weight transform of Winograd's convolution: U = G g Gᵀ, once at load.
//
//   input   panels of gemm/f32_pack_panels, [8 biases] then [taps y][taps x][C][8]
//   output  panels [8 biases] then [points y][points x][C][8]
// Eight filters at a time, one channel after the other.

import { arg } from '../math/simd.inline';
import { WinogradWeightsArg } from '../opcodes';
import { A, B, pair } from './transforms.inline';

export function f32_winograd_weights(pc: usize): void {
  const panels = arg(pc, WinogradWeightsArg.Panels);
  const points = arg(pc, WinogradWeightsArg.Points);
  const taps = arg(pc, WinogradWeightsArg.Taps);
  const scratch = <usize>arg(pc, WinogradWeightsArg.Scratch);
  const rowBytes = (<usize>arg(pc, WinogradWeightsArg.Channels)) << 5;
  let input = <usize>arg(pc, WinogradWeightsArg.Input);
  let output = <usize>arg(pc, WinogradWeightsArg.Output);
  for (let panel = 0; panel < panels; panel++) {
    memory.copy(output, input, 32);
    for (let at: usize = 32; at < 32 + rowBytes; at += 16) {
      for (let x: usize = 0; x < <usize>taps; x++) {
        points1d(points, taps, input + at + x * rowBytes, rowBytes * <usize>taps, scratch + (x << 4), (<usize>taps) << 4);
      }
      for (let y: usize = 0; y < <usize>points; y++) {
        points1d(points, taps, scratch + ((y * <usize>taps) << 4), 16, output + at + y * rowBytes * <usize>points, rowBytes);
      }
    }
    input += 32 + rowBytes * <usize>(taps * taps);
    output += 32 + rowBytes * <usize>(points * points);
  }
}

/** Taps to points: Σ pᵏ w[k] over the product of the point's distances to the others; the last tap is the point at infinity. */
function points1d(points: i32, taps: i32, from: usize, stride: usize, to: usize, toStride: usize): void {
  const w0 = v128.load(from);
  const w1 = v128.load(from + stride);
  const w2 = v128.load(from + stride * 2);
  let last = w2;
  v128.store(to, w0);
  to += toStride;
  if (points === 4) {
    pair(f32x4.add(w0, w2), w1, 0.5, to, toStride);
    to += toStride * 2;
  } else {
    const squareA = f32x4.splat(A * A);
    const squareB = f32x4.splat(B * B);
    let evenA = f32x4.mul(w2, squareA);
    let evenB = f32x4.mul(w2, squareB);
    let oddA = w1;
    let oddB = w1;
    if (taps === 5) {
      const w3 = v128.load(from + stride * 3);
      last = v128.load(from + stride * 4);
      evenA = f32x4.mul(f32x4.add(w2, f32x4.mul(last, squareA)), squareA);
      evenB = f32x4.mul(f32x4.add(w2, f32x4.mul(last, squareB)), squareB);
      oddA = f32x4.add(w1, f32x4.mul(w3, squareA));
      oddB = f32x4.add(w1, f32x4.mul(w3, squareB));
    }
    pair(f32x4.add(w0, evenA), f32x4.mul(oddA, f32x4.splat(A)), -1.0 / 1.5, to, toStride);
    to += toStride * 2;
    pair(f32x4.add(w0, evenB), f32x4.mul(oddB, f32x4.splat(B)), 1.0 / 6.0, to, toStride);
    to += toStride * 2;
  }
  v128.store(to, last);
}
