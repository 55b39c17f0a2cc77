// Parts of tensors, and tensors joined from parts, on the host.

import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { insideType } from '../graph/face.ts';
import { arrayTypes, formatDims, Tensor, type TypedArray } from '../graph/tensor.ts';

/** Elements `from` to `to` along an axis. */
export function part(tensor: Tensor, axis: number, from: number, to: number): Tensor {
  const { type, dims, data } = tensor;
  const [size = 1, inner] = [dims[axis], product(dims.slice(axis + 1))];
  const outer = product(dims.slice(0, axis));
  const length = (to - from) * inner;
  const result = new arrayTypes[insideType(type, false)](outer * length);
  for (let i = 0; i < outer; i++) {
    const start = (i * size + from) * inner;
    result.set((data as Float32Array).subarray(start, start + length) as never, i * length);
  }
  return new Tensor(type, result as never, [...dims.slice(0, axis), to - from, ...dims.slice(axis + 1)]);
}

/** Drops an axis whose length is 1. */
export const withoutAxis = ({ type, data, dims }: Tensor, axis: number): Tensor => new Tensor(type, data as never, dims.toSpliced(axis, 1));

/** Adds an axis of length 1. */
export const withAxis = ({ type, data, dims }: Tensor, axis: number): Tensor => new Tensor(type, data as never, dims.toSpliced(axis, 0, 1));

/**
 * Joins tensors along an axis that they have.
 * @throws LanewiseError INVALID_INPUT if they do not fit each other
 */
export function joined(title: string, tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  if (!first) throw new LanewiseError('INVALID_INPUT', `${title} joins no tensors, which have no type`);
  const { type, dims } = first;
  const shape = (list: readonly number[]) => list.toSpliced(axis, 1).join();
  const odd = tensors.find((tensor) => tensor.type !== type || tensor.dims.length !== dims.length || shape(tensor.dims) !== shape(dims));
  if (odd) {
    const [one, other] = [first, odd].map((tensor) => `${tensor.type} ${formatDims(tensor.dims)}`);
    throw new LanewiseError('INVALID_INPUT', `${title} joins tensors of one type and shape, got ${one} and ${other}`);
  }
  const inner = product(dims.slice(axis + 1));
  const outer = product(dims.slice(0, axis));
  const total = tensors.reduce((sum, tensor) => sum + (tensor.dims[axis] as number), 0);
  const data = new arrayTypes[insideType(type, false)](outer * total * inner);
  let column = 0;
  for (const tensor of tensors) {
    const length = (tensor.dims[axis] as number) * inner;
    for (let i = 0; i < outer; i++) {
      data.set((tensor.data as TypedArray as Float32Array).subarray(i * length, (i + 1) * length) as never, i * total * inner + column);
    }
    column += length;
  }
  return new Tensor(type, data as never, dims.with(axis, total));
}

/** Stacks tensors of one shape along a new axis. */
export const stacked = (title: string, tensors: readonly Tensor[], axis: number): Tensor =>
  joined(
    title,
    tensors.map((tensor) => withAxis(tensor, axis)),
    axis,
  );
