// The scale and the zero point of ONNX's DynamicQuantizeLinear: with the least number l <= 0 and the greatest h >= 0,
// scale = (h - l) / 255, or 1 if all are 0, and zero point = round(-l / scale), to even, at most 255. NaN counts as nothing.
// Infinities, and ranges whose scale is 0, have the zero point 255 where -l / scale is NaN.
//
//   input     Count numbers without gaps
//   partials  the least and the greatest number of every RANGE_PART numbers: the first instruction writes, the second reads them
// Reads may run 12 bytes past the input.

import { arg } from '../math/simd.inline';
import { RANGE_PART, RangeArg } from '../opcodes-quantized';
import { mine, share } from '../threads.inline';

export function f32_range(pc: usize): void {
  const count = arg(pc, RangeArg.Count);
  const parts = (count + RANGE_PART - 1) / RANGE_PART;
  const last = arg(pc, RangeArg.Scale) !== 0;
  share(last ? 1 : parts, <f32>(RANGE_PART >> 2));
  if (last) {
    if (mine()) finish(pc, parts);
    return;
  }
  const input = <usize>arg(pc, RangeArg.Input);
  const partials = <usize>arg(pc, RangeArg.Partials);
  for (let i = 0; i < parts; i++) {
    const from = i * RANGE_PART;
    if (mine()) f32_range_part(input + ((<usize>from) << 2), min(RANGE_PART, count - from), partials + ((<usize>i) << 3));
  }
}

/** The least and the greatest of `count` numbers and 0. */
export function f32_range_part(input: usize, count: i32, output: usize): void {
  let low = f32x4.splat(0);
  let high = low;
  for (let i = 0; i < count; i += 4) {
    let x = v128.load(input + ((<usize>i) << 2));
    if (count - i < 4) {
      // Lanes past the end count as nothing.
      const rest = i32x4.splat(count - i);
      x = v128.and(x, i32x4.lt_s(i32x4(0, 1, 2, 3), rest));
    }
    // The second operand is taken only if the comparison holds, which it does not for NaN.
    low = f32x4.pmin(low, x);
    high = f32x4.pmax(high, x);
  }
  low = f32x4.pmin(low, v128.shuffle<i32>(low, low, 2, 3, 0, 1));
  high = f32x4.pmax(high, v128.shuffle<i32>(high, high, 2, 3, 0, 1));
  store<f32>(output, min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)));
  store<f32>(output, max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)), 4);
}

function finish(pc: usize, parts: i32): void {
  const partials = <usize>arg(pc, RangeArg.Partials);
  let low: f32 = 0;
  let high: f32 = 0;
  for (let i = 0; i < parts; i++) {
    const at = partials + ((<usize>i) << 3);
    low = min(low, load<f32>(at));
    high = max(high, load<f32>(at, 4));
  }
  const scale: f32 = low === high ? 1 : (high - low) / 255;
  const zero = -low / scale;
  store<f32>(<usize>arg(pc, RangeArg.Scale), scale);
  // 255 for NaN, too.
  store<u8>(<usize>arg(pc, RangeArg.Zero), zero < 255 ? <u8>nearest(zero) : 255);
}
