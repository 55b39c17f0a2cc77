import { LanewiseError } from '../errors.ts';
import type { Attribute, Constant, Dim, Graph, GraphInput, GraphNode, GraphOutput } from './graph.ts';
import type { DataType } from './tensor.ts';

export interface NodeOptions {
  /** The node's name, and that of its first output. Default: the operator and a number. */
  readonly name?: string;
  /** The operator's domain, by default ONNX's own. Others are of version 1. */
  readonly domain?: string;
  /** Attributes whose kind follows from their value: text, tensors, whole numbers. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Attributes that ONNX declares as floats, because a whole number does not show that. */
  readonly floats?: Readonly<Record<string, number | readonly number[]>>;
}

/**
 * Builds a graph as a file would state it. A value is its name: each method returns the name of what it adds, and takes
 * names of values that exist already, so nodes are in execution order. Shapes are not checked.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #opset: number;
  readonly #inputs: GraphInput[] = [];
  readonly #outputs: (GraphOutput & { readonly value: string })[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #values = new Set<string>();
  /** Names of values and of outputs to come. A node has the name of its first output. */
  readonly #names = new Set<string>();
  /** How many nodes of each operator have been named here. */
  readonly #numbers = new Map<string, number>();

  constructor(name: string, opset = 13) {
    this.#name = name;
    this.#opset = opset;
  }

  /**
   * @throws LanewiseError INVALID_MODEL, as do the other methods, for a name that is empty or taken and for a value that
   *   does not exist
   */
  input(name: string, dims: readonly Dim[], type: DataType = 'float32'): string {
    this.#claim(name);
    this.#inputs.push({ name, type, dims: [...dims] });
    return name;
  }

  /** An initializer. Numbers that belong to the structure rather than to the weights are better a Constant node. */
  constant(constant: Constant): string {
    this.#claim(constant.name);
    this.#constants.set(constant.name, constant);
    return constant.name;
  }

  /** A node with one output. @param inputs '' stands for an optional one that is left out */
  node(op: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.nodes(op, inputs, 1, options)[0] as string;
  }

  /** A node with several outputs: NAME, NAME:1, NAME:2, ... */
  nodes(op: string, inputs: readonly string[], count: number, options: NodeOptions = {}): string[] {
    const { attributes = {}, floats = {}, domain = '', name = this.#newName(op) } = options;
    for (const input of inputs) if (input !== '') this.#check(input, `node '${name}'`);
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? name : `${name}:${i}`));
    for (const output of outputs) this.#claim(output);
    // Rounded as a file would: a graph computes the same before and after it was one.
    const rounded = Object.entries(floats).map(
      ([key, value]) => [key, typeof value === 'number' ? Math.fround(value) : value.map(Math.fround)] as const,
    );
    this.#nodes.push({
      op,
      domain,
      name,
      inputs: [...inputs],
      outputs,
      attributes: new Map<string, Attribute>([...Object.entries(attributes), ...rounded]),
      kinds: new Map(rounded.map(([key, value]) => [key, typeof value === 'number' ? 'float' : 'floats'])),
    });
    return outputs;
  }

  /** Makes a value an output of the graph, under the output's own name. */
  output(name: string, value: string, dims?: readonly Dim[], type: DataType = 'float32'): void {
    this.#check(value, `output '${name}'`);
    if (name !== value || this.#outputs.some((output) => output.name === name)) this.#reserve(name);
    this.#outputs.push({ name, value, type, ...(dims && { dims: [...dims] }) });
  }

  /** The graph as it stands now. */
  build(): Graph {
    const made = new Set(this.#nodes.flatMap((node) => node.outputs));
    const foreign = new Set(this.#nodes.map(({ domain }) => domain).filter((domain) => domain !== ''));
    const renamed = new Map<string, string>();
    const copies: GraphNode[] = [];
    for (const { name, value } of this.#outputs) {
      if (name === value) continue;
      // A node's value is renamed to the output's name; an input, a constant or the value of another output is copied.
      const free = made.has(value) && !renamed.has(value) && !this.#outputs.some((output) => output.name === value);
      if (free) renamed.set(value, name);
      else copies.push({ op: 'Identity', domain: '', name, inputs: [value], outputs: [name], attributes: new Map() });
    }
    const final = (names: readonly string[]) => names.map((name) => renamed.get(name) ?? name);
    return {
      name: this.#name,
      inputs: [...this.#inputs],
      outputs: this.#outputs.map(({ value: _, ...output }) => output),
      nodes: [...this.#nodes, ...copies].map((node) => ({ ...node, inputs: final(node.inputs), outputs: final(node.outputs) })),
      constants: new Map(this.#constants),
      opsets: new Map([['', this.#opset], ...[...foreign].map((domain): [string, number] => [domain, 1])]),
      metadata: new Map(),
    };
  }

  #newName(op: string): string {
    let number = this.#numbers.get(op) ?? 0;
    while (this.#names.has(`${op}_${number}`)) number++;
    this.#numbers.set(op, number + 1);
    return `${op}_${number}`;
  }

  #claim(name: string): void {
    this.#reserve(name);
    this.#values.add(name);
  }

  #reserve(name: string): void {
    if (name === '') throw new LanewiseError('INVALID_MODEL', 'a value needs a name');
    if (this.#names.has(name)) throw new LanewiseError('INVALID_MODEL', `there are two values named '${name}'`);
    this.#names.add(name);
  }

  #check(value: string, reader: string): void {
    if (!this.#values.has(value)) throw new LanewiseError('INVALID_MODEL', `${reader} reads '${value}', which does not exist`);
  }
}
