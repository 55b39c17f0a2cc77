import { product } from '../graph/dims.ts';
import { elementBytes } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import type { Place } from '../plan/place.ts';

/** Two tensors of one shape and layout as rows of contiguous elements: one row if neither has gaps. */
export function rowsOf(
  { type, dims }: Value,
  input: Place,
  to: Value,
  output: Place,
): { pixels: number; channels: number; inStride: number; outStride: number } {
  const [, channels = 1] = dims;
  const [inStride, outStride] = [input.pixelStride, output.pixelStride];
  const dense = inStride === channels * elementBytes(type) && outStride === channels * elementBytes(to.type);
  const all = product(dims);
  if (dense || input.layout === 'rowMajor') return { pixels: 1, channels: all, inStride: 0, outStride: 0 };
  return { pixels: all / channels, channels, inStride, outStride };
}
