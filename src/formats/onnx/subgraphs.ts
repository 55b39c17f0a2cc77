// Branches and bodies, which few files have: a chunk of its own.

import type { Attribute, GraphNode, GraphOutput, Subgraph } from '../../graph/graph.ts';
import { type Extras, type GraphParts, readGraph } from './graph.ts';
import { inOrder } from './open.ts';
import type { Wire } from './wire.ts';

/** Graphs inside each other; what people export has two or three. */
const MOST_DEPTH = 32;

/** What `openOnnx` takes for files that have them, anew for each. */
export function newExtras(): Extras {
  let depth = 0;
  return {
    subgraph(wire, place) {
      if (++depth > MOST_DEPTH) throw wire.fail('UNSUPPORTED', `${place} lies in more than ${MOST_DEPTH} graphs, one inside the other`);
      const graph = readGraph(wire, undefined, `the graph of ${place}`);
      depth--;
      return graph;
    },
    resolve: (wire, graph) => new Scopes(wire, graph).nodes,
  };
}

const isSubgraph = (value: Attribute): value is Subgraph => typeof value === 'object' && 'nodes' in value;

/** Whether a node has branches or bodies. */
const hasGraphs = ({ attributes }: GraphNode): boolean => [...attributes.values()].flat().some(isSubgraph);

/**
 * Makes every name of a model stand for one thing. In ONNX (IR.md, "Names within a graph") what a branch makes is not seen outside it, so two
 * branches may use one name; here the second gets the path of its node before it.
 */
class Scopes {
  readonly nodes: readonly GraphNode[];
  readonly #wire: Wire;
  readonly #used: Set<string>;

  constructor(wire: Wire, graph: GraphParts) {
    this.#wire = wire;
    this.#used = new Set(definitions(graph));
    this.nodes = graph.nodes.map((node) => this.#node(node, (name) => name, node.name));
  }

  #node(node: GraphNode, seen: (name: string) => string, path: string): GraphNode {
    const renamed = { ...node, inputs: node.inputs.map(seen), outputs: node.outputs.map(seen) };
    if (!hasGraphs(node)) return renamed;
    const captures = new Set<string>();
    const inner = (key: string, graph: Subgraph) => this.#subgraph(graph, seen, `${path}/${key}`, captures);
    const attributes = [...node.attributes].map(([key, value]): [string, Attribute] => {
      if (Array.isArray(value)) return [key, value.map((item) => (isSubgraph(item) ? inner(key, item) : item)) as Attribute];
      return [key, isSubgraph(value) ? inner(key, value) : value];
    });
    return { ...renamed, attributes: new Map(attributes), captures: [...captures] };
  }

  /** @param free gets the names that it reads from around it */
  #subgraph(graph: Subgraph, around: (name: string) => string, path: string, free: Set<string>): Subgraph {
    const own = new Map<string, string>();
    for (const name of definitions(graph)) {
      let unused = name;
      for (let i = 0; this.#used.has(unused); i++) unused = `${path}/${name}${i || ''}`;
      this.#used.add(unused);
      own.set(name, unused);
    }
    const seen = (name: string) => own.get(name) ?? around(name);
    const renamed = <T extends GraphOutput>(values: readonly T[]) => values.map((value) => ({ ...value, name: seen(value.name) }));
    const constants = new Map([...graph.constants].map(([name, constant]) => [seen(name), { ...constant, name: seen(name) }]));
    const [inputs, outputs] = [renamed(graph.inputs), renamed(graph.outputs)];
    const nodes = graph.nodes.map((node) => this.#node(node, seen, `${path}/${node.name}`));
    const inside = new Set(own.values());
    const reads = [...nodes.flatMap((node) => [...node.inputs, ...(node.captures ?? [])]), ...outputs.map(({ name }) => name)];
    const captured = new Set(reads.filter((name) => name !== '' && !inside.has(name)));
    for (const name of captured) free.add(name);
    const whole = { inputs: inputs.filter(({ name }) => !constants.has(name)), outputs, nodes, constants };
    return { ...whole, nodes: inOrder(this.#wire, whole, captured) };
  }
}

/** The names that a graph makes, each once for each time that it does. */
const definitions = ({ inputs, constants, nodes }: Subgraph): string[] => [
  ...inputs.map(({ name }) => name).filter((name) => !constants.has(name)),
  ...constants.keys(),
  ...nodes.flatMap(({ outputs }) => outputs.filter(Boolean)),
];
