// Which rows of an axis a resized row is made of, as ONNX's Resize defines it.

import { at } from '../../graph/at.ts';
import type { Value } from '../../graph/value.ts';
import type { AxisTable } from '../move/axis.ts';
import type { Lowering, Node } from '../operator.ts';

export type Coordinates =
  | 'half_pixel'
  | 'half_pixel_symmetric'
  | 'pytorch_half_pixel'
  | 'align_corners'
  | 'asymmetric'
  | 'tf_half_pixel_for_nn'
  | 'tf_crop_and_resize';

export type Rounding = 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';

export interface Sampling {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinates: Coordinates;
  /** The rounding of 'nearest'. Opset 10 leaves it open; its test cases round up if the axis gets shorter, else down. */
  readonly rounding: Rounding | 'unspecified';
  /** The cubic kernel's a (Keys 1981). */
  readonly cubic: number;
  /** Whether taps outside count nothing, instead of reading the edge. */
  readonly excludeOutside: boolean;
  /** Whether kernels are stretched, if the axis gets shorter, to see every pixel. */
  readonly antialias: boolean;
}

/** What the node says of the axes and of the rows outside. */
export interface ResizeAttributes extends Sampling {
  readonly axes: readonly number[] | undefined;
  readonly policy: 'stretch' | 'not_larger' | 'not_smaller';
  readonly extrapolation: number;
  /** Upsample of opset 7 and 8 has its scales as an attribute. */
  readonly scales?: readonly number[];
  /** The index of each input; -1 if there is none. */
  readonly at: { readonly roi: number; readonly scales: number; readonly sizes: number };
}

export interface ResizedAxis {
  readonly from: number;
  readonly to: number;
  /** The given scale, which may differ from to / from because the size is rounded. */
  readonly scale: number;
  /** Two lengths whose ratio is the scale, if sizes are given and no region, because a region is float32. */
  readonly ratio?: readonly [to: number, from: number] | undefined;
  /** Region of interest from 0 to 1, of tf_crop_and_resize. */
  readonly roi: readonly [number, number];
}

/** What the rarer ways to resize use, once that chunk is loaded: see more/resample/resizing.ts. */
export const resampling: {
  /** The place of a row, by a transformation that few files use. */
  place?: (axis: ResizedAxis, i: number, mode: Coordinates, at: (row: number) => number) => number;
  cubic?: (a: number) => (distance: number) => number;
  /** The ratio of all axes if a policy asks for one, as two lengths: to and from. */
  common?: (policy: string, sizes: readonly (readonly [to: number, from: number])[]) => readonly [number, number] | undefined;
  fillOutside?: (node: Node<ResizeAttributes>, axes: readonly ResizedAxis[], y: Value, lowering: Lowering) => void;
} = {};

export const f32 = Math.fround;

/**
 * The place in the input of the output's row `i`. From sizes it is exact, a quotient of whole numbers; from scales each
 * operation is rounded to float32, as in PyTorch and onnxruntime, because that decides which of two rows is the nearest.
 */
export function coordinates(axis: ResizedAxis, i: number, mode: Coordinates): number {
  const { from, to, scale, ratio } = axis;
  // An axis whose length stays is copied, unless it stays only because a policy's ratio was rounded.
  if (from === to && (!ratio || scale === 1) && mode !== 'tf_crop_and_resize') return i;
  const round = ratio ? (x: number) => x : f32;
  const [longer, shorter] = ratio ?? [scale, 1];
  const at = (row: number) => round((row * shorter) / longer);
  if (rareModes.test(mode)) return (resampling.place as NonNullable<typeof resampling.place>)(axis, i, mode, at);
  switch (mode) {
    case 'align_corners':
      return to > 1 ? round(round(i * (from - 1)) / (to - 1)) : 0;
    case 'asymmetric':
      return at(i);
    default:
      return mode === 'half_pixel' || to > 1 ? round(at(i + 0.5) - 0.5) : 0;
  }
}

/** The options of Resize that need `resampling`. */
export const rareModes = /^(cubic|not_|tf_|half_pixel_s)/;

/** The most taps of a row. */
export function mostTaps({ from, scale }: ResizedAxis, { mode, antialias }: Sampling): number {
  return mode === 'nearest' ? 1 : Math.min(from, antialias ? Math.max(4, 4 / scale) : 4);
}

