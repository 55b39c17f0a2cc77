import { at } from '../graph/at.ts';
import { product } from '../graph/dims.ts';
import type { Layout } from '../plan/place.ts';

/** The dimensions of a tensor of `rank` in the order of memory, as indices of logical ones. */
export function memoryOrder(layout: Layout, rank: number): number[] {
  const order = Array.from({ length: rank }, (_, i) => i);
  if (layout === 'channelsLast' && rank > 2) order.push(...order.splice(1, 1));
  return order;
}

/**
 * Strides by logical dimension, of a tensor without gaps.
 * @param unit size of an element: 1 for strides in elements
 * @param pixelStride channels-last: from one pixel to the next, if that is more than the channels
 */
export function stridesOf(layout: Layout, dims: readonly number[], unit = 1, pixelStride?: number): number[] {
  const strides = dims.map(() => 0);
  let stride = unit;
  for (const axis of memoryOrder(layout, dims.length).reverse()) {
    strides[axis] = stride;
    stride = axis === 1 && layout === 'channelsLast' && dims.length > 2 && pixelStride ? pixelStride : stride * at(dims, axis);
  }
  return strides;
}

/** A tensor without gaps around one of its dimensions: [outer, length, inner] in the order of memory. */
export function aroundAxis(
  dims: readonly number[],
  axis: number,
  layout: Layout = 'rowMajor',
): { outer: number; length: number; inner: number } {
  const order = memoryOrder(layout, dims.length);
  const place = order.indexOf(axis);
  const size = (axes: readonly number[]) => product(axes.map((a) => at(dims, a)));
  // A scalar has one element along any axis.
  return { outer: size(order.slice(0, place)), length: dims[axis] ?? 1, inner: size(order.slice(place + 1)) };
}

/** Loops over a shape: sizes and, for each tensor, strides. */
export interface Loops {
  readonly sizes: number[];
  readonly strides: number[][];
}

/** Drops loops of size 1, and merges neighbours that every tensor steps through evenly. */
export function mergeLoops({ sizes, strides }: Loops): Loops {
  const merged: Loops = { sizes: [], strides: strides.map(() => []) };
  sizes.forEach((size, i) => {
    if (size === 1) return;
    const last = merged.sizes.length - 1;
    const steps = strides.map((list) => at(list, i));
    const even = last >= 0 && steps.every((step, t) => at(merged.strides, t)[last] === step * size);
    const place = even ? last : last + 1;
    merged.sizes[place] = size * (even ? at(merged.sizes, last) : 1);
    merged.strides.forEach((list, t) => {
      list[place] = at(steps, t);
    });
  });
  return merged;
}

/** Loops in the order of the first tensor's memory, the longest stride first, merged. */
export function inMemoryOrder({ sizes, strides }: Loops): Loops {
  const step = (i: number) => Math.abs(at(at(strides, 0), i));
  const order = sizes.map((_, i) => i).sort((a, b) => step(b) - step(a) || a - b);
  const pick = (list: readonly number[]) => order.map((i) => at(list, i));
  return mergeLoops({ sizes: pick(sizes), strides: strides.map(pick) });
}

/** Strides of a tensor that broadcasts to `target` (numpy's rule): 0 along dimensions that repeat. */
export function broadcastStrides(strides: readonly number[], dims: readonly number[], target: readonly number[]): number[] {
  const missing = target.length - dims.length;
  return target.map((size, axis) => (dims[axis - missing] === size ? at(strides, axis - missing) : 0));
}
