import { LookupArg } from '../../assembly/opcodes-quantized.ts';
import { product } from '../graph/dims.ts';
import { elementBytes } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import type { Args, Place } from '../plan/place.ts';

/**
 * The words that instructions over rows of contiguous elements begin with (Quantize, Dequantize and Lookup have the same), for two
 * tensors of one shape and layout: one row if neither has gaps.
 */
export function rowArgs({ type, dims }: Value, input: Place, to: Value, output: Place): Args {
  const [, channels = 1] = dims;
  const [inStride, outStride] = [input.pixelStride, output.pixelStride];
  const dense = inStride === channels * elementBytes(type) && outStride === channels * elementBytes(to.type);
  const all = product(dims);
  const single = dense || input.layout === 'rowMajor';
  return {
    [LookupArg.Input]: input.pointer,
    [LookupArg.Output]: output.pointer,
    [LookupArg.Pixels]: single ? 1 : all / channels,
    [LookupArg.Channels]: single ? all : channels,
    [LookupArg.InPixelStride]: single ? 0 : inStride,
    [LookupArg.OutPixelStride]: single ? 0 : outStride,
  };
}
