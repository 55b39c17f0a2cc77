// Branches, bodies and functions, which few files have: a chunk of its own.

import type { Attribute, GraphNode, GraphOutput, Subgraph } from '../../graph/graph.ts';
import { type Call, Functions, joined, type ModelFunction } from './functions.ts';
import { readGraph } from './graph.ts';
import { inOrder } from './open.ts';
import type { Extras, GraphParts, Wire } from './wire.ts';

/** Graphs inside each other; what people export has two or three. */
const MOST_DEPTH = 32;

/**
 * What `openOnnx` takes for files that have them, anew for each.
 * @param stays whether there is an operator for a node, which goes before a function of the model
 */
export function newExtras(stays?: (node: GraphNode) => unknown): Extras {
  let depth = 0;
  const functions = new Functions(stays);
  return {
    subgraph(wire, place) {
      if (++depth > MOST_DEPTH) throw wire.fail('UNSUPPORTED', `${place} lies in more than ${MOST_DEPTH} graphs, one inside the other`);
      const graph = readGraph(wire, undefined, `the graph of ${place}`);
      depth--;
      return graph;
    },
    function: (wire) => functions.read(wire),
    resolve(wire, graph, opsets) {
      const { nodes } = new Scopes(wire, graph, functions, opsets);
      functions.settle(nodes, opsets);
      return nodes;
    },
  };
}

const isSubgraph = (value: Attribute): value is Subgraph => typeof value === 'object' && 'nodes' in value;

/** Whether a node has branches or bodies. */
const hasGraphs = ({ attributes }: GraphNode): boolean => [...attributes.values()].flat().some(isSubgraph);

/** Where a node stands. */
interface Place {
  /** What the graph around it is called: what has to be told apart gets it before its name. */
  readonly path: string;
  /** The value that a name stands for here. */
  readonly seen: (name: string) => string;
  /** Of a function's nodes. */
  readonly call?: Call | undefined;
}

/**
 * Makes every name of a model stand for one thing. In ONNX (IR.md, "Names within a graph") what a branch makes is not seen outside it, so two
 * branches may use one name; here the second gets the path of its node before it. So does all that a function makes, each time that it is
 * called.
 */
class Scopes {
  readonly nodes: readonly GraphNode[];
  readonly #wire: Wire;
  readonly #functions: Functions;
  readonly #opsets: Map<string, number>;
  readonly #used: Set<string>;
  /** How many names that had to be told apart are called so. */
  readonly #numbers = new Map<string, number>();

  constructor(wire: Wire, graph: GraphParts, functions: Functions, opsets: Map<string, number>) {
    this.#wire = wire;
    this.#functions = functions;
    this.#opsets = opsets;
    this.#used = new Set(definitions(graph));
    this.nodes = graph.nodes.flatMap((node) => this.#node(node, { path: '', seen: (name) => name }));
  }

  /** The node, or those of the function that it calls. */
  #node(stated: GraphNode, { path, seen, call }: Place): GraphNode[] {
    const node = call ? this.#functions.inside(this.#wire, stated, call, this.#opsets) : stated;
    const renamed = { ...node, inputs: node.inputs.map(seen), outputs: node.outputs.map(seen) };
    const here = path === '' ? node.name : joined(path, stated.name);
    const called = this.#functions.calledBy(node);
    if (called) return this.#call(called, renamed, here, call);
    if (!hasGraphs(node)) return [renamed];
    const captures = new Set<string>();
    const inner = (key: string, graph: Subgraph) => this.#subgraph(graph, { path: joined(here, key), seen, call }, captures);
    const attributes = [...node.attributes].map(([key, value]): [string, Attribute] => {
      if (Array.isArray(value)) return [key, value.map((item) => (isSubgraph(item) ? inner(key, item) : item)) as Attribute];
      return [key, isSubgraph(value) ? inner(key, value) : value];
    });
    return [{ ...renamed, attributes: new Map(attributes), captures: [...captures] }];
  }

  /** @param node its names are those of the values around it */
  #call(called: ModelFunction, node: GraphNode, path: string, around: Call | undefined): GraphNode[] {
    const call = this.#functions.call(this.#wire, called, node, around);
    const own = this.#functions.names(this.#wire, call, (name) => this.#unused(joined(path, name)));
    const seen = (name: string): string => {
      const value = name === '' ? '' : own.get(name);
      if (value !== undefined) return value;
      throw this.#wire.fail('INVALID_MODEL', `${called.title} reads '${name}', which none of its inputs and nodes produces`);
    };
    const nodes = called.nodes.flatMap((inner) => this.#node(inner, { path, seen, call }));
    return this.#functions.result(this.#wire, call, nodes, own);
  }

  /** @param free gets the names that it reads from around it */
  #subgraph(graph: Subgraph, { path, seen: around, call }: Place, free: Set<string>): Subgraph {
    const own = new Map<string, string>();
    for (const name of definitions(graph)) own.set(name, this.#unused(name, joined(path, name)));
    const seen = (name: string) => own.get(name) ?? around(name);
    const renamed = <T extends GraphOutput>(values: readonly T[]) => values.map((value) => ({ ...value, name: seen(value.name) }));
    const constants = new Map([...graph.constants].map(([name, constant]) => [seen(name), { ...constant, name: seen(name) }]));
    const [inputs, outputs] = [renamed(graph.inputs), renamed(graph.outputs)];
    const nodes = graph.nodes.flatMap((node) => this.#node(node, { path, seen, call }));
    const inside = new Set([...own.values(), ...nodes.flatMap((node) => node.outputs)]);
    const reads = [...nodes.flatMap((node) => [...node.inputs, ...(node.captures ?? [])]), ...outputs.map(({ name }) => name)];
    const captured = new Set(reads.filter((name) => name !== '' && !inside.has(name)));
    for (const name of captured) free.add(name);
    const whole = { inputs: inputs.filter(({ name }) => !constants.has(name)), outputs, nodes, constants };
    return { ...whole, nodes: inOrder(this.#wire, whole, captured) };
  }

  /** The first name that is free: of those given, and of the last with a number. */
  #unused(name: string, other = name): string {
    let unused = name;
    if (this.#used.has(unused)) {
      let number = this.#numbers.get(other) ?? 0;
      do unused = other + (number++ || '');
      while (this.#used.has(unused));
      this.#numbers.set(other, number);
    }
    this.#used.add(unused);
    return unused;
  }
}

/** The names that a graph makes, each once for each time that it does. */
const definitions = ({ inputs, constants, nodes }: Subgraph): string[] => [
  ...inputs.map(({ name }) => name).filter((name) => !constants.has(name)),
  ...constants.keys(),
  ...nodes.flatMap(({ outputs }) => outputs.filter(Boolean)),
];
