// ONNX Resize and Upsample, straight from the specification: every output element is a weighted sum over the taps of all its axes. Places are
// fractions of whole numbers where sizes are given, and float32 where scales are, as onnxruntime computes them; an axis whose length stays is copied, unless
// it stays by rounding what the ratio of keep_aspect_ratio_policy makes of it.

import { array, at, indexOf, type NdArray, normalizeAxis, offsetOf } from './array.ts';

export const coordinateModes = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
  'tf_crop_and_resize',
] as const;
export type CoordinateMode = (typeof coordinateModes)[number];

export const nearestModes = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
/** 'simple' is what opset 10 does, which has no such attribute: up where the axis gets shorter, down elsewhere. */
export type NearestMode = (typeof nearestModes)[number] | 'simple';

export interface ResizeOptions {
  mode?: 'nearest' | 'linear' | 'cubic';
  scales?: readonly number[];
  sizes?: readonly number[];
  /** Begins, then ends. */
  roi?: readonly number[];
  axes?: readonly number[];
  coordinates?: CoordinateMode;
  nearest?: NearestMode;
  cubic?: number;
  excludeOutside?: boolean;
  extrapolation?: number;
  antialias?: boolean;
  policy?: 'stretch' | 'not_larger' | 'not_smaller';
}

interface Axis {
  from: number;
  to: number;
  scale: number;
  /** Where sizes are given: to a length from a length. */
  ratio?: [to: number, from: number];
  roi: [number, number];
}

/** A place in the input: a number, and where it is known exactly that as a fraction, whose lower part is positive. */
interface Place {
  value: number;
  fraction?: [bigint, bigint];
}

interface Tap {
  index: number;
  weight: number;
}

/** Undefined stands for a place outside the region that tf_crop_and_resize knows. */
type Taps = Tap[] | undefined;

export function resize(x: NdArray, options: ResizeOptions): NdArray {
  const axes = resizedAxes(x, options);
  const taps = axes.map((axis) => Array.from({ length: axis.to }, (_, i) => tapsOf(axis, i, options)));
  const y = array(axes.map(({ to }) => to));
  for (let i = 0; i < y.data.length; i++) {
    const rows = indexOf(y.dims, i).map((index, axis) => taps[axis]?.[index]);
    y.data[i] = rows.some((row) => row === undefined) ? (options.extrapolation ?? 0) : weightedSum(x, rows as Tap[][], []);
  }
  return y;
}

function weightedSum(x: NdArray, [row, ...rest]: Tap[][], index: number[]): number {
  if (!row) return at(x.data, offsetOf(x.dims, index));
  return row.reduce((sum, tap) => sum + tap.weight * weightedSum(x, rest, [...index, tap.index]), 0);
}

function resizedAxes(
  { dims }: NdArray,
  { scales, sizes, roi, axes = dims.map((_, i) => i), policy = 'stretch', coordinates }: ResizeOptions,
): Axis[] {
  const result = dims.map((size): Axis => ({ from: size, to: size, scale: 1, roi: [0, 1] }));
  const places = axes.map((axis) => normalizeAxis(axis, dims.length));
  const ratios = sizes?.map((size, i): [number, number] => [size, at(dims, at(places, i))]) ?? [];
  const byRatio = [...ratios].sort(([a, b], [c, d]) => a * d - c * b);
  const common = policy === 'not_larger' ? byRatio[0] : byRatio.at(-1);
  places.forEach((axis, i) => {
    const from = at(dims, axis);
    const region: [number, number] = roi ? [at(roi, i), at(roi, i + places.length)] : [0, 1];
    if (scales) {
      const scale = at(scales, i);
      const part = coordinates === 'tf_crop_and_resize' ? region[1] - region[0] : 1;
      result[axis] = { from, to: Math.floor(Math.fround(Math.fround(from * part) * scale)), scale, roi: region };
    } else {
      const ratio = (policy === 'stretch' ? ratios[i] : common) as [number, number];
      const to = policy === 'stretch' ? at(sizes ?? [], i) : Math.floor((2 * from * ratio[0] + ratio[1]) / (2 * ratio[1]));
      result[axis] = { from, to, scale: ratio[0] / ratio[1], ratio, roi: region };
    }
  });
  return result;
}

const quotient = (over: number, under: number): Place => ({ value: over / under, fraction: [BigInt(over), BigInt(under)] });

const f = Math.fround;

