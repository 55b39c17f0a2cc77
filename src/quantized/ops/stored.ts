import { QuantizedConvArg, QuantizedType } from '../../../assembly/opcodes-quantized.ts';
import type { Value } from '../../graph/value.ts';
import { type Clamped, clampWords } from '../../ops/elementwise/clamp.ts';
import type { Lowering } from '../../ops/operator.ts';
import type { Args, Pointer } from '../../plan/place.ts';
import { rangeOf } from '../rounding.ts';
import { flipOf, numberOf, unsigned } from '../scales.ts';

/** What sums are multiplied by: float32 numbers in memory, one, or one for each column. */
const scaleWords = (pointer: Pointer, single: boolean): Args => ({
  [QuantizedConvArg.Scale]: pointer,
  [QuantizedConvArg.ScaleStep]: single ? 0 : 4,
});

/**
 * How the sums of a convolution or a product are stored as bytes: multiplied by scales, one or one for each column, plus `zero`,
 * within `range`.
 */
export function storedBytes(
  lowering: Lowering,
  { type }: Value,
  zero: Value | undefined,
  scales: Float32Array,
  [low, high] = rangeOf(type),
): Args {
  return {
    ...scaleWords(lowering.table(scales), scales.length === 1),
    [QuantizedConvArg.Type]: QuantizedType.Byte,
    [QuantizedConvArg.OutFlip]: flipOf(type),
    [QuantizedConvArg.OutZero]: unsigned(numberOf(zero), type),
    [QuantizedConvArg.Min]: unsigned(low, type),
    [QuantizedConvArg.Max]: unsigned(high, type),
  };
}

/** How they are stored as float32: multiplied, plus `shift`, clamped. @param single whether one scale serves all columns */
export function storedFloats(scale: Pointer, single: boolean, clamped: Clamped = {}, shift: Pointer | 0 = 0): Args {
  const [min, max] = clampWords(clamped);
  return {
    ...scaleWords(scale, single),
    [QuantizedConvArg.Type]: QuantizedType.Float32,
    [QuantizedConvArg.Shift]: shift,
    [QuantizedConvArg.FloatMin]: min,
    [QuantizedConvArg.FloatMax]: max,
  };
}
