// Branches, bodies, functions and external data, which few files have, and errors of a graph's order: a chunk of its own.

import type { Attribute, Constant, GraphNode, GraphOutput, Packed, Subgraph } from '../../graph/graph.ts';
import { disorder } from './disorder.ts';
import { readExternalTensor, resolveExternal } from './external.ts';
import { type Call, Functions, joined, type ModelFunction } from './functions.ts';
import { readGraph } from './graph.ts';
import { inOrder } from './order.ts';
import { typeCode } from './tensor.ts';
import type { Extras, GraphParts, Wire } from './wire.ts';

/** How deep graphs may be nested; exported models have a depth of two or three. */
const MOST_DEPTH = 32;

/**
 * What `openOnnx` takes for files that need it, new for each file.
 * @param stays whether an operator runs a node, and not a function of the model
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
    disorder,
    readExternal: readExternalTensor,
    resolveExternal,
    resolve(wire, graph, opsets) {
      const { nodes } = new Scopes(wire, graph, functions, opsets);
      functions.settle(nodes, opsets);
      return withTypes(nodes, graph);
    },
  };
}

/** Operators whose output has the type of their first input that has one: zero points may go through them. */
const keepsType =
  /^(Compress|Concat|Expand|Flatten|Gather|GatherElements|GatherND|Identity|Pad|Reshape|Slice|Split|Squeeze|Tile|Transpose|Unsqueeze)$/;

/**
 * QuantizeLinear with the type that it stores, where that is known only from how the file stores its zero point.
 * @param types of values that are stored so, by their names, which are unique: it adds those of the graph
 */
function withTypes(
  nodes: readonly GraphNode[],
  { inputs, constants }: Pick<Subgraph, 'constants'> & { readonly inputs: readonly { readonly name: string; readonly packed?: Packed }[] },
  types = new Map<string, Packed>(),
): readonly GraphNode[] {
  for (const { name, packed } of [...inputs, ...constants.values()]) if (packed) types.set(name, packed);
  return nodes.map((node) => {
    const { op, outputs, inputs } = node;
    const keep = (type: Packed | undefined, name = '') => {
      if (type) types.set(name, type);
    };
    const within = (graph: Subgraph): Subgraph => {
      const inside = { ...graph, nodes: withTypes(graph.nodes, graph, types) };
      if (op === 'If') for (const [i, { name }] of graph.outputs.entries()) keep(types.get(name), outputs[i]);
      return inside;
    };
    const attributes = hasGraphs(node)
      ? new Map([...node.attributes].map(([key, value]): [string, Attribute] => [key, isSubgraph(value) ? within(value) : value]))
      : node.attributes;
    if (op === 'Constant') keep((attributes.get('value') as Constant | undefined)?.packed, outputs[0]);
    if (keepsType.test(op)) for (const name of outputs) keep(types.get(inputs[0] ?? ''), name);
    const type = inputs[2] && types.get(inputs[2]);
    if (op !== 'QuantizeLinear' || !type || attributes.has('output_dtype')) return hasGraphs(node) ? { ...node, attributes } : node;
    return { ...node, attributes: new Map([...attributes, ['output_dtype', typeCode(type)]]) };
  });
}

const isSubgraph = (value: Attribute): value is Subgraph => typeof value === 'object' && 'nodes' in value;

/** Whether a node has branches or bodies. */
const hasGraphs = ({ attributes }: GraphNode): boolean => [...attributes.values()].flat().some(isSubgraph);

/** The context of a node. */
interface Place {
  /** The path of the enclosing graph, which names that are not unique get as a prefix. */
  readonly path: string;
  /** The value that a name stands for here. */
  readonly seen: (name: string) => string;
  /** The call, for the nodes of a function. */
  readonly call?: Call | undefined;
}

/**
 * Makes every name of a model stand for one thing. In ONNX (IR.md, "Names within a graph") values made by a branch are not
 * visible outside it, so two branches may use one name; here the second gets the path of its node as a prefix. So do all
 * values of a function, at each call.
 */
class Scopes {
  readonly nodes: readonly GraphNode[];
  readonly #wire: Wire;
  readonly #functions: Functions;
  readonly #opsets: Map<string, number>;
  readonly #used: Set<string>;
  /** How many names that were not unique have become this one. */
  readonly #numbers = new Map<string, number>();

  constructor(wire: Wire, graph: GraphParts, functions: Functions, opsets: Map<string, number>) {
    this.#wire = wire;
    this.#functions = functions;
    this.#opsets = opsets;
    this.#used = new Set(definitions(graph));
    this.nodes = graph.nodes.flatMap((node) => this.#node(node, { path: '', seen: (name) => name }));
  }

  /** The node, or the nodes of the function that it calls. */
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

  /** @param node with the names of the enclosing graph's values */
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

  /** @param free collects the outer names that it reads */
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

  /** The first free name: one of those given, or the last with a number. */
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

/** The names that a graph makes, once for each time. */
const definitions = ({ inputs, constants, nodes }: Subgraph): string[] => [
  ...inputs.map(({ name }) => name).filter((name) => !constants.has(name)),
  ...constants.keys(),
  ...nodes.flatMap(({ outputs }) => outputs.filter(Boolean)),
];
