import type { Layout } from './operator.ts';

/** The dimensions of a tensor of `rank` in the order in which memory has them, as indices of logical ones. */
export function memoryOrder(layout: Layout, rank: number): number[] {
  const order = Array.from({ length: rank }, (_, i) => i);
  if (layout === 'channelsLast' && rank > 2) order.push(...order.splice(1, 1));
  return order;
}

/** Strides in elements by logical dimension, of a tensor without gaps. */
export function stridesOf(layout: Layout, dims: readonly number[]): number[] {
  const strides = dims.map(() => 0);
  let stride = 1;
  for (const axis of memoryOrder(layout, dims.length).reverse()) {
    strides[axis] = stride;
    stride *= dims[axis] ?? 1;
  }
  return strides;
}

/** Loops over a shape: sizes and, for each tensor, strides. */
export interface Loops {
  readonly sizes: number[];
  readonly strides: number[][];
}

/** Drops dimensions of size 1 and joins neighbours that every tensor steps through evenly. */
export function mergeLoops({ sizes, strides }: Loops): Loops {
  const merged: Loops = { sizes: [], strides: strides.map(() => []) };
  sizes.forEach((size, i) => {
    if (size === 1) return;
    const last = merged.sizes.length - 1;
    const even = last >= 0 && strides.every((list, t) => merged.strides[t]?.[last] === (list[i] ?? 0) * size);
    if (even) {
      merged.sizes[last] = (merged.sizes[last] ?? 1) * size;
      merged.strides.forEach((list, t) => {
        list[last] = strides[t]?.[i] ?? 0;
      });
    } else {
      merged.sizes.push(size);
      merged.strides.forEach((list, t) => {
        list.push(strides[t]?.[i] ?? 0);
      });
    }
  });
  return merged;
}
