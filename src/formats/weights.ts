import { isOptions, kindOf, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import type { Constant, Packed } from '../graph/graph.ts';
import { fitsFloat16, toFloat16 } from '../graph/halves.ts';
import { formatDims, isTensorType, type Tensor, type TensorType, type TypedArray, tensorArrays } from '../graph/tensor.ts';
import { bytesPerElement, countOf, isPacked, type StoredType } from './bytes.ts';

/**
 * How the writers store float32 weights: as they are, or in half the space as float16, rounded to the nearest, ties to even.
 *
 * 'f16' takes the tensors of two or more dimensions and more than 16 elements: the kernels of convolutions and the matrices,
 * where the space is. Vectors (biases, batch norms) stay float32, and so does a tensor with a finite number that float16
 * does not hold (from 65520 on), so that nothing becomes infinite.
 */
export type Weights = 'f32' | 'f16';

/** File names of PyTorch's checkpoints, pytorch_model.bin among them. */
export const isCheckpoint = (name: string): boolean => /\.(pth|pt|ckpt|bin)$/i.test(name);

/** What PyTorch keeps beside the statistics of a batch-norm; inference does not need it. */
export const isCounter = (name: string): boolean => name.endsWith('.num_batches_tracked');

export const isWeights = (weights: unknown): weights is Weights => weights === 'f32' || weights === 'f16';

/** @throws LanewiseError INVALID_INPUT */
export function checkWeights(weights: unknown): asserts weights is Weights {
  if (!isWeights(weights)) throw new LanewiseError('INVALID_INPUT', `weights are 'f32' or 'f16', got ${shown(weights)}`);
}

/** A tensor to write: from a graph or a file, or a `Tensor`. */
export type Writable = Constant | Pick<Tensor, 'type' | 'dims' | 'data'> | Pick<Constant, 'type' | 'dims' | 'read'>;

type Described = Pick<Writable, 'type' | 'dims'>;

/** A tensor's number of elements, checked, because a caller may have built it. @throws LanewiseError INVALID_INPUT */
function checkedCount(label: string, tensor: Described): number {
  if (!isOptions(tensor)) throw new LanewiseError('INVALID_INPUT', `${label} is a tensor, got ${shown(tensor)}`);
  const { type, dims } = tensor;
  if (!isTensorType(type)) throw new LanewiseError('INVALID_INPUT', `${label} has the unknown element type ${shown(type)}`);
  const count = Array.isArray(dims) ? countOf(dims) : NaN;
  if (Number.isNaN(count)) throw new LanewiseError('INVALID_INPUT', `${label} of ${type} has no valid shape: ${shown(dims)}`);
  return count;
}

/** The elements, checked likewise. @throws LanewiseError INVALID_INPUT */
function elements(label: string, tensor: Writable): TypedArray<TensorType> {
  const count = checkedCount(label, tensor);
  const { type, dims } = tensor;
  const data: unknown = 'data' in tensor ? tensor.data : typeof tensor.read === 'function' ? tensor.read() : undefined;
  const { name } = tensorArrays[type];
  if (kindOf(data) !== name || (data as TypedArray).length !== count) {
    const got = ArrayBuffer.isView(data) ? `${shown(data)} of ${(data as TypedArray).length}` : shown(data);
    throw new LanewiseError('INVALID_INPUT', `${label} of ${type} ${formatDims(dims)} takes a ${name} of ${count}, got ${got}`);
  }
  return data as TypedArray<TensorType>;
}

/** The type to store a tensor in. Reads the tensor only if that decides. @throws LanewiseError INVALID_INPUT */
export function storedAs(label: string, tensor: Writable, weights: Weights): StoredType {
  const count = checkedCount(label, tensor);
  const { type, dims } = tensor;
  const candidate = count > 16 && weights === 'f16' && type === 'float32' && dims.length >= 2;
  return candidate && fitsFloat16(elements(label, tensor) as Float32Array) ? 'float16' : type;
}

/** How many bytes a tensor takes, without reading it. @throws LanewiseError INVALID_INPUT */
export const storedSize = (label: string, tensor: Described, stored: StoredType): number =>
  Math.ceil(checkedCount(label, tensor) * bytesPerElement(stored));

/** The elements as bytes of a file: little-endian, as on every engine with WebAssembly. */
export function storedBytes(label: string, tensor: Writable, stored: StoredType): Uint8Array {
  const data = elements(label, tensor);
  if (isPacked(stored)) return joinedBytes(label, data as Int8Array, stored);
  const array = stored === 'float16' && tensor.type === 'float32' ? toFloat16(data as Float32Array) : data;
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Integers of 4 or 2 bits, the first one in a byte's lowest bits. @throws LanewiseError INVALID_INPUT if one does not fit */
function joinedBytes(label: string, data: ArrayLike<number>, stored: Packed): Uint8Array {
  const bits = Number(stored.slice(-1));
  const each = 8 / bits;
  const count = 2 ** bits;
  const least = stored[0] === 'u' ? 0 : -count / 2;
  const bytes = new Uint8Array(Math.ceil(data.length / each));
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    if (!(x >= least && x < least + count))
      throw new LanewiseError('INVALID_INPUT', `${label} has ${shown(x)}, which ${stored} does not hold`);
    const at = Math.floor(i / each);
    bytes[at] = (bytes[at] as number) | ((x & (count - 1)) << (bits * (i % each)));
  }
  return bytes;
}