/** The place in the input of output `i`. */
function originalPlace({ from, to, scale, ratio, roi: [begin, end] }: Axis, i: number, mode: CoordinateMode): Place {
  if (mode === 'tf_crop_and_resize') {
    if (from === to && begin === 0 && end === 1) return quotient(i, 1);
    const span = f(f(i * f(end - begin)) * (from - 1));
    return { value: f(to > 1 ? f(begin * (from - 1)) + f(span / (to - 1)) : 0.5 * f(begin + end) * (from - 1)) };
  }
  if (from === to && (!ratio || ratio[0] === ratio[1])) return quotient(i, 1);
  if (mode === 'pytorch_half_pixel' && to === 1) return quotient(0, 1);
  if (mode === 'align_corners') {
    if (to === 1) return quotient(0, 1);
    return ratio ? quotient(i * (from - 1), to - 1) : { value: f(f(i * (from - 1)) / f(to - 1)) };
  }
  const [longer, shorter] = ratio ?? [0, 0];
  switch (mode) {
    case 'asymmetric':
      return ratio ? quotient(i * shorter, longer) : { value: f(i / scale) };
    case 'tf_half_pixel_for_nn':
      return ratio ? quotient((2 * i + 1) * shorter, 2 * longer) : { value: f((i + 0.5) / scale) };
    case 'half_pixel_symmetric': {
      // The length before it is cut to whole elements is from * scale.
      if (ratio) return quotient(from * longer - to * shorter + (2 * i + 1) * shorter - longer, 2 * longer);
      const adjustment = f(to / f(scale * from));
      return { value: f(f((from / 2) * f(1 - adjustment)) + (i + 0.5) / scale - 0.5) };
    }
    default:
      return ratio ? quotient((2 * i + 1) * shorter - longer, 2 * longer) : { value: f(f((i + 0.5) / scale) - 0.5) };
  }
}

function tapsOf(axis: Axis, i: number, options: ResizeOptions): Taps {
  const {
    mode = 'nearest',
    coordinates = 'half_pixel',
    nearest = 'round_prefer_floor',
    antialias = false,
    excludeOutside = false,
  } = options;
  const { from, scale } = axis;
  const exact = originalPlace(axis, i, coordinates);
  const place = exact.value;
  if (coordinates === 'tf_crop_and_resize' && !(place >= 0 && place <= from - 1)) return undefined;
  const inside = (index: number) => Math.min(Math.max(index, 0), from - 1);
  if (mode === 'nearest') return [{ index: inside(rounded(exact, nearest, scale)), weight: 1 }];
  const shrink = antialias ? Math.min(scale, 1) : 1;
  const kernel = mode === 'linear' ? triangle : cubicKernel(options.cubic ?? -0.75);
  const reach = (mode === 'linear' ? 1 : 2) / shrink;
  const taps: Tap[] = [];
  for (let index = Math.floor(place - reach); index <= Math.ceil(place + reach); index++) {
    const weight = kernel((place - index) * shrink);
    if (weight === 0 || (excludeOutside && inside(index) !== index)) continue;
    taps.push({ index: inside(index), weight });
  }
  const total = taps.reduce((sum, { weight }) => sum + weight, 0);
  return antialias || excludeOutside ? taps.map(({ index, weight }) => ({ index, weight: weight / total })) : taps;
}

function rounded({ value, fraction }: Place, mode: NearestMode, scale: number): number {
  const floor = fraction ? Number(floored(...fraction)) : Math.floor(value);
  const whole = fraction ? fraction[0] % fraction[1] === 0n : value === floor;
  const ceil = whole ? floor : floor + 1;
  if (mode === 'simple') return scale < 1 ? ceil : floor;
  if (mode === 'floor') return floor;
  if (mode === 'ceil') return ceil;
  // Twice the distance to the middle of two rows, of one sign or the other; near enough is a tie where the place was rounded.
  const beyond = fraction ? Math.sign(Number(2n * fraction[0] - (2n * BigInt(floor) + 1n) * fraction[1])) : value - floor - 0.5;
  if (Math.abs(beyond) <= 1e-6) return mode === 'round_prefer_floor' ? floor : floor + 1;
  return beyond < 0 ? floor : floor + 1;
}

/** a / b, rounded down. b is positive. */
const floored = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b;

const triangle = (d: number): number => Math.max(0, 1 - Math.abs(d));

/** Keys' cubic convolution, which ONNX calls cubic. */
const cubicKernel = (a: number) => (distance: number) => {
  const d = Math.abs(distance);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
};
