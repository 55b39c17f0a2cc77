// Weights as integers.

import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Constant, GraphNode } from '../graph/graph.ts';
import { clamp, roundEven } from './numbers.ts';

/** Weights with one scale for each index of an axis, or for each block along it; zero points are 0. */
export interface Integers {
  readonly data: Int8Array;
  readonly scales: Float32Array;
}

/** @throws LanewiseError NOT_FINITE if a layer's weights or biases have infinities or NaN, for which no integer stands */
export function checkFinite({ name }: GraphNode, ...constants: readonly (Constant | undefined)[]): void {
  const wrong = constants.find((constant) => constant && !(constant.read() as Float32Array).every(Number.isFinite));
  if (wrong) throw new LanewiseError('NOT_FINITE', `'${wrong.name}' of node '${name}' has infinities or NaN`);
}

/** The number of the axis of each element. */
const indexOf = (dims: readonly number[], axis: number) => {
  const inner = product(dims.slice(axis + 1));
  const size = dims[axis] as number;
  return (i: number): number => Math.floor(i / inner) % size;
};

/**
 * The scales of int8 weights: the largest weight of each channel is ±`most`; channels of zeros have 1.
 * @param leastOf what a channel's scale must be at least
 */
export function channelScales(
  weights: ArrayLike<number>,
  dims: readonly number[],
  axis: number,
  most: number,
  leastOf: (channel: number) => number = () => 0,
): Float32Array {
  const at = indexOf(dims, axis);
  const scales = new Float32Array(dims[axis] as number);
  for (let i = 0; i < weights.length; i++) scales[at(i)] = Math.max(scales[at(i)] as number, Math.abs(weights[i] as number));
  return scales.map((largest, channel) => Math.max(Math.fround(largest / most), leastOf(channel)) || 1);
}

/** Weights by the scales of their channels: round(w / scale), a half to the even number, as QuantizeLinear has it. */
export function inChannels(
  weights: ArrayLike<number>,
  dims: readonly number[],
  axis: number,
  scales: Float32Array,
  most: number,
): Int8Array {
  const at = indexOf(dims, axis);
  return Int8Array.from(weights, (w, i) => clamp(roundEven(Math.fround(w / (scales[at(i)] as number))), -most, most));
}

/** The largest magnitude of 4 bits. */
const MOST4 = 7;
/** The scales that are tried, as parts of the one by which the largest weight fits: small ones cut off few weights and round the others less. */
const PARTS = [1, 0.96, 0.92, 0.88, 0.84, 0.8, 0.76, 0.72, 0.68];

/**
 * Weights of 4 bits by blocks along an axis, each with the scale that has the least squared error.
 * @param block neighbours along the axis that share a scale; the last may have fewer
 */
export function inBlocks(weights: ArrayLike<number>, dims: readonly number[], axis: number, block: number): Integers {
  const inner = product(dims.slice(axis + 1));
  const size = dims[axis] as number;
  const count = Math.ceil(size / block);
  const outer = product(dims.slice(0, axis));
  const data = new Int8Array(weights.length);
  const scales = new Float32Array(outer * count * inner);
  for (let s = 0; s < scales.length; s++) {
    const column = s % inner;
    const index = Math.floor(s / inner) % count;
    const first = Math.floor(s / inner / count) * size + index * block;
    const length = Math.min(block, size - index * block);
    const place = (i: number) => (first + i) * inner + column;
    let largest = 0;
    for (let i = 0; i < length; i++) largest = Math.max(largest, Math.abs(weights[place(i)] as number));
    let least = Number.POSITIVE_INFINITY;
    for (const part of largest > 0 ? PARTS : [MOST4]) {
      const scale = Math.fround(((largest || 1) * part) / MOST4) || 1;
      const rounded = (i: number) => clamp(roundEven(Math.fround((weights[place(i)] as number) / scale)), -MOST4, MOST4);
      let error = 0;
      for (let i = 0; i < length; i++) {
        const rest = (weights[place(i)] as number) - rounded(i) * scale;
        error += rest * rest;
      }
      if (error >= least) continue;
      least = error;
      scales[s] = scale;
      for (let i = 0; i < length; i++) data[place(i)] = rounded(i);
    }
  }
  return { data, scales };
}

/** Weights as they are computed with: w · scale, in float32. @param block along the axis, if blocks share a scale */
export function dequantized({ data, scales }: Integers, dims: readonly number[], axis: number, block?: number): Float32Array {
  const inner = product(dims.slice(axis + 1));
  const size = dims[axis] as number;
  const at = block
    ? (i: number) => {
        const row = Math.floor(i / inner);
        return (Math.floor(row / size) * Math.ceil(size / block) + Math.floor((row % size) / block)) * inner + (i % inner);
      }
    : indexOf(dims, axis);
  return Float32Array.from(data, (w, i) => w * (scales[at(i)] as number));
}
