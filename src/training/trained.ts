import type { Constant, Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';

/** The graph with other weights, and without the nodes that computed them from the file's. */
export function withWeights(graph: Graph, weights: ReadonlyMap<string, Tensor<'float32'>>): Graph {
  const constants = new Map<string, Constant>([
    ...graph.constants,
    ...[...weights].map(([name, { dims, data }]): [string, Constant] => [name, { name, type: 'float32', dims, read: () => data }]),
  ]);
  const nodes = graph.nodes.filter(({ outputs }) => !outputs.every((name) => weights.has(name)));
  // Others of its outputs may be no weights.
  const named = (name: string) => (weights.has(name) ? `${name} (before)` : name);
  return { ...graph, constants, nodes: nodes.map((node) => ({ ...node, outputs: node.outputs.map(named) })) };
}
