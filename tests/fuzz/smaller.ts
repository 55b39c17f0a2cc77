// Smaller graphs of one that fails: one output, fewer nodes, inputs in the place of what nodes make, no attributes.

import type { FuzzGraph, FuzzTensor } from './graph.ts';
import type { Results } from './onnxruntime.ts';

/** Only what the outputs need. */
function pruned(graph: FuzzGraph): FuzzGraph {
  const needed = new Set(graph.outputs);
  const nodes = graph.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => needed.has(name))) return false;
    for (const name of inputs) needed.add(name);
    return true;
  });
  const kept = (tensors: readonly FuzzTensor[]) => tensors.filter(({ name }) => needed.has(name));
  return { ...graph, nodes: nodes.reverse(), feeds: kept(graph.feeds), constants: kept(graph.constants) };
}

function* candidates(graph: FuzzGraph, values: Results): Generator<FuzzGraph> {
  if (graph.outputs.length > 1) for (const name of graph.outputs) yield pruned({ ...graph, outputs: [name] });
  const plain = pruned(graph);
  if (plain.nodes.length < graph.nodes.length) yield plain;
  for (const node of graph.nodes) {
    const made = node.outputs.flatMap((name) => {
      const value = values.get(name);
      return value ? [{ name, type: value.type, dims: value.dims, data: value.data }] : [];
    });
    if (made.length < node.outputs.length || node.outputs.every((name) => graph.outputs.includes(name))) continue;
    const nodes = graph.nodes.filter((other) => other !== node);
    yield pruned({
      ...graph,
      nodes,
      outputs: graph.outputs.filter((name) => !node.outputs.includes(name)),
      feeds: [...graph.feeds, ...made],
    });
  }
  for (const [i, node] of graph.nodes.entries()) {
    for (const key of Object.keys(node.attributes)) {
      const { [key]: _, ...attributes } = node.attributes;
      yield { ...graph, nodes: graph.nodes.with(i, { ...node, attributes }) };
    }
    // Optional inputs.
    const last = node.inputs.length - 1;
    if (last > 0) yield pruned({ ...graph, nodes: graph.nodes.with(i, { ...node, inputs: node.inputs.slice(0, last) }) });
  }
}

/**
 * The smallest graph that still fails.
 * @param values what its nodes make
 * @param fails the failure has to be of the same kind
 */
export async function smaller(graph: FuzzGraph, values: Results, fails: (graph: FuzzGraph) => Promise<boolean>): Promise<FuzzGraph> {
  let best = graph;
  for (let found: FuzzGraph | undefined = graph; found; ) {
    found = undefined;
    for (const candidate of candidates(best, values)) {
      if (candidate.nodes.length === 0 || candidate.outputs.length === 0 || !(await fails(candidate))) continue;
      found = candidate;
      best = candidate;
      break;
    }
  }
  return best;
}
