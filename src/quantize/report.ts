// How far the quantised network is from the one in float32.

import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ValueType } from '../graph/value.ts';
import { createModel } from '../load.ts';
import { log } from '../ops/exact.ts';
import type { Batches } from './data.ts';
import { parts, runOptions, tell, watching } from './observe.ts';
import type { QuantizeOptions } from './options.ts';

/** A layer, and what quantising it has cost. */
export interface LayerReport {
  /** The node's name. */
  readonly name: string;
  /** ONNX's operator. */
  readonly op: string;
  /** Bits of its weights; 32 if it stays in float32. */
  readonly bits: 4 | 7 | 8 | 32;
  /** Signal to noise of its weights, in dB; none in float32. */
  readonly weightSnr?: number;
  /** Signal to noise of what it gives in the quantised network, errors of the layers before included, in dB, over one batch. */
  readonly snr?: number;
}

/** What `quantize` did. */
export interface QuantizeReport {
  /** The layers with weights, in the order of the network. */
  readonly layers: readonly LayerReport[];
  /** Signal to noise of the network's outputs in dB, over one batch; none without data. */
  readonly outputs: readonly { readonly name: string; readonly snr: number }[];
  /** How many examples it was calibrated with. */
  readonly examples: number;
}

/**
 * 10·log10 of the signal's energy over the error's. Infinite if there is no error.
 * @internal
 */
export function snrOf(right: ArrayLike<number>, rounded: ArrayLike<number>): number {
  let [signal, noise] = [0, 0];
  for (let i = 0; i < right.length; i++) {
    const [x, y] = [right[i] as number, rounded[i] as number];
    signal += x * x;
    noise += (x - y) * (x - y);
  }
  return noise === 0 ? Number.POSITIVE_INFINITY : (10 * log(signal / noise)) / Math.LN10;
}

/**
 * The signal to noise of values in the quantised network, over the first batch.
 * @param pairs names of values in float32, and of what they are in the quantised graph
 * @internal
 */
export async function compared(
  float: Graph,
  quantized: Graph,
  pairs: ReadonlyMap<string, string>,
  types: ReadonlyMap<string, ValueType>,
  batches: Batches,
  options: QuantizeOptions,
): Promise<Map<string, number>> {
  const feeds = Object.fromEntries(await batches.first());
  const values = async (graph: Graph, names: readonly string[]): Promise<Tensor[]> => {
    const model = await createModel(watching(graph, names).graph, runOptions(options));
    try {
      const outputs = await model.run(feeds);
      return model.outputs.map(({ name }) => outputs[name] as Tensor);
    } finally {
      model.dispose();
    }
  };
  const found = new Map<string, number>();
  const lists = parts([...pairs.keys()], types);
  for (const [i, list] of lists.entries()) {
    const right = await values(float, list);
    const rounded = await values(
      quantized,
      list.map((name) => pairs.get(name) as string),
    );
    for (const [j, name] of list.entries()) found.set(name, snrOf(right[j]?.data as Float32Array, rounded[j]?.data as Float32Array));
    tell(options, 'compare', i + 1, lists.length);
  }
  return found;
}

/**
 * The name of the value that holds what a layer gives: behind the clamp that is stored with it.
 * @internal
 */
export function resultOf(node: GraphNode, nodes: readonly GraphNode[]): string {
  const [name = ''] = node.outputs;
  const [reader, ...others] = nodes.filter(({ inputs }) => inputs.includes(name));
  return reader && others.length === 0 && /^(Relu|Clip)$/.test(reader.op) ? (reader.outputs[0] as string) : name;
}
