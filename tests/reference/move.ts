// Operators that move elements. They compute nothing, so that a reference run over places (0, 1, 2, ...) tells where each element goes.

import { array, at, indexOf, type NdArray, normalizeAxis, offsetOf } from './array.ts';

/** An array of `dims` whose element at `index` is x's at `source(index)`, or `fill` where that is undefined. */
function pick(x: NdArray, dims: readonly number[], source: (index: number[]) => number[] | undefined, fill = 0): NdArray {
  const y = array(dims);
  for (let i = 0; i < y.data.length; i++) {
    const from = source(indexOf(dims, i));
    y.data[i] = from ? at(x.data, offsetOf(x.dims, from)) : fill;
  }
  return y;
}

/** `list` with entry `i` replaced. */
const replaced = (list: readonly number[], i: number, ...values: number[]): number[] => [
  ...list.slice(0, i),
  ...values,
  ...list.slice(i + 1),
];

export interface SliceOptions {
  starts: readonly number[];
  ends: readonly number[];
  axes?: readonly number[] | undefined;
  steps?: readonly number[] | undefined;
}

/** ONNX Slice: the positions from start on, in steps, before (with a negative step: behind) end. */
export function slice(x: NdArray, { starts, ends, axes = starts.map((_, i) => i), steps = starts.map(() => 1) }: SliceOptions): NdArray {
  const kept = x.dims.map((size) => Array.from({ length: size }, (_, i) => i));
  axes.forEach((axis, i) => {
    const a = normalizeAxis(axis, x.dims.length);
    const size = at(x.dims, a);
    const step = at(steps, i);
    const fromEnd = (position: number) => (position < 0 ? position + size : position);
    const [start, end] = [fromEnd(at(starts, i)), fromEnd(at(ends, i))];
    // Walks through all positions that there are, in the step's direction, and asks each whether it is on the way.
    const walk = Array.from({ length: size }, (_, p) => (step > 0 ? p : size - 1 - p));
    // Backwards it starts within the axis, even where the start lies before it (numpy gives nothing then).
    const first = step > 0 ? Math.max(start, 0) : Math.max(Math.min(start, size - 1), 0);
    kept[a] = walk.filter((p) => (step > 0 ? p >= first && p < end : p <= first && p > end) && Math.abs(p - first) % Math.abs(step) === 0);
  });
  const dims = kept.map(({ length }) => length);
  return pick(x, dims, (index) => index.map((i, axis) => at(kept[axis] as number[], i)));
}

/** ONNX Split into parts of `lengths`. */
export function split(x: NdArray, lengths: readonly number[], axis = 0): NdArray[] {
  const a = normalizeAxis(axis, x.dims.length);
  return lengths.map((length, part) => {
    const before = lengths.slice(0, part).reduce((sum, n) => sum + n, 0);
    return pick(x, replaced(x.dims, a, length), (index) => replaced(index, a, at(index, a) + before));
  });
}

/** ONNX Concat. */
export function concat(parts: readonly NdArray[], axis: number): NdArray {
  const [first] = parts as [NdArray];
  const a = normalizeAxis(axis, first.dims.length);
  const owners = parts.flatMap(({ dims }, part) => Array.from({ length: at(dims, a) }, (_, row) => ({ part, row })));
  const y = array(replaced(first.dims, a, owners.length));
  for (let i = 0; i < y.data.length; i++) {
    const index = indexOf(y.dims, i);
    const { part, row } = owners[at(index, a)] as { part: number; row: number };
    const { dims, data } = parts[part] as NdArray;
    y.data[i] = at(data, offsetOf(dims, replaced(index, a, row)));
  }
  return y;
}

/** ONNX Expand: numpy's x * ones(shape). */
export function expand(x: NdArray, shape: readonly number[]): NdArray {
  const rank = Math.max(x.dims.length, shape.length);
  const padded = (dims: readonly number[]) => [...new Array<number>(rank - dims.length).fill(1), ...dims];
  const [from, wanted] = [padded(x.dims), padded(shape)];
  const dims = from.map((size, axis) => (size === 1 ? at(wanted, axis) : size));
  return pick(x, dims, (index) => index.slice(rank - x.dims.length).map((i, axis) => (at(x.dims, axis) === 1 ? 0 : i)));
}

/** ONNX Tile. */
export function tile(x: NdArray, repeats: readonly number[]): NdArray {
  const dims = x.dims.map((size, axis) => size * at(repeats, axis));
  return pick(x, dims, (index) => index.map((i, axis) => i % at(x.dims, axis)));
}

