import { array, at, indexOf, type NdArray, offsetOf } from './array.ts';

/** The largest float32; ONNX Clip's default bounds are this and its negative, not the infinities. */
export const FLOAT32_MAX = 3.4028234663852886e38;

/** ONNX Relu: max(0, x). NaN stays NaN. */
export function relu(x: NdArray): NdArray {
  return array(
    x.dims,
    x.data.map((value) => Math.max(0, value)),
  );
}

/** ONNX Clip: min(max(x, low), high), so high wins where low > high. NaN stays NaN. */
export function clip(x: NdArray, low = -FLOAT32_MAX, high = FLOAT32_MAX): NdArray {
  return array(
    x.dims,
    x.data.map((value) => Math.min(Math.max(value, low), high)),
  );
}

/** The dims of a and b broadcast to each other (ONNX's multidirectional broadcasting, numpy's rules). */
export function broadcastDims(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    // Aligned at the last axis; the shorter one gets ones in front.
    const dimA = a[a.length - rank + axis] ?? 1;
    const dimB = b[b.length - rank + axis] ?? 1;
    if (dimA !== dimB && dimA !== 1 && dimB !== 1) throw new Error(`[${a}] and [${b}] do not broadcast`);
    result.push(dimA === 1 ? dimB : dimA);
  }
  return result;
}

/** x repeated along its dimensions of 1, and along new ones in front, to fill dims. */
export function expand(x: NdArray, dims: readonly number[]): NdArray {
  const result = array(dims);
  for (let i = 0; i < result.data.length; i++) {
    const own = indexOf(dims, i).slice(dims.length - x.dims.length);
    const index = own.map((position, axis) => (x.dims[axis] === 1 ? 0 : position));
    result.data[i] = at(x.data, offsetOf(x.dims, index));
  }
  return result;
}

/** ONNX Add, with multidirectional broadcasting. */
export function add(a: NdArray, b: NdArray): NdArray {
  const dims = broadcastDims(a.dims, b.dims);
  const left = expand(a, dims);
  const right = expand(b, dims);
  return array(
    dims,
    left.data.map((value, i) => value + at(right.data, i)),
  );
}
