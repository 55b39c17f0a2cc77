import { at } from '../graph/at.ts';
import type { Value } from '../graph/value.ts';
import { concat } from '../ops/move/concat.ts';
import { rangesOf, slice } from '../ops/move/slice.ts';
import { split } from '../ops/move/split.ts';
import type { Node } from '../ops/operator.ts';
import { input } from '../ops/shapes.ts';
import type { Layout } from '../plan/place.ts';
import { as, type Network } from './network.ts';

/** A value that lies inside another: its channels are those of `of` from `channel` on. */
export interface Slice {
  readonly of: Value;
  readonly channel: number;
}

/**
 * Concatenations along channels whose parts are written where they belong, and parts of a split that are read where they
 * are. A value may lie in another if the nodes that make and read it can handle gaps between pixels, and if it is not in
 * another value already. The last concatenation goes first, so that in a dense block, where every concatenation is the
 * beginning of a longer one, all lie in the longest.
 */
export function findSlices(network: Network, layouts: ReadonlyMap<Value, Layout>): Map<Value, Slice> {
  const slices = new Map<Value, Slice>();
  const channelsLast = (value: Value) => value.dims.length > 2 && layouts.get(value) === 'channelsLast';
  const readable = (value: Value) => !network.outputs.includes(value) && network.readers(value).every(({ op }) => op.slices);
  const free = (value: Value) => channelsLast(value) && !value.constant && !slices.has(value) && readable(value);

  for (const node of [...network.nodes].reverse()) {
    const [whole] = node.outputs;
    if (as(node, concat)?.attributes.axis !== 1 || !whole || !channelsLast(whole)) continue;
    const parts = node.inputs as readonly Value[];
    const start = beginning(parts, slices);
    if (start && free(whole)) {
      slices.set(whole, start);
      continue;
    }
    let channel = 0;
    for (const part of parts) {
      // A split's parts are slices of what it splits; they are copied from there.
      if (network.producer(part)?.op.slices && free(part)) slices.set(part, { of: whole, channel });
      channel += at(part.dims, 1);
    }
  }
  for (const node of network.nodes) {
    const [whole] = node.inputs;
    let channel = whole && !whole.constant && channelsLast(whole) ? firstChannel(node) : undefined;
    if (!whole || channel === undefined) continue;
    for (const part of node.outputs) {
      if (free(part)) slices.set(part, { of: whole, channel });
      channel += at(part.dims, 1);
    }
  }
  return slices;
}

/** Where the first output's channels start, if the outputs are neighbouring channels of the input: of a Split, or a Slice. */
function firstChannel(node: Node): number | undefined {
  if (as(node, split)?.attributes.axis === 1) return 0;
  const sliced = as(node, slice);
  if (!sliced) return undefined;
  const { dims } = input(sliced, 0);
  const ranges = rangesOf(sliced);
  const whole = ranges.every(({ start, step, size }, axis) => step === 1 && (axis === 1 || (start === 0 && size === dims[axis])));
  return whole ? ranges[1]?.start : undefined;
}

/** Where the parts start, if they lie side by side, in order, in another value already. */
function beginning(parts: readonly Value[], slices: ReadonlyMap<Value, Slice>): Slice | undefined {
  const first = parts[0] && slices.get(parts[0]);
  if (!first) return undefined;
  let { channel } = first;
  for (const part of parts) {
    const slice = slices.get(part);
    if (!slice || slice.of !== first.of || slice.channel !== channel) return undefined;
    channel += at(part.dims, 1);
  }
  return first;
}
