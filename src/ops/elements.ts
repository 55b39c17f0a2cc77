// Helpers of `evaluate`, which computes elements in TypeScript. They are exact, so that every engine gives the same bits.

import { LanewiseError } from '../errors.ts';
import { at } from '../graph/at.ts';
import { product } from '../graph/dims.ts';
import { arrayTypes, type DataType, type TypedArray } from '../graph/tensor.ts';
import { broadcastStrides, mergeLoops, stridesOf } from './strides.ts';

export type Element = number | bigint;

export const allocate = (type: DataType, count: number): TypedArray => new arrayTypes[type](count);

/** Whether the type's elements are bigints. */
export const isBig = (type: DataType): boolean => type === 'int64' || type === 'uint64';

export const isFloat = (type: DataType): boolean => type === 'float32' || type === 'float64';

/** Row-major elements with their dimensions. */
export interface Elements {
  readonly data: TypedArray;
  readonly dims: readonly number[];
}

/** Calls `visit` with the offset of every element that broadcasts to `dims`, for each tensor of `shapes`, in row-major order. */
export function eachBroadcast(
  dims: readonly number[],
  shapes: readonly (readonly number[])[],
  visit: (offsets: readonly number[], i: number) => void,
): void {
  const strides = shapes.map((shape) => broadcastStrides(stridesOf('rowMajor', shape), shape, dims));
  eachIndex(dims, strides, visit);
}

/** Calls `visit` for every index of `dims` in row-major order, with the sum of index times stride for each list of strides. */
export function eachIndex(
  dims: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (offsets: readonly number[], i: number) => void,
): void {
  const { sizes, strides: steps } = mergeLoops({ sizes: [...dims], strides: strides.map((list) => [...list]) });
  const inner = sizes.length - 1;
  // A single element has no loops.
  const length = sizes[inner] ?? 1;
  const jumps = steps.map((list) => list[inner] ?? 0);
  const rows = length && product(sizes.slice(0, -1));
  const offsets = strides.map(() => 0);
  let i = 0;
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < offsets.length; t++) {
      let [rest, offset] = [row, 0];
      for (let axis = inner - 1; axis >= 0; axis--) {
        const size = at(sizes, axis);
        offset += (rest % size) * at(at(steps, t), axis);
        rest = Math.floor(rest / size);
      }
      offsets[t] = offset;
    }
    for (let j = 0; j < length; j++) {
      visit(offsets, i++);
      for (let t = 0; t < offsets.length; t++) offsets[t] = (offsets[t] as number) + (jumps[t] as number);
    }
  }
}

/** f of the elements at each place, for one to three inputs that broadcast to `dims`. */
export function mapElements(
  type: DataType,
  dims: readonly number[],
  inputs: readonly Elements[],
  f: (a: Element, b: Element, c: Element) => Element,
): TypedArray {
  const output = allocate(type, product(dims));
  const [a, b = a, c = a] = inputs.map(({ data }) => data);
  if (!a || !b || !c) return output;
  const shapes = inputs.map((input) => input.dims);
  eachBroadcast(dims, shapes, (offsets, i) => {
    // No destructuring, which would make an iterator for every element. Missing inputs are replaced by others, which f
    // ignores.
    output[i] = f(a[offsets[0] ?? 0] as Element, b[offsets[1] ?? 0] as Element, c[offsets[2] ?? 0] as Element) as never;
  });
  return output;
}

/** One element to another type: floats are cut towards zero and wrap (ONNX leaves that open), bool means not 0. */
export function convert(value: Element, from: DataType, to: DataType): Element {
  if (to === 'bool') return Number(value) !== 0 ? 1 : 0;
  if (isFloat(to)) return Number(value);
  if (!isBig(to)) return isBig(from) ? Number(BigInt.asIntN(32, value as bigint)) : Math.trunc(Number(value));
  if (typeof value === 'bigint') return value;
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}

/**
 * The integers in a tensor of indices or sizes.
 * @throws LanewiseError INVALID_MODEL for a fraction, NaN or an infinity, which a tensor of floats may hold
 */
export function integers(node: { readonly name: string }, data: TypedArray): number[] {
  const list = Array.from(data, Number);
  const odd = list.find((value) => !Number.isInteger(value));
  if (odd !== undefined)
    throw new LanewiseError('INVALID_MODEL', `node '${node.name}': an axis, index or size of ${odd} is no whole number`);
  return list;
}

/**
 * An index made non-negative: negative ones count from the end.
 * @throws LanewiseError INVALID_INPUT
 */
export function wrapIndex(node: { readonly name: string }, index: Element, size: number): number {
  const at = Number(index) < 0 ? Number(index) + size : Number(index);
  if (at >= 0 && at < size) return at;
  throw new LanewiseError('INVALID_INPUT', `node '${node.name}': index ${index} is outside a dimension of ${size}`);
}
