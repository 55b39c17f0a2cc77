// Checkpoints: the forward pass keeps values at a few borders only, and the backward pass computes those between them again
// (Chen, Xu, Zhang and Guestrin 2016, "Training deep nets with sublinear memory cost", arXiv:1604.06174).

import { at } from '../graph/at.ts';
import { bytesOf, type Value } from '../graph/value.ts';
import { type ConcatAttributes, concat } from '../ops/move/concat.ts';
import type { Node } from '../ops/operator.ts';

/**
 * A backward pass that keeps less of the forward pass: values inside of segments are computed again, by the same kernels on the same
 * numbers, just before the backward pass first reads one of the segment's. There are about as many segments as nodes in each,
 * so that for n equal nodes about 2 · sqrt(n) values are kept instead of n, for less than one more forward pass.
 * @param forward the forward pass, in execution order
 * @param backward the backward pass of `differentiate`, in execution order
 * @param kept values of the forward pass that stay anyway: the network's outputs
 * @returns the backward pass, with nodes of the forward pass in between
 */
export function recompute(forward: readonly Node[], backward: readonly Node[], kept: Iterable<Value> = []): Node[] {
  const flow = flowOf(forward, backward, new Set(kept));
  const borders = bestBorders(flow);
  // The last segment is still there when the backward pass begins.
  const segmentAt = new Int32Array(forward.length).fill(-1);
  borders.forEach((end, segment) => void segmentAt.fill(segment, at([0, ...borders], segment), end));
  const segmentOf = (value: Value): number => {
    const made = flow.maker.get(value);
    if (made === undefined || flow.kept.has(value)) return -1;
    const segment = at(segmentAt, made);
    // What a later segment reads stays.
    return segment < 0 || (flow.lastRead.get(value) ?? made) >= at(borders, segment) ? -1 : segment;
  };

  const again = new Map<Value, Value>();
  const renewed = (value: Value | undefined) => value && (again.get(value) ?? value);
  const result: Node[] = [];
  const done = new Set<number>();
  for (const node of backward) {
    for (const value of node.inputs) {
      const segment = value ? segmentOf(value) : -1;
      if (segment < 0 || done.has(segment)) continue;
      done.add(segment);
      const inside = forward.slice(at([0, ...borders], segment), borders[segment]);
      const needed = new Set(inside.flatMap(({ outputs }) => outputs.filter((output) => flow.saved.has(output) && segmentOf(output) >= 0)));
      for (const copied of neededNodes(inside, needed, (output) => segmentOf(output) >= 0)) {
        // Without the outputs at its end that nobody needs: they may be states, which are written once.
        const count = 1 + copied.outputs.findLastIndex((output) => needed.has(output));
        const outputs = copied.outputs.slice(0, count).map((output): Value => {
          const { type, dims, name } = output;
          const copy = { name: `${name} (again)`, type, dims };
          if (segmentOf(output) >= 0) again.set(output, copy);
          return copy;
        });
        result.push({ ...copied, name: `${copied.name} (again)`, inputs: copied.inputs.map(renewed), outputs, outputCount: count });
      }
    }
    result.push({ ...node, inputs: node.inputs.map(renewed) });
  }
  return result;
}

/** The nodes that make the needed values, in execution order; adds to `needed` what they read from among themselves. */
function neededNodes(nodes: readonly Node[], needed: Set<Value>, inner: (value: Value) => boolean): Node[] {
  const result: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((value) => needed.has(value))) continue;
    result.unshift(node);
    for (const value of node.inputs) if (value && inner(value)) needed.add(value);
  }
  return result;
}

/** Who makes and who reads the values of the forward pass. */
interface Flow {
  readonly forward: readonly Node[];
  /** The index of the node that makes a value. */
  readonly maker: ReadonlyMap<Value, number>;
  /** The index of the last node of the forward pass that reads a value. */
  readonly lastRead: ReadonlyMap<Value, number>;
  /** The values that the backward pass reads. */
  readonly saved: ReadonlySet<Value>;
  readonly kept: ReadonlySet<Value>;
}

