// The graph that is quantised: batch-norms in the convolutions before them, nothing that changes nothing.

import { type BindOptions, bind } from '../compiler/bind.ts';
import { foldAffine } from '../compiler/passes/foldAffine.ts';
import type { Constant, Graph, GraphNode } from '../graph/graph.ts';
import type { ValueType } from '../graph/value.ts';
import type { Node } from '../ops/operator.ts';
import { Draft, withoutDead } from './draft.ts';

/** A graph, and what is known of its values. */
export interface Folded {
  readonly graph: Graph;
  /** Values that are known whatever the shapes, by name; in the graph some are computed. */
  readonly known: ReadonlyMap<string, Constant>;
  /** Types and shapes of the others. */
  readonly types: ReadonlyMap<string, ValueType>;
}

/** A graph without its Identity nodes and Dropouts; those that make an output, or that a branch or a body reads, stay. */
export function withoutIdentities(graph: Graph): Graph {
  const fixed = new Set([...graph.outputs.map(({ name }) => name), ...graph.nodes.flatMap(({ captures = [] }) => captures)]);
  const read = new Set([...graph.outputs.map(({ name }) => name), ...graph.nodes.flatMap(({ inputs }) => inputs)]);
  const renamed = new Map<string, string>();
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => renamed.get(name) ?? name);
    const [output = '', ...others] = node.outputs;
    const still = node.domain === '' && (node.op === 'Identity' || (node.op === 'Dropout' && !others.some((name) => read.has(name))));
    if (still && !fixed.has(output) && inputs[0]) renamed.set(output, inputs[0]);
    else nodes.push({ ...node, inputs });
  }
  return { ...graph, nodes };
}

/** Folds, by the compiler's own pass, batch-norms and what else multiplies or adds a constant for each channel. */
export function folded(given: Graph, options: BindOptions): Folded {
  const graph = withoutDead(withoutIdentities(given));
  const { network } = bind(graph, options);
  const draft = new Draft(graph);
  const byOutput = new Map(graph.nodes.map((node) => [node.outputs[0] ?? '', node]));
  /** The node of the graph whose attributes a node has. */
  const sources = new Map<Node, GraphNode>();
  for (const node of network.nodes) {
    const source = byOutput.get(node.outputs[0]?.name ?? '');
    if (source) sources.set(node, source);
  }
  const gone = new Set<string>();
  const made = new Map<string, Node>();
  for (let i = 0; i < network.nodes.length; i++) {
    const patch = foldAffine.match(network.nodes[i] as Node, network);
    const [before, affine] = patch?.remove ?? [];
    const [fused] = patch?.insert ?? [];
    const source = before && sources.get(before);
    // A node inside of a function is none of the graph's.
    if (!patch || !before || !affine || !fused || !source || !sources.has(affine)) continue;
    network.apply(patch);
    sources.set(fused, source);
    for (const node of [before, affine]) {
      gone.add(node.outputs[0]?.name ?? '');
      made.delete(node.outputs[0]?.name ?? '');
    }
    made.set(fused.outputs[0]?.name ?? '', fused);
    i -= 2;
    if (i < -1) i = -1;
  }

  const known = new Map<string, Constant>(graph.constants);
  const types = new Map<string, ValueType>();
  const note = (name: string | undefined, value: Node['inputs'][number]) => {
    if (!name || !value) return;
    if (value.constant && value.fixed) known.set(name, value.constant);
    else if (!value.constant) types.set(name, { type: value.type, dims: value.dims });
  };
  for (const node of graph.nodes) {
    const name = node.outputs[0] ?? '';
    const fused = made.get(name);
    if (!fused) {
      if (!gone.has(name)) draft.nodes.push(node);
      continue;
    }
    const source = sources.get(fused) as GraphNode;
    const [, weights, bias] = fused.inputs;
    const inputs = [source.inputs[0] as string];
    for (const [value, wish] of [
      [weights, source.inputs[1] as string],
      [bias, `${source.name}/bias`],
    ] as const) {
      if (!value?.constant) continue;
      const data = value.constant.read();
      inputs.push(graph.constants.get(wish) === value.constant ? wish : draft.constant(wish, value.type, value.dims, data));
    }
    const attributes = new Map(source.attributes);
    if (attributes.has('beta')) attributes.set('beta', 1);
    draft.nodes.push({ ...source, inputs, outputs: node.outputs, attributes });
  }
  const after = new Map(draft.nodes.map((node) => [node.outputs[0] ?? '', node]));
  for (const node of network.nodes) {
    const source = after.get(node.outputs[0]?.name ?? '');
    node.inputs.forEach((value, i) => void note(source?.inputs[i], value));
    node.outputs.forEach((value, i) => void note(source?.outputs[i] ?? value.name, value));
  }
  for (const value of network.inputs) note(value.name, value);
  for (const [name, constant] of draft.constants) known.set(name, constant);
  return { graph: draft.graph(graph.opsets.get('') ?? 1), known, types };
}
