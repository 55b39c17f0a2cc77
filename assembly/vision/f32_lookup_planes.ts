// O[c][i] = T[c][I[i][c]], c = 0, 1, 2: bytes to the float32 that each stands for, and pixels to planes.
//
//   input   [pixels, channels], bytes, channels 3 or 4 (the fourth is skipped)
//   tables  [3, 256], float32
//   output  [3, pixels rounded up to 4], float32
// Four pixels at a time. Reads may run 15 bytes past the input. Output may not alias input.

import { lookup } from './lookup.inline';

export function f32_lookup_planes(input: usize, channels: usize, pixels: usize, tables: usize, output: usize): void {
  const blocks = (pixels + 3) >> 2;
  const plane = blocks << 4;
  const last = output + plane;
  for (; output < last; output += 16, input += channels << 2) {
    const p1 = input + channels;
    const p2 = p1 + channels;
    const p3 = p2 + channels;
    v128.store(output, lookup(tables, load<u8>(input), load<u8>(p1), load<u8>(p2), load<u8>(p3)));
    v128.store(output + plane, lookup(tables + 1024, load<u8>(input, 1), load<u8>(p1, 1), load<u8>(p2, 1), load<u8>(p3, 1)));
    v128.store(output + (plane << 1), lookup(tables + 2048, load<u8>(input, 2), load<u8>(p1, 2), load<u8>(p2, 2), load<u8>(p3, 2)));
  }
}
