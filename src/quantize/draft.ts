// A graph that is being written anew, and names that are free in it.

import type { Attribute, Constant, Graph, GraphNode, GraphOutput } from '../graph/graph.ts';
import { allNodes } from '../graph/graph.ts';
import type { DataType, TypedArray } from '../graph/tensor.ts';

/** Every name of a graph, and those that were given since. */
export class FreeNames {
  readonly #taken: Set<string>;

  constructor(graph: Graph) {
    this.#taken = new Set([
      ...[...graph.inputs, ...graph.outputs].map(({ name }) => name),
      ...graph.constants.keys(),
      ...[...allNodes(graph)].flatMap(({ inputs, outputs, captures = [] }) => [...inputs, ...outputs, ...captures]),
    ]);
  }

  /** The name, with a number behind it if it is taken. */
  free(wish: string): string {
    let name = wish;
    for (let i = 1; this.#taken.has(name); i++) name = `${wish}_${i}`;
    this.#taken.add(name);
    return name;
  }
}

/** Nodes and constants to which more are added. */
export class Draft {
  readonly names: FreeNames;
  readonly constants: Map<string, Constant>;
  readonly nodes: GraphNode[] = [];
  readonly #base: Graph;

  /** @param base the graph whose inputs, outputs and constants it has */
  constructor(base: Graph, names = new FreeNames(base)) {
    this.#base = base;
    this.names = names;
    this.constants = new Map(base.constants);
  }

  /** Adds an initializer. @param packed set for integers of 4 bits @returns its name */
  constant(wish: string, type: DataType, dims: readonly number[], data: TypedArray, packed?: 'int4'): string {
    const name = this.names.free(wish);
    this.constants.set(name, { name, type, dims: [...dims], read: () => data, ...(packed && { packed }) });
    return name;
  }

  /** Adds a node of ONNX's own domain with one output. @returns the output's name */
  node(op: string, inputs: readonly string[], wish: string, attributes: Readonly<Record<string, Attribute>> = {}): string {
    const name = this.names.free(wish);
    this.nodes.push({ op, domain: '', name, inputs, outputs: [name], attributes: new Map(Object.entries(attributes)) });
    return name;
  }

  /** The graph with these nodes, and no constant that nobody reads. @param outputs default: those of the base */
  graph(opset: number, outputs: readonly GraphOutput[] = this.#base.outputs): Graph {
    const graph = {
      ...this.#base,
      nodes: this.nodes,
      outputs,
      constants: this.constants,
      opsets: new Map([...this.#base.opsets, ['', opset]]),
    };
    return withoutDead(graph);
  }
}

/** A graph without the nodes and constants that no output needs. */
export function withoutDead(graph: Graph): Graph {
  const read = new Set(graph.outputs.map(({ name }) => name));
  const nodes: GraphNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => read.has(name))) continue;
    nodes.push(node);
    for (const name of [...node.inputs, ...(node.captures ?? [])]) read.add(name);
  }
  return { ...graph, nodes: nodes.reverse(), constants: new Map([...graph.constants].filter(([name]) => read.has(name))) };
}
