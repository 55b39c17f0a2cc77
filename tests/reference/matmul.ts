import { array, at, type NdArray } from './array.ts';
import { broadcastDims, expand } from './elementwise.ts';

/** ONNX MatMul, numpy's matmul: a vector is a row on the left and a column on the right; the axes before the last two broadcast. */
export function matMul(a: NdArray, b: NdArray): NdArray {
  const left = a.dims.length === 1 ? array([1, ...a.dims], a.data) : a;
  const right = b.dims.length === 1 ? array([...b.dims, 1], b.data) : b;
  const [rows, inner] = [at(left.dims, left.dims.length - 2), at(left.dims, left.dims.length - 1)];
  const [depth, columns] = [at(right.dims, right.dims.length - 2), at(right.dims, right.dims.length - 1)];
  if (inner !== depth) throw new Error(`[${a.dims}] and [${b.dims}] do not multiply`);
  const batch = broadcastDims(left.dims.slice(0, -2), right.dims.slice(0, -2));
  const [x, w] = [expand(left, [...batch, rows, inner]), expand(right, [...batch, inner, columns])];
  const y = array([...batch, ...(a.dims.length > 1 ? [rows] : []), ...(b.dims.length > 1 ? [columns] : [])]);
  for (let place = 0; place < y.data.length; place++) {
    const [m, i, j] = [Math.floor(place / (rows * columns)), Math.floor(place / columns) % rows, place % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += at(x.data, (m * rows + i) * inner + k) * at(w.data, (m * inner + k) * columns + j);
    y.data[place] = sum;
  }
  return y;
}
