// Functions of the model (onnx.ai/onnx/repo-docs/IR.html#functions): each call is replaced by the function's nodes.

import { type Attribute, allNodes, type GraphNode, type Subgraph } from '../../graph/graph.ts';
import { domainOf, type FileNode, type Kinds, readAttribute, readNode } from './graph.ts';
import { readPair, type Wire } from './wire.ts';

export interface ModelFunction {
  /** `function 'my.domain.Swirl'`, for errors. */
  readonly title: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly FileNode[];
  /** Default values of attributes that a call may omit. */
  readonly defaults: ReadonlyMap<string, Attribute>;
  readonly kinds: Kinds;
  readonly opsets: ReadonlyMap<string, number>;
}

/** A function that a node calls. */
export interface Call {
  readonly called: ModelFunction;
  /** The calling node; its name has those of the calls around it. */
  readonly node: GraphNode;
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly kinds: Kinds;
  /** The functions that contain the call. */
  readonly within: readonly ModelFunction[];
}

/** How deep functions may call each other; exported models have a depth of three or four. */
const MOST_CALLS = 32;
/**
 * How many nodes calls may make, with their inputs, outputs and attributes, because a few functions that call each other
 * twice would make any number.
 */
const MOST_MADE = 1 << 18;
/** Letters of a path that are kept: the end of longer ones, because engines compare long names slowly. */
const MOST_LETTERS = 256;

export const joined = (path: string, name: string): string => `${path}/${name}`.slice(-MOST_LETTERS);

/** The name under which a node calls a function. ONNX requires it to be unique. */
const keyOf = ({ domain, op, overload = '' }: Pick<FileNode, 'domain' | 'op' | 'overload'>): string =>
  JSON.stringify([domain, op, overload]);

const isGraph = (value: Attribute): boolean => [value].flat().some((item) => typeof item === 'object' && 'nodes' in item);

/** The functions of a model. */
export class Functions {
  readonly #functions = new Map<string, ModelFunction>();
  readonly #stays: (node: GraphNode) => unknown;
  #made = 0;

  /** @param stays whether an operator, and not a function, runs the node */
  constructor(stays: (node: GraphNode) => unknown = () => false) {
    this.#stays = stays;
  }

