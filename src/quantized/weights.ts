import { product } from '../graph/dims.ts';
import type { Constant } from '../graph/graph.ts';
import type { DataType, TypedArray } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { allocate } from '../ops/elements.ts';
import { partOf } from '../ops/more/quantize/dequantizeLinear.ts';
import { constantValue } from '../ops/shapes.ts';
import { numbersOf } from './scales.ts';

/** Elements that are looked at at a time. */
const PART = 1 << 16;

const isInt8 = (x: number): boolean => x === (x << 24) >> 24;

/** A constant whose elements `fill` gives. */
export function filled(
  name: string,
  type: DataType,
  dims: readonly number[],
  fill: (target: TypedArray, from: number) => void,
  fixed: boolean | undefined,
): Value {
  const read = () => {
    const all = allocate(type, product(dims));
    fill(all, 0);
    return all;
  };
  return constantValue({ name, type, dims, read, fill }, name, fixed);
}

/** What a constant's weights have become, and the zero points that were subtracted along which axis: plans for other shapes need it again. */
const found = new WeakMap<Constant, readonly [zero: Constant | undefined, axis: number, value: Value]>();

/**
 * Constant weights less their zero points: int8 if all fit, else int16, which fits always. Weights of other bytes are
 * computed a part at a time, as they are packed.
 * @param weights int8 or uint8, constant
 * @param zero of the weights' type, constant: one, or one for each index of `axis`; undefined if they are 0
 * @param axis of the output channels: 0 for a convolution, the last for a matrix product
 */
export function lessZero(weights: Value, zero: Value | undefined, axis: number): Value {
  const source = weights.constant as Constant;
  const known = found.get(source);
  if (known && known[0] === zero?.constant && known[1] === axis) return known[2];
  const zeros = zero ? numbersOf(zero) : [0];
  let value = weights;
  if (weights.type !== 'int8' || zeros.some(Boolean)) {
    const { dims } = weights;
    const inner = zeros.length === 1 ? product(dims) : product(dims.slice(axis + 1));
    const fill = (target: TypedArray, from: number) => {
      const part = partOf(weights, from, from + target.length) as Int8Array;
      for (let i = 0; i < target.length; ) {
        const row = Math.floor((from + i) / inner);
        const zero = zeros[row % zeros.length] as number;
        for (const end = Math.min(target.length, (row + 1) * inner - from); i < end; i++) target[i] = (part[i] as number) - zero;
      }
    };
    const count = product(dims);
    let fits = true;
    for (let from = 0; from < count && fits; from += PART) {
      const part = new Int16Array(Math.min(PART, count - from));
      fill(part, from);
      fits = part.every(isInt8);
    }
    const type = fits ? 'int8' : 'int16';
    value = filled(`${weights.name} less '${zero?.name ?? 0}'`, type, dims, fill, weights.fixed && zero?.fixed !== false);
  }
  found.set(source, [zero?.constant, axis, value]);
  return value;
}

/**
 * Whether kernels can take the weights: constant ones, or int8 without a zero point, which an instruction packs at every run.
 */
export const isKnown = (weights: Value, zero: Value | undefined): boolean =>
  (!zero || zero.constant !== undefined) &&
  (weights.constant !== undefined || (weights.type === 'int8' && (!zero || numbersOf(zero).every((x) => x === 0))));

/**
 * How many channels of a depthwise convolution of int16 weights are computed as a dense one, because its kernel computes eight
 * columns at once anyway.
 */
export const blockOf = (channels: number): number => [8, 7, 6, 5, 4, 3, 2].find((size) => channels % size === 0) ?? 1;

/** Some channels of depthwise weights. */
export interface Part {
  readonly first: number;
  readonly weights: Value;
}

/** What `nearly` gave. */
const parts = new WeakMap<Constant, readonly [near: Value, far: readonly Part[]]>();

/**
 * Depthwise weights of int16 as int8, and the parts of up to eight channels where int8 does not hold them, as they were. Few
 * weights are beyond int8, and its kernel is so much faster that those parts are better computed once more.
 */
export function nearly(weights: Value): readonly [near: Value, far: readonly Part[]] {
  const source = weights.constant as Constant;
  let found = parts.get(source);
  if (!found) {
    const [channels = 0, ...kernel] = weights.dims;
    const taps = product(kernel);
    const made = (type: 'int8' | 'int16', first: number, count: number): Value => {
      const fill = (target: TypedArray, from: number) =>
        target.set(partOf(weights, first * taps + from, first * taps + from + target.length) as never);
      return filled(`${weights.name} from ${first}, ${type}`, type, [count, ...kernel], fill, weights.fixed);
    };
    const far: Part[] = [];
    for (let first = 0; first < channels; first += 8) {
      const part = made('int16', first, Math.min(8, channels - first));
      if (!(partOf(part, 0, product(part.dims)) as Int16Array).every(isInt8)) far.push({ first, weights: part });
    }
    found = [made('int8', 0, channels), far];
    parts.set(source, found);
  }
  return found;
}

/** Depthwise weights [C, 1, ...] as dense ones of `size` channels, [C, size, ...]: those between different channels are 0. */
export function asDense(weights: Value, size: number): Value {
  const [channels = 0, , ...kernel] = weights.dims;
  const taps = product(kernel);
  const fill = (target: TypedArray, from: number) => {
    target.fill(0 as never);
    for (let c = Math.floor(from / (size * taps)); c * size * taps < from + target.length; c++) {
      const [row, at] = [partOf(weights, c * taps, (c + 1) * taps), (c * size + (c % size)) * taps - from];
      for (let k = Math.max(0, -at); k < taps && at + k < target.length; k++) target[at + k] = row[k] as never;
    }
  };
  const dims = [channels, size, ...kernel];
  return filled(`${weights.name} by ${size}`, weights.type, dims, fill, weights.fixed);
}
