// float16 (IEEE 754 binary16) to float32, in place and exactly: weights of compiled models, as they are loaded.
//
//   data   before: Count halves in the upper half of Count * 4 bytes; after: Count floats
//   Count  a multiple of 8
//
// Eight halves at a time are read before the eight floats are written, which never overlap halves that are still to be read.
// The exponent is rebiased by a multiplication with 2^112, which normalises subnormals too; infinities and NaN keep the
// largest exponent instead.

import { arg } from '../math/simd.inline';
import { WidenArg } from '../opcodes';
import { widen } from './widen.inline';

export function f16_widen(pc: usize): void {
  const count = <usize>arg(pc, WidenArg.Count);
  let output = <usize>arg(pc, WidenArg.Data);
  let input = output + (count << 1);
  const end = output + (count << 2);
  while (output < end) {
    const halves = v128.load(input);
    v128.store(output, widen(v128.extend_low<u16>(halves)));
    v128.store(output, widen(v128.extend_high<u16>(halves)), 16);
    input += 16;
    output += 32;
  }
}
