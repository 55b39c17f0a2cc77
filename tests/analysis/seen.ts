// What outputs see, found by trying: a pixel is changed, and whatever changes has seen it.

import type { Graph } from '../../src/graph/graph.ts';
import { runGraph } from '../kernels/run.ts';
import { at, type NdArray, random } from '../reference/index.ts';

/** The first and the last row that a position sees; undefined where it sees none. */
export type Range = readonly [first: number, last: number] | undefined;

/** From each row's outputs, those of an unchanged picture first: what every output position sees. */
export function rangesOf(outputs: readonly NdArray[], axis: number): Range[] {
  const [plain, ...changed] = outputs as [NdArray, ...NdArray[]];
  const positions = axis < plain.dims.length ? at(plain.dims, axis) : 1;
  const stride = plain.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  return Array.from({ length: positions }, (_, position): Range => {
    const seen = changed.flatMap(({ data }, row) => {
      const differs = plain.data.some((value, i) => Math.floor(i / stride) % positions === position && value !== data[i]);
      return differs ? [row] : [];
    });
    const [first] = seen;
    return first === undefined ? undefined : [first, seen.at(-1) ?? first];
  });
}

/** Pictures of which all but the first differ from that in one row along `axis`. */
export function changedAlong(dims: readonly number[], axis: number, by = 1024): NdArray[] {
  const plain = random(dims, 1, 1, 2);
  const stride = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const rows = Array.from({ length: at(dims, axis) }, (_, row) => ({
    dims: [...dims],
    data: plain.data.map((value, i) => (Math.floor(i / stride) % at(dims, axis) === row ? value + by : value)),
  }));
  return [plain, ...rows];
}

/**
 * What each position of a graph's output sees along an axis of its only input.
 * @param dims of one picture, [1, ...]; all its variants run as one batch
 */
export function seenBy(graph: Graph, dims: readonly number[], axis: number, outputAxis = axis): Range[] {
  const pictures = changedAlong(dims, axis);
  const batch = { dims: [pictures.length, ...dims.slice(1)], data: Float64Array.from(pictures.flatMap(({ data }) => [...data])) };
  const name = graph.inputs[0]?.name ?? '';
  const [y] = runGraph(graph, { [name]: batch }) as [NdArray];
  const each = y.data.length / pictures.length;
  const outputs = pictures.map((_, i) => ({ dims: [1, ...y.dims.slice(1)], data: y.data.slice(i * each, (i + 1) * each) }));
  return rangesOf(outputs, outputAxis);
}
