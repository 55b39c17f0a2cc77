// ONNX Resize and Upsample, straight from the specification: every output element is a weighted sum over the taps of all its axes.

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
  roi: [number, number];
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
  const ratios = sizes?.map((size, i) => size / at(dims, at(places, i))) ?? [];
  const common = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  places.forEach((axis, i) => {
    const from = at(dims, axis);
    const region: [number, number] = roi ? [at(roi, i), at(roi, i + places.length)] : [0, 1];
    if (scales) {
      const scale = at(scales, i);
      const part = coordinates === 'tf_crop_and_resize' ? region[1] - region[0] : 1;
      result[axis] = { from, to: Math.floor(Math.fround(Math.fround(from * part) * scale)), scale, roi: region };
    } else {
      const scale = policy === 'stretch' ? at(ratios, i) : common;
      const to = policy === 'stretch' ? at(sizes ?? [], i) : Math.floor(common * from + 0.5);
      result[axis] = { from, to, scale, roi: region };
    }
  });
  return result;
}

/** The place in the input of output `i`. */
export function originalPlace({ from, to, scale, roi: [begin, end] }: Axis, i: number, mode: CoordinateMode): number {
  // The length before it is cut to whole elements.
  const length = from * scale;
  switch (mode) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / length) + (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return to > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return to === 1 ? 0 : (i * (from - 1)) / (length - 1);
    case 'asymmetric':
      return i / scale;
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale;
    case 'tf_crop_and_resize':
      return to > 1 ? begin * (from - 1) + (i * (end - begin) * (from - 1)) / (to - 1) : 0.5 * (begin + end) * (from - 1);
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
  const place = originalPlace(axis, i, coordinates);
  if (coordinates === 'tf_crop_and_resize' && !(place >= 0 && place <= from - 1)) return undefined;
  const inside = (index: number) => Math.min(Math.max(index, 0), from - 1);
  if (mode === 'nearest') return [{ index: inside(rounded(place, nearest, scale)), weight: 1 }];
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

function rounded(place: number, mode: NearestMode, scale: number): number {
  const [below, above] = [Math.floor(place), Math.ceil(place)];
  if (mode === 'simple') return scale < 1 ? above : below;
  if (mode === 'floor') return below;
  if (mode === 'ceil') return above;
  if (place - below === above - place) return mode === 'round_prefer_floor' ? below : above;
  return place - below < above - place ? below : above;
}

const triangle = (d: number): number => Math.max(0, 1 - Math.abs(d));

/** Keys' cubic convolution, which ONNX calls cubic. */
const cubicKernel = (a: number) => (distance: number) => {
  const d = Math.abs(distance);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
};
