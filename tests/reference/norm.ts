import { array, at, type NdArray, sizeOf } from './array.ts';

export interface BatchNormalizationOptions {
  /** [N, C] or [N, C, ...]. */
  x: NdArray;
  /** [C], as are bias, mean and variance. */
  scale: NdArray;
  bias: NdArray;
  mean: NdArray;
  variance: NdArray;
  /** 1e-5 where left out. */
  epsilon?: number;
}

/** ONNX BatchNormalization, inference: y = (x - mean) / sqrt(variance + epsilon) * scale + bias, with one value of each per channel. */
export function batchNormalization({ x, scale, bias, mean, variance, epsilon = 1e-5 }: BatchNormalizationOptions): NdArray {
  if (x.dims.length < 2) throw new Error(`x has dims [${x.dims}], not [N, C, ...]`);
  const channels = at(x.dims, 1);
  const size = sizeOf(x.dims.slice(2));
  const y = array(x.dims);
  for (let i = 0; i < x.data.length; i++) {
    const c = Math.floor(i / size) % channels;
    const normalized = (at(x.data, i) - at(mean.data, c)) / Math.sqrt(at(variance.data, c) + epsilon);
    y.data[i] = normalized * at(scale.data, c) + at(bias.data, c);
  }
  return y;
}
