// Which rows of an axis a resized row is made of, as ONNX's Resize defines it.

import type { AxisTable } from './axis.ts';

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
  /** Of nearest. Opset 10 leaves it open, and its cases round up where the axis gets shorter, else down. */
  readonly rounding: Rounding | 'unspecified';
  /** The cubic kernel's a (Keys 1981). */
  readonly cubic: number;
  /** Taps outside count nothing, instead of reading the edge. */
  readonly excludeOutside: boolean;
  /** Where it gets smaller, kernels are stretched to see every pixel. */
  readonly antialias: boolean;
}

export interface ResizedAxis {
  readonly from: number;
  readonly to: number;
  /** As given, which may differ from to / from by the rounding of the size. */
  readonly scale: number;
  /** Region of interest from 0 to 1, of tf_crop_and_resize. */
  readonly roi: readonly [number, number];
}

/** The place in the input of the output's row `i`. */
export function coordinates({ from, to, scale, roi }: ResizedAxis, i: number, mode: Coordinates): number {
  switch (mode) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric': {
      const adjustment = to / (scale * from);
      const center = from / 2;
      return center * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    case 'pytorch_half_pixel':
      return to > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return to > 1 ? (i * (from - 1)) / (exactLength(from, to, scale) - 1) : 0;
    case 'asymmetric':
      return i / scale;
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale;
    case 'tf_crop_and_resize': {
      const [begin, end] = roi;
      return to > 1 ? begin * (from - 1) + (i * (end - begin) * (from - 1)) / (to - 1) : 0.5 * (begin + end) * (from - 1);
    }
  }
}

/** The length that a scale asks for before it is cut to whole rows, which is what ONNX's align_corners counts with. */
function exactLength(from: number, to: number, scale: number): number {
  // A scale is a float32, and off by as much.
  return Math.abs(from * scale - to) < 1e-4 * to ? to : from * scale;
}

/** How many taps a row has, at most. */
export function mostTaps({ from, scale }: ResizedAxis, { mode, antialias }: Sampling): number {
  return mode === 'nearest' ? 1 : Math.min(from, antialias ? Math.max(4, 4 / scale) : 4);
}

/** The table of an axis; undefined where every row stays what it is. */
export function tableOf(axis: ResizedAxis, sampling: Sampling): AxisTable | undefined {
  const { from, to } = axis;
  const places = Array.from({ length: to }, (_, i) => coordinates(axis, i, sampling.coordinates));
  if (from === to && places.every((at, i) => at === i)) return undefined;
  if (sampling.mode === 'nearest') {
    const rounding = roundingOf(axis, sampling);
    return { taps: 1, indices: Int32Array.from(places, (at) => clamp(round(at, rounding), from)) };
  }
  const stretch = sampling.antialias ? Math.min(1, axis.scale) : 1;
  const rows = places.map((at) => tapsAt(at, from, sampling, stretch));
  const taps = rows.reduce((most, { length }) => Math.max(most, length), 1);
  const indices = new Int32Array(to * taps);
  const weights = new Float32Array(to * taps);
  rows.forEach((row, i) => {
    for (let t = 0; t < taps; t++) {
      // Taps that a row does not need weigh nothing and read what it reads anyway.
      indices[i * taps + t] = row[t]?.index ?? row[0]?.index ?? 0;
      weights[i * taps + t] = row[t]?.weight ?? 0;
    }
  });
  return { taps, indices, weights };
}

const roundingOf = ({ scale }: ResizedAxis, { rounding }: Sampling): Rounding =>
  rounding !== 'unspecified' ? rounding : scale < 1 ? 'ceil' : 'floor';

/** A place that should be a whole number, were it not for a scale's rounding to float32. */
const snapped = (place: number): number => (Math.abs(place - Math.round(place)) < 1e-5 ? Math.round(place) : place);

/** The first and the last row that the output's row `i` is made of, as if the axis went on at both ends. */
export function rowsSeen(axis: ResizedAxis, i: number, sampling: Sampling): readonly [number, number] {
  const at = snapped(coordinates(axis, i, sampling.coordinates));
  if (sampling.mode === 'nearest') {
    const row = round(at, roundingOf(axis, sampling));
    return [row, row];
  }
  const stretch = sampling.antialias ? Math.min(1, axis.scale) : 1;
  if (stretch === 1 && Number.isInteger(at)) return [at, at];
  const radius = (sampling.mode === 'linear' ? 1 : 2) / stretch;
  // At its very ends a kernel is 0.
  return [Math.floor(snapped(at - radius)) + 1, Math.ceil(snapped(at + radius)) - 1];
}

const clamp = (at: number, size: number): number => Math.min(Math.max(at, 0), size - 1);

function round(at: number, rounding: Rounding): number {
  if (rounding === 'floor') return Math.floor(at);
  if (rounding === 'ceil') return Math.ceil(at);
  // Of two equally near rows.
  return rounding === 'round_prefer_floor' ? Math.ceil(at - 0.5) : Math.floor(at + 0.5);
}

/** @param stretch how much of its width the kernel keeps: below 1 it is as much wider */
function tapsAt(place: number, size: number, sampling: Sampling, stretch: number): { index: number; weight: number }[] {
  const radius = (sampling.mode === 'linear' ? 1 : 2) / stretch;
  // Out of reach is out of reach, however far; a loop over numbers so large that 1 more is the same would not end.
  const at = Math.min(Math.max(place, -radius - 1), size + radius);
  const kernel = sampling.mode === 'linear' ? hat : cubicKernel(sampling.cubic);
  const merged = new Map<number, number>();
  let total = 0;
  for (let index = Math.ceil(at - radius); index <= Math.floor(at + radius); index++) {
    const weight = kernel(Math.abs(index - at) * stretch);
    const outside = index < 0 || index >= size;
    if (weight === 0 || (outside && sampling.excludeOutside)) continue;
    const row = clamp(index, size);
    merged.set(row, (merged.get(row) ?? 0) + weight);
    total += weight;
  }
  // The weights of the plain kernels add up to 1 by themselves.
  const normal = sampling.excludeOutside || stretch < 1 ? total : 1;
  return [...merged].map(([index, weight]) => ({ index, weight: weight / normal }));
}

const hat = (d: number): number => Math.max(0, 1 - d);

const cubicKernel =
  (a: number) =>
  (d: number): number =>
    d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
