// Y[p][c] = Table[X[p][c]]: any function of a byte. Bytes are as they are stored, nothing is flipped.
//
//   input, output  Pixels rows of Channels bytes, InPixelStride and OutPixelStride bytes apart; the output may be the input
//   table          256 bytes
// A tensor without gaps is one row.

import { arg } from '../math/simd.inline';
import { LookupArg } from '../opcodes-quantized';
import { mine, share } from '../threads.inline';

/** Bytes per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function u8_lookup(pc: usize): void {
  const pixels = arg(pc, LookupArg.Pixels);
  const channels = arg(pc, LookupArg.Channels);
  const table = <usize>arg(pc, LookupArg.Table);
  let input = <usize>arg(pc, LookupArg.Input);
  let output = <usize>arg(pc, LookupArg.Output);
  share(pixels * ((channels + BLOCK - 1) / BLOCK), <f32>min(BLOCK, channels));
  for (let m = 0; m < pixels; m++) {
    for (let c = 0; c < channels; c += BLOCK) {
      if (mine()) u8_lookup_row(table, min(BLOCK, channels - c), input + <usize>c, output + <usize>c);
    }
    input += <usize>arg(pc, LookupArg.InPixelStride);
    output += <usize>arg(pc, LookupArg.OutPixelStride);
  }
}

/** Looks up `count` bytes. */
export function u8_lookup_row(table: usize, count: i32, input: usize, output: usize): void {
  const end = input + <usize>count;
  // Four at a time: faster than swizzles of the table's sixteen vectors, and than words.
  for (; input + 4 <= end; input += 4) {
    store<u8>(output, load<u8>(table + <usize>load<u8>(input)));
    store<u8>(output, load<u8>(table + <usize>load<u8>(input, 1)), 1);
    store<u8>(output, load<u8>(table + <usize>load<u8>(input, 2)), 2);
    store<u8>(output, load<u8>(table + <usize>load<u8>(input, 3)), 3);
    output += 4;
  }
  for (; input < end; input++) {
    store<u8>(output, load<u8>(table + <usize>load<u8>(input)));
    output++;
  }
}