  /** Reads the current FunctionProto. */
  read(wire: Wire): void {
    let op = '';
    let domain = '';
    let overload = '';
    const [inputs, outputs, nodes]: [string[], string[], FileNode[]] = [[], [], []];
    const opsets = new Map<string, number>();
    const defaults = new Map<string, Attribute>();
    const kinds: Kinds = new Map();
    wire.message(`function ${this.#functions.size}`, (field) => {
      if (field === 1) {
        op = wire.string();
        wire.where = `function '${op}'`;
      } else if (field === 4) inputs.push(wire.string());
      else if (field === 5) outputs.push(wire.string());
      else if (field === 7) nodes.push(readNode(wire, nodes.length));
      else if (field === 9) {
        const [name, version] = readPair(wire, 0, () => Number(wire.int()));
        opsets.set(domainOf(name), version);
      } else if (field === 10) domain = domainOf(wire.string());
      else if (field === 11) readAttribute(wire, defaults, kinds);
      else if (field === 13) overload = wire.string();
    });
    const title = `function '${domain}.${op}'`;
    const made = new Set(inputs);
    if (made.size < inputs.length || made.has('')) throw wire.fail('INVALID_MODEL', `${title} needs a name of its own for each input`);
    for (const name of nodes.flatMap((node) => node.outputs)) {
      if (made.has(name)) throw wire.fail('INVALID_MODEL', `${title} produces '${name}' twice`);
      if (name) made.add(name);
    }
    for (const name of outputs) {
      if (!made.has(name)) throw wire.fail('INVALID_MODEL', `nothing produces the output '${name}' of ${title}`);
    }
    const key = keyOf({ domain, op, overload });
    if (this.#functions.has(key)) throw wire.fail('INVALID_MODEL', `there is more than one ${title}`);
    // A function that has the name of one of ONNX's own operators is used in its place, as in onnxruntime.
    if (domain !== '') this.#functions.set(key, { title, domain, inputs, outputs, nodes, defaults, kinds, opsets });
  }

  /** The function that a node calls; undefined if it is an operator. */
  calledBy(node: FileNode): ModelFunction | undefined {
    const called = this.#functions.get(keyOf(node));
    return called && !this.#stays(node) ? called : undefined;
  }

  /**
   * @param node with the names of the values around it
   * @param around the call that it is a part of
   * @throws LanewiseError INVALID_MODEL where it does not fit; UNSUPPORTED, TOO_LARGE
   */
  call(wire: Wire, called: ModelFunction, node: GraphNode, around: Call | undefined): Call {
    for (const kind of ['inputs', 'outputs'] as const) {
      const given = node[kind].findLastIndex(Boolean) + 1;
      if (given > called[kind].length)
        throw wire.fail('INVALID_MODEL', `node '${node.name}' has ${given} ${kind}, ${called.title} has ${called[kind].length}`);
    }
    const within = around ? [...around.within, around.called] : [];
    const from = within.indexOf(called);
    if (from >= 0) {
      const by = within.slice(from + 1).map(({ title }) => title);
      throw wire.fail('INVALID_MODEL', `${called.title} calls itself${by.length ? ` by way of ${by.join(', ')}` : ''}`);
    }
    if (within.length >= MOST_CALLS) {
      throw wire.fail('UNSUPPORTED', `node '${node.name}' lies in more than ${MOST_CALLS} functions, one called by the other`);
    }
    const kinds = new Map([...called.kinds].filter(([key]) => !node.attributes.has(key)));
    for (const [key, kind] of node.kinds ?? []) kinds.set(key, kind);
    return { called, node, attributes: new Map([...called.defaults, ...node.attributes]), kinds, within };
  }

  /**
   * The values that the names in a function stand for at a call. @param fresh makes names for values that the call does not
   * name
   */
  names(wire: Wire, { called, node }: Call, fresh: (name: string) => string): Map<string, string> {
    this.#spend(wire, called.inputs.length + called.outputs.length + called.defaults.size);
    const own = new Map(called.inputs.map((name, i) => [name, node.inputs[i] ?? '']));
    called.outputs.forEach((name, i) => {
      if (node.outputs[i] && !own.has(name)) own.set(name, node.outputs[i] as string);
    });
    for (const name of called.nodes.flatMap(({ outputs }) => outputs)) if (name && !own.has(name)) own.set(name, fresh(name));
    return own;
  }

  /** A node of a function, as it is at a call. @param opsets the model's, to which those that only functions have are added */
  inside(wire: Wire, node: FileNode, { called, node: caller, ...given }: Call, opsets: Map<string, number>): FileNode {
    const name = joined(caller.name, node.name);
    this.#spend(wire, 1 + node.inputs.length + node.outputs.length + node.attributes.size);
    const attributes = new Map<string, Attribute>();
    const kinds: Kinds = new Map(node.kinds);
    for (const [key, stated] of node.attributes) {
      const reference = typeof stated === 'object' && 'reference' in stated ? stated.reference : undefined;
      const value = reference === undefined ? stated : given.attributes.get(reference);
      // An attribute that the call omits is omitted in the node too.
      if (value === undefined) continue;
      if (reference !== undefined && isGraph(value)) {
        throw wire.fail('UNSUPPORTED', `node '${name}' takes a graph from the attribute '${reference}' of node '${caller.name}'`);
      }
      const kind = given.kinds.get(reference ?? '');
      if (reference !== undefined && kind) kinds.set(key, kind);
      attributes.set(key, value);
    }
    const version = called.opsets.get(node.domain);
    if (version !== undefined && !opsets.has(node.domain)) opsets.set(node.domain, version);
    return {
      ...node,
      name,
      attributes,
      ...(kinds.size ? { kinds } : {}),
      ...(version === undefined || version === opsets.get(node.domain) ? {} : { opset: version }),
    };
  }

  /**
   * The nodes that replace a call: the function's, without those that make only outputs which the call omits.
   * @param own the values that the function's names stand for
   */
  result(wire: Wire, { called, node }: Call, nodes: readonly GraphNode[], own: ReadonlyMap<string, string>): GraphNode[] {
    const made: GraphNode[] = [...nodes];
    called.outputs.forEach((name, i) => {
      const [value, output] = [own.get(name) ?? '', node.outputs[i]];
      if (!output || value === output) return;
      if (value === '')
        throw wire.fail('INVALID_MODEL', `node '${node.name}' leaves out its input '${name}', which ${called.title} gives back`);
      // The output is an input, or already another output.
      const identity = { op: 'Identity', domain: '', name: joined(node.name, output), inputs: [value], outputs: [output] };
      made.push({ ...identity, attributes: new Map() });
    });
    if (called.outputs.every((_, i) => node.outputs[i])) return made;
    const makers = new Map(made.flatMap((maker) => maker.outputs.map((name) => [name, maker] as const)));
    const wanted = new Set<GraphNode>();
    const names = node.outputs.filter(Boolean);
    for (const name of names) {
      const maker = makers.get(name);
      if (!maker || wanted.has(maker)) continue;
      wanted.add(maker);
      names.push(...maker.inputs, ...(maker.captures ?? []));
    }
    return made.filter((maker) => wanted.has(maker));
  }

  /** @throws LanewiseError TOO_LARGE */
  #spend(wire: Wire, made: number): void {
    this.#made += made;
    if (this.#made <= MOST_MADE) return;
    throw wire.fail('TOO_LARGE', "the model's functions are called so often that they make more nodes than Lanewise takes");
  }

  /** The model's operator sets, without those of functions. */
  settle(nodes: readonly GraphNode[], opsets: Map<string, number>): void {
    if (this.#functions.size === 0) return;
    const domains = new Set([...allNodes({ nodes } as Subgraph)].map(({ domain }) => domain));
    for (const { domain } of this.#functions.values()) if (!domains.has(domain)) opsets.delete(domain);
  }
}
