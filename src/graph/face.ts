// A model's face: the types of inputs and outputs in its file, where the model computes in others.

import { float16Array, toFloat16, widenHalves } from './halves.ts';
import { type DataType, Tensor, type TensorType, type TypedArray } from './tensor.ts';

/** @param narrow whether float64 at the face is float32 inside */
export const insideType = (type: TensorType, narrow: boolean): DataType =>
  type === 'float16' || (narrow && type === 'float64') ? 'float32' : type;

export function inside({ type, data, dims }: Tensor, narrow = false): Tensor<DataType> {
  const to = insideType(type, narrow);
  let numbers = data as TypedArray;
  if (type === 'float16') numbers = widenHalves(type, new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.length));
  else if (to !== type) numbers = Float32Array.from(data as Float64Array);
  return new Tensor(to, numbers as never, dims);
}

/** @param type the element type at the face */
export function outside(tensor: Tensor, type: TensorType, narrow: boolean): Tensor {
  if (tensor.type === type || tensor.type !== insideType(type, narrow)) return tensor;
  const data = tensor.data as Float32Array;
  return new Tensor(type, (type === 'float16' ? float16Array(toFloat16(data)) : Float64Array.from(data)) as never, tensor.dims);
}

/**
 * A tensor's numbers in float32: float16 exactly, whichever array the engine stores it in; other types rounded.
 * @param tensor of any type
 * @throws LanewiseError INVALID_INPUT for what is no tensor
 * @example
 * import { Tensor, toFloat32 } from 'lanewise';
 * import { topK } from 'lanewise/vision';
 *
 * const logits = new Tensor('float16', [0.5, 2, 1]); // as a model gives whose file says float16
 * topK(toFloat32(logits).data, 1); // [{ index: 1, value: 2 }]
 */
export function toFloat32(tensor: Tensor): Tensor<'float32'> {
  const { data, dims } = inside(new Tensor(tensor?.type, tensor?.data, tensor?.dims));
  return new Tensor('float32', Float32Array.from(data as ArrayLike<number>, Number), dims);
}
