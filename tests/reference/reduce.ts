import { array, at, indexOf, type NdArray, normalizeAxis, offsetOf } from './array.ts';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** What ONNX's reductions make of a list, by their names; of an empty one too. */
export const reductions: Readonly<Record<string, (values: readonly number[]) => number>> = {
  ReduceSum: sum,
  ReduceMean: (values) => sum(values) / values.length,
  ReduceMax: (values) => values.reduce((a, b) => Math.max(a, b), -Infinity),
  ReduceMin: (values) => values.reduce((a, b) => Math.min(a, b), Infinity),
  ReduceProd: (values) => values.reduce((a, b) => a * b, 1),
  ReduceL1: (values) => sum(values.map(Math.abs)),
  ReduceL2: (values) => Math.sqrt(sum(values.map((x) => x * x))),
  ReduceSumSquare: (values) => sum(values.map((x) => x * x)),
  ReduceLogSum: (values) => Math.log(sum(values)),
  ReduceLogSumExp(values) {
    const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
    // An infinite one decides alone; the difference of two would be NaN.
    return Math.abs(largest) === Infinity ? largest : largest + Math.log(sum(values.map((x) => Math.exp(x - largest))));
  },
};

/** A reduction over `axes`; over all where they are left out. */
export function reduce(op: string, x: NdArray, axes: readonly number[] = x.dims.map((_, axis) => axis), keepDims = true): NdArray {
  const f = reductions[op];
  if (!f) throw new Error(`${op} is no reduction`);
  const gone = new Set(axes.map((axis) => normalizeAxis(axis, x.dims.length)));
  const kept = x.dims.map((dim, axis) => (gone.has(axis) ? 1 : dim));
  const lists = Array.from(array(kept).data, (): number[] => []);
  for (let i = 0; i < x.data.length; i++) {
    const index = indexOf(x.dims, i).map((position, axis) => (gone.has(axis) ? 0 : position));
    lists[offsetOf(kept, index)]?.push(at(x.data, i));
  }
  return array(keepDims ? kept : kept.filter((_, axis) => !gone.has(axis)), lists.map(f));
}