function flowOf(forward: readonly Node[], backward: readonly Node[], kept: ReadonlySet<Value>): Flow {
  const [maker, lastRead, saved] = [new Map<Value, number>(), new Map<Value, number>(), new Set<Value>()];
  forward.forEach(({ inputs, outputs }, i) => {
    for (const value of inputs) if (value) lastRead.set(value, i);
    for (const value of outputs) maker.set(value, i);
  });
  for (const { inputs } of backward) for (const value of inputs) if (value && maker.has(value)) saved.add(value);
  return { forward, maker, lastRead, saved, kept: new Set([...kept, ...denseValues(forward)]) };
}

/**
 * The values of dense blocks, whose concatenations continue each other: all lie in the longest one (see src/compiler/slices.ts),
 * so that they take no memory of their own, but copies of them would.
 */
function denseValues(forward: readonly Node[]): Value[] {
  const concats = forward.filter((node) => node.op === concat && (node as Node<ConcatAttributes>).attributes.axis === 1);
  const parts = concats.flatMap(({ inputs, outputs }) => [...new Set(inputs), ...outputs]);
  const seen = new Set<Value | undefined>();
  const shared = new Set(parts.filter((value) => seen.size === seen.add(value).size));
  return concats.flatMap(({ inputs, outputs }) => (inputs.some((value) => shared.has(value)) ? [...(inputs as Value[]), ...outputs] : []));
}

/** Where segments end, but the last: the borders among those for one segment, two, three, ... that need the least memory. */
function bestBorders(flow: Flow): number[] {
  const { forward, maker, lastRead, saved, kept } = flow;
  const count = forward.length;
  // Bytes that cross the border before a node, twice those that the backward pass does not read anyway; bytes that the nodes
  // before it save.
  const crossing = new Float64Array(count + 1);
  const before = new Float64Array(count + 1);
  for (const [value, made] of maker) {
    if (kept.has(value)) continue;
    const bytes = bytesOf(value);
    const cost = saved.has(value) ? bytes : 2 * bytes;
    for (let i = made + 1; i <= (lastRead.get(value) ?? made); i++) crossing[i] = at(crossing, i) + cost;
    if (saved.has(value)) before[made + 1] = at(before, made + 1) + bytes;
  }
  for (let i = 0; i < count; i++) before[i + 1] = at(before, i + 1) + at(before, i);
  const total = at(before, count);

  let best: { readonly borders: number[]; readonly bytes: number } = { borders: [], bytes: total };
  const most = Math.ceil(2 * Math.sqrt(count));
  for (let segments = 2; segments <= most; segments++) {
    const part = total / segments;
    const borders: number[] = [];
    let bytes = 0;
    let largest = 0;
    for (let segment = 1, from = 0; segment < segments; segment++) {
      const border = cheapest(crossing, before, { from, goal: segment * part, reach: part / 2 });
      if (border === undefined) continue;
      largest = Math.max(largest, at(before, border) - at(before, from));
      bytes += at(crossing, border);
      borders.push(border);
      from = border;
    }
    bytes += Math.max(largest, total - at(before, borders.at(-1) ?? 0));
    if (bytes < best.bytes) best = { borders, bytes };
  }
  return best.borders;
}

/** The border after `from` that the fewest bytes cross, among those near the goal; of equal ones the nearest. */
function cheapest(
  crossing: Float64Array,
  before: Float64Array,
  { from, goal, reach }: { readonly from: number; readonly goal: number; readonly reach: number },
): number | undefined {
  let found: number | undefined;
  const distance = (i: number) => Math.abs(at(before, i) - goal);
  for (let i = from + 1; i < crossing.length - 1; i++) {
    if (distance(i) > reach) continue;
    const gain = found === undefined ? 1 : at(crossing, found) - at(crossing, i) || distance(found) - distance(i);
    if (gain > 0) found = i;
  }
  return found;
}
