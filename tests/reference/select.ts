// ONNX's operators that go along an axis: ArgMax, ArgMin, TopK, CumSum, Hardmax, LogSoftmax.
import { array, at, indexOf, type NdArray, normalizeAxis, offsetOf } from './array.ts';

/** f of every line along the axis; what it gives has the same length everywhere. */
export function alongAxis(x: NdArray, axis: number, f: (line: readonly number[]) => readonly number[]): NdArray {
  const along = normalizeAxis(axis, x.dims.length);
  const length = at(x.dims, along);
  const first = x.dims.map((dim, i) => (i === along ? 1 : dim));
  const lines = Array.from(array(first).data, (_, i) => {
    const index = indexOf(first, i);
    return f(Array.from({ length }, (__, k) => at(x.data, offsetOf(x.dims, index.with(along, k)))));
  });
  // Where there is no line, one of zeros tells the length.
  const size = (lines[0] ?? f(new Array<number>(length).fill(0))).length;
  const y = array(x.dims.with(along, size));
  lines.forEach((line, i) => {
    const index = indexOf(first, i);
    line.forEach((value, k) => {
      y.data[offsetOf(y.dims, index.with(along, k))] = value;
    });
  });
  return y;
}

export interface ArgOptions {
  axis?: number;
  keepDims?: boolean;
  selectLast?: boolean;
}

function arg(
  x: NdArray,
  best: (values: readonly number[]) => number,
  { axis = 0, keepDims = true, selectLast = false }: ArgOptions,
): NdArray {
  const y = alongAxis(x, axis, (line) => [selectLast ? line.lastIndexOf(best(line)) : place(line, best(line))]);
  const along = normalizeAxis(axis, x.dims.length);
  return array(keepDims ? y.dims : y.dims.filter((_, i) => i !== along), y.data);
}

/** NaN is the largest, and the smallest. */
const place = (line: readonly number[], value: number): number =>
  Number.isNaN(value) ? line.findIndex(Number.isNaN) : line.indexOf(value);

export const argMax = (x: NdArray, options: ArgOptions = {}): NdArray => arg(x, (values) => Math.max(...values), options);
export const argMin = (x: NdArray, options: ArgOptions = {}): NdArray => arg(x, (values) => Math.min(...values), options);

/** [values, indices]; of equals the first comes first. */
export function topK(x: NdArray, k: number, axis = -1, largest = true): [NdArray, NdArray] {
  const order = (line: readonly number[]) => {
    const places = line.map((value, place) => ({ value, place }));
    places.sort((a, b) => (largest ? b.value - a.value : a.value - b.value) || a.place - b.place);
    return places.slice(0, k);
  };
  const values = alongAxis(x, axis, (line) => order(line).map(({ value }) => value));
  return [values, alongAxis(x, axis, (line) => order(line).map(({ place }) => place))];
}

export function cumSum(x: NdArray, axis: number, exclusive = false, reverse = false): NdArray {
  return alongAxis(x, axis, (line) =>
    line.map((_, k) => {
      const part = reverse ? line.slice(exclusive ? k + 1 : k) : line.slice(0, exclusive ? k : k + 1);
      return part.reduce((a, b) => a + b, 0);
    }),
  );
}

export const hardmax = (x: NdArray, axis = -1): NdArray =>
  alongAxis(x, axis, (line) => line.map((_, k) => (k === place(line, Math.max(...line)) ? 1 : 0)));

export const logSoftmax = (x: NdArray, axis = -1): NdArray =>
  alongAxis(x, axis, (line) => {
    const largest = Math.max(...line);
    const sum = line.reduce((total, value) => total + Math.exp(value - largest), 0);
    return line.map((value) => value - largest - Math.log(sum));
  });
