// Runs of the network in float32 that look at values inside of it.

import { checkAborted } from '../abort.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ValueType } from '../graph/value.ts';
import { createModel, type LoadOptions } from '../load.ts';
import type { Batches } from './data.ts';
import { withoutDead } from './draft.ts';
import { Histogram } from './histogram.ts';
import type { QuantizeOptions, QuantizeProgress } from './options.ts';

/** The most bytes of values that one run gives, if it gives more than one. */
const MOST_BYTES = 256 * 2 ** 20;

/** What the float32 runs need of the options. */
export const runOptions = ({ threads, worker, memoryLimit, operators }: QuantizeOptions): LoadOptions => ({
  ...(threads !== undefined && { threads }),
  ...(worker !== undefined && { worker }),
  ...(memoryLimit !== undefined && { memoryLimit }),
  ...(operators && { operators }),
});

/** A graph whose outputs are some of its values. Those that are inputs are copied, because a network has no other name for them. */
export function watching(graph: Graph, names: readonly string[]): { readonly graph: Graph; readonly outputs: ReadonlyMap<string, string> } {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const nodes: GraphNode[] = [...graph.nodes];
  const outputs = new Map<string, string>();
  for (const name of names) {
    const output = inputs.has(name) ? `${name}/observed` : name;
    outputs.set(output, name);
    if (output !== name) nodes.push({ op: 'Identity', domain: '', name: output, inputs: [name], outputs: [output], attributes: new Map() });
  }
  const made = [...outputs.keys()].map((name) => ({ name, type: 'float32' as const }));
  return { graph: withoutDead({ ...graph, nodes, outputs: made }), outputs };
}

/** Names in lists whose values take so many bytes together, in order. */
export function parts(names: readonly string[], types: ReadonlyMap<string, ValueType>): string[][] {
  const lists: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const size = 4 * product(types.get(name)?.dims ?? []);
    if (bytes + size > MOST_BYTES) {
      lists.push([]);
      bytes = 0;
    }
    bytes += size;
    lists.at(-1)?.push(name);
  }
  return lists;
}

/**
 * Histograms of values over all batches.
 * @throws LanewiseError NOT_FINITE if one has infinities or NaN; ABORTED; the errors of runs
 */
export async function histograms(
  graph: Graph,
  names: readonly string[],
  types: ReadonlyMap<string, ValueType>,
  batches: Batches,
  options: QuantizeOptions,
): Promise<Map<string, Histogram>> {
  const found = new Map(names.map((name) => [name, new Histogram()]));
  const lists = parts(names, types);
  for (const [turn, list] of lists.entries()) {
    const watched = watching(graph, list);
    let number = 0;
    await runAll(watched.graph, batches, options, (outputs, done) => {
      number++;
      for (const [output, name] of watched.outputs) {
        if (!found.get(name)?.add((outputs[output] as Tensor<'float32'>).data)) {
          throw new LanewiseError('NOT_FINITE', `'${name}' has infinities or NaN for batch ${number} of the calibration data`);
        }
      }
      const { count } = batches;
      tell(options, 'calibrate', turn * (count ?? 0) + done, count === undefined ? undefined : count * lists.length);
    });
  }
  return found;
}

export const tell = ({ onProgress }: QuantizeOptions, stage: QuantizeProgress['stage'], done: number, total: number | undefined): void =>
  onProgress?.({ stage, done, total });

/** Runs a graph on every batch. @param each gets its outputs, and how many batches are done */
export async function runAll(
  graph: Graph,
  batches: Batches,
  options: QuantizeOptions,
  each: (outputs: Readonly<Record<string, Tensor>>, done: number) => void,
): Promise<void> {
  const { signal } = options;
  const model = await createModel(graph, runOptions(options));
  try {
    let done = 0;
    for await (const tensors of batches) {
      checkAborted(signal);
      each(await model.run(Object.fromEntries(tensors), signal && { signal }), ++done);
    }
  } finally {
    model.dispose();
  }
}
