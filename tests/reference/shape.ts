import { array, at, indexOf, type NdArray, normalizeAxis, offsetOf, sizeOf } from './array.ts';

/** ONNX Flatten: the dimensions before `axis` become the rows, the others the columns of a matrix. axis may equal the rank. */
export function flatten(x: NdArray, axis = 1): NdArray {
  const split = normalizeAxis(axis, x.dims.length, x.dims.length);
  return array([sizeOf(x.dims.slice(0, split)), sizeOf(x.dims.slice(split))], x.data);
}

/**
 * ONNX Reshape: the same elements under new dims. One dimension may be -1: what is left over.
 * 0 keeps x's dimension at that place or, with allowzero, means 0.
 */
export function reshape(x: NdArray, shape: readonly number[], allowzero = false): NdArray {
  // With a 0 anything would be left over.
  if (allowzero && shape.includes(0) && shape.includes(-1)) throw new Error(`[${shape}] has both 0 and -1`);
  if (shape.filter((dim) => dim === -1).length > 1) throw new Error(`[${shape}] has more than one -1`);
  const dims = shape.map((dim, axis) => (dim === 0 && !allowzero ? at(x.dims, axis) : dim));
  const unknown = dims.indexOf(-1);
  if (unknown >= 0) dims[unknown] = x.data.length / sizeOf(dims.filter((dim) => dim !== -1));
  if (!dims.every((dim) => Number.isInteger(dim) && dim >= 0)) throw new Error(`[${x.dims}] does not reshape to [${shape}]`);
  return array(dims, x.data);
}

/** ONNX Transpose: axis i of the result is axis perm[i] of x; without perm, the axes are reversed. */
export function transpose(x: NdArray, perm: readonly number[] = x.dims.map((_, axis) => axis).reverse()): NdArray {
  const sorted = [...perm].sort((a, b) => a - b);
  if (perm.length !== x.dims.length || sorted.some((axis, i) => axis !== i)) throw new Error(`[${perm}] does not permute [${x.dims}]`);
  const y = array(perm.map((axis) => at(x.dims, axis)));
  for (let i = 0; i < y.data.length; i++) {
    const target = indexOf(y.dims, i);
    const source: number[] = [];
    perm.forEach((axis, position) => {
      source[axis] = at(target, position);
    });
    y.data[i] = at(x.data, offsetOf(x.dims, source));
  }
  return y;
}
