// What rounding changes in the mean of each layer's outputs, taken off its biases (Nagel et al. 2019, "Data-free quantization through weight
// equalization and bias correction", with the means measured).

import type { Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Choice } from './choose.ts';
import type { Batches } from './data.ts';
import { Draft } from './draft.ts';
import type { Folded } from './fold.ts';
import type { Scale } from './numbers.ts';
import { runAll, tell } from './observe.ts';
import type { QuantizeOptions } from './options.ts';
import { Bytes, type QuantizedLayer, usedWeights } from './write.ts';

/**
 * The graph in float32 with every layer a second time, which reads quantised inputs and weights: the outputs are what the two differ by.
 * Each layer's own error alone, because errors of layers before are corrected there.
 * @returns the layers by the outputs' names
 */
function differences(
  { graph, types }: Folded,
  choice: Choice,
  layers: readonly QuantizedLayer[],
  scales: ReadonlyMap<string, Scale>,
  opset: number,
): { readonly graph: Graph; readonly layers: ReadonlyMap<string, QuantizedLayer> } {
  const draft = new Draft(graph);
  const bytes = new Bytes(draft, choice, scales);
  const found = new Map<string, QuantizedLayer>();
  const byNode = new Map(layers.map((layer) => [layer.node, layer]));
  for (const node of graph.nodes) {
    draft.nodes.push(node);
    // Right behind the layer, so that its input and output need not be kept.
    const layer = byNode.get(node);
    if (!layer) continue;
    const { dims, biases } = layer;
    const [x = '', , bias = ''] = node.inputs;
    const [y = ''] = node.outputs;
    if (!biases || types.get(y)?.dims.includes(0)) continue;
    const weights = draft.constant(`${y}/weights`, 'float32', dims, usedWeights(layer));
    const gemm = node.op === 'Gemm';
    // The bias of Gemm may have a factor.
    const constant = gemm ? draft.constant(`${y}/bias`, 'float32', [biases.length], Float32Array.from(biases)) : bias;
    const again = draft.node(node.op, [bytes.of(x), weights, ...(constant ? [constant] : [])], `${y}/rounded`, {
      ...(gemm ? { transB: 1 } : Object.fromEntries(node.attributes)),
    });
    const difference = draft.node('Sub', [y, again], `${y}/difference`);
    found.set(gemm ? difference : draft.node('GlobalAveragePool', [difference], `${y}/mean`), layer);
  }
  return {
    graph: draft.graph(
      opset,
      [...found.keys()].map((name) => ({ name, type: 'float32' as const })),
    ),
    layers: found,
  };
}

/** The layers with corrected biases. */
export async function corrected(
  folded: Folded,
  choice: Choice,
  layers: readonly QuantizedLayer[],
  scales: ReadonlyMap<string, Scale>,
  opset: number,
  batches: Batches,
  options: QuantizeOptions,
): Promise<QuantizedLayer[]> {
  const { graph, layers: found } = differences(folded, choice, layers, scales, opset);
  if (found.size === 0) return [...layers];
  const sums = new Map([...found].map(([name, { biases = [] }]) => [name, new Float64Array(biases.length)]));
  // Not of every layer is a row an example: some have batches of their own.
  const rows = new Map<string, number>();
  await runAll(graph, batches, options, (outputs, done) => {
    for (const [name, sum] of sums) {
      const { data } = outputs[name] as Tensor<'float32'>;
      for (let i = 0; i < data.length; i++) sum[i % sum.length] = (sum[i % sum.length] as number) + (data[i] as number);
      rows.set(name, (rows.get(name) ?? 0) + data.length / sum.length);
    }
    tell(options, 'correct', done, batches.count);
  });
  const means = new Map(
    [...found].map(([name, layer]) => [layer, (sums.get(name) as Float64Array).map((sum) => sum / (rows.get(name) || 1))]),
  );
  return layers.map((layer) => {
    const mean = means.get(layer);
    return mean ? { ...layer, biases: layer.biases?.map((bias, i) => bias + (mean[i] as number)) } : layer;
  });
}
