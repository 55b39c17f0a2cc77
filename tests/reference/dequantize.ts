import { array, at, indexOf, type NdArray, normalizeAxis, offsetOf } from './array.ts';

export interface DequantizeOptions {
  /** 1 where left out. */
  axis?: number;
  /** Neighbours along the axis that share a scale. */
  block?: number;
}

/** ONNX DequantizeLinear: (x - zero) · scale, index by index; one scale for all where `scale` is a single number. */
export function dequantize(x: NdArray, scale: NdArray, zero?: NdArray, { axis = 1, block = 0 }: DequantizeOptions = {}): NdArray {
  const y = array(x.dims);
  for (let i = 0; i < y.data.length; i++) {
    const index = indexOf(x.dims, i);
    let place = 0;
    if (block > 0) {
      const along = normalizeAxis(axis, x.dims.length);
      index[along] = Math.floor(at(index, along) / block);
      place = offsetOf(scale.dims, index);
    } else if (scale.data.length > 1) place = at(index, normalizeAxis(axis, x.dims.length));
    y.data[i] = (at(x.data, i) - (zero ? at(zero.data, place) : 0)) * at(scale.data, place);
  }
  return y;
}