/** The table of an axis; undefined if every row stays unchanged. */
export function tableOf(axis: ResizedAxis, sampling: Sampling): AxisTable | undefined {
  const { from, to } = axis;
  const places = Float64Array.from({ length: to }, (_, i) => coordinates(axis, i, sampling.coordinates));
  if (from === to && places.every((at, i) => at === i)) return undefined;
  if (sampling.mode === 'nearest') {
    const rounding = roundingOf(axis, sampling);
    return { taps: 1, indices: Int32Array.from(places, (at) => clamp(round(at, rounding, axis), from)) };
  }
  const row = rowOf(axis, sampling);
  // Each row is computed twice, because lists of rows would take many times the memory of the table.
  const taps = places.reduce((most, at) => Math.max(most, row(at).length), 1);
  const indices = new Int32Array(to * taps);
  const weights = new Float32Array(to * taps);
  places.forEach((place, i) => {
    const { length, rows, shares } = row(place);
    // A row ends where its first tap's index is repeated.
    indices.fill(length > 0 ? at(rows, 0) : 0, i * taps, (i + 1) * taps);
    for (let t = 0; t < length; t++) {
      indices[i * taps + t] = at(rows, t);
      weights[i * taps + t] = at(shares, t);
    }
  });
  return { taps, indices, weights };
}

const roundingOf = ({ scale }: ResizedAxis, { rounding }: Sampling): Rounding =>
  rounding !== 'unspecified' ? rounding : scale < 1 ? 'ceil' : 'floor';

/** A place that would be an integer, but for a scale's rounding to float32. */
const snapped = (place: number): number => (Math.abs(place - Math.round(place)) < 1e-5 ? Math.round(place) : place);

/** The first and the last row that the output's row `i` is made of, as if the axis went on at both ends. */
export function rowsSeen(axis: ResizedAxis, i: number, sampling: Sampling): readonly [number, number] {
  const at = snapped(coordinates(axis, i, sampling.coordinates));
  if (sampling.mode === 'nearest') {
    const row = round(at, roundingOf(axis, sampling), axis);
    return [row, row];
  }
  const stretch = sampling.antialias ? Math.min(1, axis.scale) : 1;
  if (stretch === 1 && Number.isInteger(at)) return [at, at];
  const radius = (sampling.mode === 'linear' ? 1 : 2) / stretch;
  // At its very ends a kernel is 0.
  return [Math.floor(snapped(at - radius)) + 1, Math.ceil(snapped(at + radius)) - 1];
}

const clamp = (at: number, size: number): number => Math.min(Math.max(at, 0), size - 1);

function round(at: number, rounding: Rounding, { ratio }: ResizedAxis): number {
  if (rounding === 'floor') return Math.floor(at);
  if (rounding === 'ceil') return Math.ceil(at);
  // Chooses between two equally near rows; if places are rounded, two count as equal up to 1e-6, as in onnxruntime.
  const half = ratio ? 0.5 : 0.500001;
  return rounding === 'round_prefer_floor' ? Math.ceil(at - half) : Math.floor(at + half);
}

/** The rows for a place, and their shares. The lists are reused for every place, and hold `length` numbers. */
function rowOf(axis: ResizedAxis, sampling: Sampling) {
  const { from: size, scale } = axis;
  // The kernel's scale: below 1 it gets wider.
  const stretch = sampling.antialias ? Math.min(1, scale) : 1;
  const radius = (sampling.mode === 'linear' ? 1 : 2) / stretch;
  const kernel = sampling.mode === 'linear' ? hat : (resampling.cubic as NonNullable<typeof resampling.cubic>)(sampling.cubic);
  const most = Math.min(size, Math.ceil(2 * radius) + 1);
  const [rows, shares] = [new Int32Array(most), new Float64Array(most)];
  return (place: number) => {
    // Clamped, because a loop over numbers so large that adding 1 changes nothing would not end.
    const centre = Math.min(Math.max(place, -radius - 1), size + radius);
    let [length, total] = [0, 0];
    // Every row of the window is kept, even with weight 0, as elsewhere: times infinity that makes NaN.
    for (let index = Math.floor(centre - radius) + 1; index <= Math.floor(centre + radius); index++) {
      const weight = kernel(Math.abs(index - centre) * stretch);
      if (sampling.excludeOutside && (index < 0 || index >= size)) continue;
      const row = clamp(index, size);
      if (length === 0 || rows[length - 1] !== row) {
        rows[length] = row;
        shares[length++] = 0;
      }
      shares[length - 1] = at(shares, length - 1) + weight;
      total += weight;
    }
    // The weights of the plain kernels add up to 1 by themselves.
    const normal = sampling.excludeOutside || stretch < 1 ? total : 1;
    for (let t = 0; t < length; t++) shares[t] = at(shares, t) / normal;
    return { length, rows, shares };
  };
}

const hat = (d: number): number => Math.max(0, 1 - d);
