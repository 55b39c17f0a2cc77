import { array, at, indexOf, type NdArray, normalizeAxis, offsetOf } from './array.ts';
import { expand } from './elementwise.ts';

export interface Normalized {
  /** (x - mean) / sqrt(variance + epsilon). */
  y: NdArray;
  /** Per set of elements, as an array of the shape that `setOf` numbers. */
  mean: Float64Array;
  /** 1 / sqrt(variance + epsilon), likewise. */
  inverse: Float64Array;
}

/** Brings every set of elements to mean 0 and variance 1. `setOf` numbers an element's set by its index, from 0 to `sets` - 1. */
export function normalizeSets(x: NdArray, sets: number, setOf: (index: number[]) => number, epsilon: number): Normalized {
  const [mean, inverse, count] = [new Float64Array(sets), new Float64Array(sets), new Float64Array(sets)];
  const set = Array.from(x.data, (_, i) => setOf(indexOf(x.dims, i)));
  set.forEach((s, i) => {
    mean[s] = at(mean, s) + at(x.data, i);
    count[s] = at(count, s) + 1;
  });
  mean.forEach((sum, s) => {
    mean[s] = sum / at(count, s);
  });
  const variance = new Float64Array(sets);
  set.forEach((s, i) => {
    variance[s] = at(variance, s) + (at(x.data, i) - at(mean, s)) ** 2 / at(count, s);
  });
  variance.forEach((value, s) => {
    inverse[s] = 1 / Math.sqrt(value + epsilon);
  });
  const y = array(
    x.dims,
    x.data.map((value, i) => (value - at(mean, at(set, i))) * at(inverse, at(set, i))),
  );
  return { y, mean, inverse };
}

export interface NormalizationOptions {
  /** [N, C, ...]. */
  x: NdArray;
  scale: NdArray;
  bias: NdArray;
  /** 1e-5 where left out. */
  epsilon?: number;
}

/** y * scale + bias with the elements of both that `place` gives for an index. */
function affine(y: NdArray, scale: NdArray, bias: NdArray, place: (index: number[]) => number): NdArray {
  const placeOf = (i: number) => place(indexOf(y.dims, i));
  return array(
    y.dims,
    y.data.map((value, i) => value * at(scale.data, placeOf(i)) + at(bias.data, placeOf(i))),
  );
}

/** ONNX InstanceNormalization: statistics over the spatial axes; scale and bias [C]. */
export function instanceNormalization({ x, scale, bias, epsilon = 1e-5 }: NormalizationOptions): NdArray {
  const channels = at(x.dims, 1);
  const { y } = normalizeSets(x, at(x.dims, 0) * channels, ([n, c]) => (n as number) * channels + (c as number), epsilon);
  return affine(y, scale, bias, ([, c]) => c as number);
}

/** ONNX GroupNormalization: statistics over the channels of a group and the spatial axes; scale and bias [groups] (opset 18) or [C] (21). */
export function groupNormalization({
  x,
  scale,
  bias,
  groups,
  perGroup,
  epsilon = 1e-5,
}: NormalizationOptions & { groups: number; perGroup: boolean }): NdArray {
  const each = at(x.dims, 1) / groups;
  if (!Number.isInteger(each)) throw new Error(`${x.dims[1]} channels do not make ${groups} groups`);
  const group = (c: number) => Math.floor(c / each);
  const { y } = normalizeSets(x, at(x.dims, 0) * groups, ([n, c]) => (n as number) * groups + group(c as number), epsilon);
  return affine(y, scale, bias, ([, c]) => (perGroup ? group(c as number) : (c as number)));
}

/** ONNX LayerNormalization: statistics over the axes from `axis` on, which scale and bias broadcast to. All three outputs. */
export function layerNormalization({
  x,
  scale,
  bias,
  axis = -1,
  epsilon = 1e-5,
}: Omit<NormalizationOptions, 'bias'> & { bias?: NdArray; axis?: number }): { y: NdArray; mean: NdArray; inverse: NdArray } {
  const first = normalizeAxis(axis, x.dims.length);
  const outer = x.dims.slice(0, first);
  const kept = [...outer, ...x.dims.slice(first).map(() => 1)];
  const sets = outer.reduce((a, b) => a * b, 1);
  const { y, mean, inverse } = normalizeSets(x, sets, (index) => offsetOf(outer, index.slice(0, first)), epsilon);
  const [scales, biases] = [expand(scale, x.dims), bias ? expand(bias, x.dims) : array(x.dims)];
  return { y: affine(y, scales, biases, (index) => offsetOf(x.dims, index)), mean: array(kept, mean), inverse: array(kept, inverse) };
}

/** ONNX MeanVarianceNormalization: statistics over `axes`; the deviation plus 1e-9 divides. */
export function meanVarianceNormalization(x: NdArray, axes: readonly number[] = [0, 2, 3]): NdArray {
  const gone = new Set(axes.map((axis) => normalizeAxis(axis, x.dims.length)));
  const kept = x.dims.map((_, axis) => axis).filter((axis) => !gone.has(axis));
  const sizes = kept.map((axis) => at(x.dims, axis));
  const setOf = (index: number[]) =>
    offsetOf(
      sizes,
      kept.map((axis) => at(index, axis)),
    );
  const sets = sizes.reduce((a, b) => a * b, 1);
  const { mean, inverse } = normalizeSets(x, sets, setOf, 0);
  return array(
    x.dims,
    x.data.map((value, i) => {
      const s = setOf(indexOf(x.dims, i));
      return (value - at(mean, s)) / (1 / at(inverse, s) + 1e-9);
    }),
  );
}

export interface LrnOptions {
  /** [N, C, ...]. */
  x: NdArray;
  size: number;
  /** 1e-4, 0.75 and 1 where left out. */
  alpha?: number;
  beta?: number;
  bias?: number;
}

/** ONNX LRN: x / (bias + alpha / size * the sum of the squares of `size` channels around it)^beta. */
export function lrn({ x, size, alpha = 1e-4, beta = 0.75, bias = 1 }: LrnOptions): NdArray {
  const channels = at(x.dims, 1);
  const y = array(x.dims);
  for (let i = 0; i < y.data.length; i++) {
    const index = indexOf(x.dims, i);
    const c = at(index, 1);
    let sum = 0;
    for (let j = Math.max(0, c - Math.floor((size - 1) / 2)); j <= Math.min(channels - 1, c + Math.ceil((size - 1) / 2)); j++) {
      index[1] = j;
      sum += at(x.data, offsetOf(x.dims, index)) ** 2;
    }
    y.data[i] = at(x.data, i) / (bias + (alpha / size) * sum) ** beta;
  }
  return y;
}
