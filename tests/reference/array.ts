import { Tensor } from '../../src/graph/tensor.ts';

/** A dense row-major array. The references compute in float64, so their own rounding is far below that of the float32 kernels. */
export interface NdArray {
  dims: number[];
  data: Float64Array;
}

/** How many elements an array of `dims` holds; 1 for a scalar, whose dims are []. */
export const sizeOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** An array of `dims` with the given elements, or zeros: `array([2, 2], [1, 2, 3, 4])`. */
export function array(dims: readonly number[], values?: ArrayLike<number>): NdArray {
  const data = values ? Float64Array.from(values) : new Float64Array(sizeOf(dims));
  if (data.length !== sizeOf(dims)) throw new Error(`dims [${dims}] hold ${sizeOf(dims)} elements, got ${data.length}`);
  return { dims: [...dims], data };
}

/** `list[i]`, where an index out of range throws: a wrong index must not turn into a quiet NaN. */
export function at(list: ArrayLike<number>, i: number): number {
  const value = list[i];
  if (value === undefined) throw new Error(`index ${i} is outside 0..${list.length - 1}`);
  return value;
}

/** The place in `data` of the element at `index`. */
export function offsetOf(dims: readonly number[], index: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < dims.length; axis++) offset = offset * at(dims, axis) + at(index, axis);
  return offset;
}

/** The index of the element at place `offset`; the inverse of offsetOf. */
export function indexOf(dims: readonly number[], offset: number): number[] {
  const index = dims.map(() => 0);
  let rest = offset;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    index[axis] = rest % at(dims, axis);
    rest = Math.floor(rest / at(dims, axis));
  }
  return index;
}

/** `axis` counted from the front: ONNX lets -1 mean the last one. `last` is the highest axis allowed. */
export function normalizeAxis(axis: number, rank: number, last = rank - 1): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!(positive >= 0 && positive <= last)) throw new Error(`axis ${axis} is outside rank ${rank}`);
  return positive;
}

// Jest's sandbox looks globals up slowly.
const { fround, imul } = Math;

/**
 * Uniform random numbers from low to high, the same for the same seed (mulberry32).
 * They are rounded to float32 so that a kernel and its reference see the same inputs.
 */
export function random(dims: readonly number[], seed: number, low = -1, high = 1): NdArray {
  const result = array(dims);
  let state = seed | 0;
  for (let i = 0; i < result.data.length; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let t = imul(state ^ (state >>> 15), state | 1);
    t ^= t + imul(t ^ (t >>> 7), t | 61);
    const unit = ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    result.data[i] = fround(low + unit * (high - low));
  }
  return result;
}

/** The same numbers as float64. 64-bit integers beyond 2^53 are rounded. */
export function fromTensor(tensor: Tensor): NdArray {
  return array(tensor.dims, Array.from<number | bigint, number>(tensor.data, Number));
}

/** The same numbers, rounded to float32. */
export function toTensor({ dims, data }: NdArray): Tensor<'float32'> {
  return new Tensor('float32', Float32Array.from(data), dims);
}

/**
 * The largest absolute difference between two arrays' elements in row-major order.
 * NaN agrees with NaN and an infinity with itself; any other pair with one of them is infinitely far apart.
 */
export function maxError(actual: ArrayLike<number>, expected: NdArray): number {
  if (actual.length !== expected.data.length) throw new Error(`expected ${expected.data.length} elements, got ${actual.length}`);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const a = at(actual, i);
    const e = at(expected.data, i);
    if (Object.is(a, e)) continue;
    const difference = Math.abs(a - e);
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
  }
  return worst;
}
