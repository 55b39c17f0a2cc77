import type { DataType } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { numberOf } from './scales.ts';

/** How bytes stand for numbers: (byte - zero) * scale. */
export interface Quantization {
  readonly type: DataType;
  readonly scale: number;
  readonly zero: number;
}

/** The quantization of a value by constant scale and zero point. */
export const quantizationOf = (type: DataType, scale: Value | undefined, zero: Value | undefined): Quantization => ({
  type,
  scale: numberOf(scale),
  zero: numberOf(zero),
});

/** What the byte stands for whose bits are those of `i`, 0 to 255. */
export const numberAt = (i: number, from: Quantization): number => dequantized(from.type === 'int8' ? (i << 24) >> 24 : i, from);

/** DequantizeLinear of one number, rounded as the kernels round it. */
export const dequantized = (x: number, { scale, zero }: Quantization): number => Math.fround(Math.fround(x - zero) * scale);
