import { array, at, type NdArray, normalizeAxis, sizeOf } from './array.ts';
import { flatten } from './shape.ts';

/**
 * ONNX Softmax, opset 13 on: exp(x) / the sum of exp(x) along one axis.
 * The largest element is taken off first: the quotient stays the same, and exp cannot overflow.
 */
export function softmax(x: NdArray, axis = -1): NdArray {
  const along = normalizeAxis(axis, x.dims.length);
  const length = at(x.dims, along);
  const stride = sizeOf(x.dims.slice(along + 1));
  const y = array(x.dims);
  for (let start = 0; start < x.data.length; start++) {
    // Each line is handled once, from its first element.
    if (Math.floor(start / stride) % length !== 0) continue;
    let max = -Infinity;
    for (let i = 0; i < length; i++) max = Math.max(max, at(x.data, start + i * stride));
    let sum = 0;
    for (let i = 0; i < length; i++) sum += Math.exp(at(x.data, start + i * stride) - max);
    for (let i = 0; i < length; i++) y.data[start + i * stride] = Math.exp(at(x.data, start + i * stride) - max) / sum;
  }
  return y;
}

/** ONNX Softmax before opset 13: x is seen as a matrix, split at `axis` as by Flatten, and each of its rows sums to 1. */
export function softmaxBefore13(x: NdArray, axis = 1): NdArray {
  const rows = softmax(flatten(x, normalizeAxis(axis, x.dims.length)), 1);
  return array(x.dims, rows.data);
}