/** ONNX DepthToSpace. The channel is (row, column, depth) with DCR, and (depth, row, column) with CRD. */
export function depthToSpace(x: NdArray, block: number, mode: 'DCR' | 'CRD' = 'DCR'): NdArray {
  const [n = 0, c = 0, h = 0, w = 0] = x.dims;
  const depth = c / (block * block);
  return pick(x, [n, depth, h * block, w * block], ([b = 0, d = 0, row = 0, column = 0]) => {
    const [r, q] = [row % block, column % block];
    const channel = mode === 'DCR' ? (r * block + q) * depth + d : (d * block + r) * block + q;
    return [b, channel, Math.floor(row / block), Math.floor(column / block)];
  });
}

/** ONNX SpaceToDepth, the inverse of DepthToSpace with DCR. */
export function spaceToDepth(x: NdArray, block: number): NdArray {
  const [n = 0, c = 0, h = 0, w = 0] = x.dims;
  return pick(x, [n, c * block * block, h / block, w / block], ([b = 0, channel = 0, row = 0, column = 0]) => {
    const place = Math.floor(channel / c);
    return [b, channel % c, row * block + Math.floor(place / block), column * block + (place % block)];
  });
}

/** Channels in `groups`, of which each gives one in turn. */
export const channelShuffle = (x: NdArray, groups: number): NdArray =>
  pick(x, x.dims, (index) => {
    const channel = at(index, 1);
    return replaced(index, 1, (channel % groups) * (at(x.dims, 1) / groups) + Math.floor(channel / groups));
  });

/** ONNX Squeeze. */
export function squeeze(x: NdArray, axes?: readonly number[]): NdArray {
  const gone = axes?.map((axis) => normalizeAxis(axis, x.dims.length));
  return array(
    x.dims.filter((size, axis) => (gone ? !gone.includes(axis) : size !== 1)),
    x.data,
  );
}

/** ONNX Unsqueeze; the axes are the result's. */
export function unsqueeze(x: NdArray, axes: readonly number[]): NdArray {
  const rank = x.dims.length + axes.length;
  const dims = [...x.dims];
  for (const axis of axes.map((a) => normalizeAxis(a, rank)).sort((a, b) => a - b)) dims.splice(axis, 0, 1);
  return array(dims, x.data);
}

/** ONNX Gather: the indices' dimensions stand where the axis was. */
export function gather(x: NdArray, indices: NdArray, axis = 0): NdArray {
  const a = normalizeAxis(axis, x.dims.length);
  const rank = indices.dims.length;
  return pick(x, replaced(x.dims, a, ...indices.dims), (index) => {
    const row = at(indices.data, offsetOf(indices.dims, index.slice(a, a + rank)));
    return [...index.slice(0, a), row < 0 ? row + at(x.dims, a) : row, ...index.slice(a + rank)];
  });
}

/** ONNX GatherElements. */
export function gatherElements(x: NdArray, indices: NdArray, axis = 0): NdArray {
  const a = normalizeAxis(axis, x.dims.length);
  return pick(x, indices.dims, (index) => {
    const row = at(indices.data, offsetOf(indices.dims, index));
    return replaced(index, a, row < 0 ? row + at(x.dims, a) : row);
  });
}

export interface PadOptions {
  /** Begins, then ends, of all axes or of `axes`. */
  pads: readonly number[];
  axes?: readonly number[] | undefined;
  mode?: 'constant' | 'reflect' | 'edge' | 'wrap' | undefined;
  value?: number | undefined;
}

/** ONNX Pad: every axis of x goes on for ever, as the mode says, and the result is a window on that. */
export function pad(x: NdArray, { pads, axes = x.dims.map((_, axis) => axis), mode = 'constant', value = 0 }: PadOptions): NdArray {
  const begins = x.dims.map(() => 0);
  const dims = [...x.dims];
  axes.forEach((axis, i) => {
    const a = normalizeAxis(axis, x.dims.length);
    begins[a] = at(pads, i);
    dims[a] = at(dims, a) + at(pads, i) + at(pads, i + axes.length);
  });
  return pick(
    x,
    dims,
    (index) => {
      const source = index.map((i, axis) => continued(i - at(begins, axis), at(x.dims, axis), mode));
      return source.includes(-1) ? undefined : source;
    },
    value,
  );
}

/** The position from 0 to size - 1 that stands at `p` of the endless axis, or -1 for none. */
function continued(p: number, size: number, mode: PadOptions['mode']): number {
  if (mode === 'edge') return Math.min(Math.max(p, 0), size - 1);
  if (mode === 'constant') return p >= 0 && p < size ? p : -1;
  if (mode === 'wrap') return p - size * Math.floor(p / size);
  // There and back again: 0 1 2 3 2 1 0 1 ...
  let [i, direction] = [0, p < 0 ? -1 : 1];
  for (let steps = Math.abs(p); steps > 0; steps--) {
    if (i + direction < 0 || i + direction >= size) direction = -direction;
    i += direction;
  }
  return i;
}
