import { LanewiseError } from '../errors.ts';
import type { Node, Value } from '../ops/operator.ts';

/** A change to a network: some nodes out, others in, values renamed. `label` says what it did and where. */
export interface Patch {
  readonly label: string;
  readonly remove: readonly Node[];
  /** Take the place of the last removed node. */
  readonly insert: readonly Node[];
  /** Readers of the key read the value instead. */
  readonly rename: ReadonlyMap<Value, Value>;
}

/** Nodes in execution order over values whose shapes are known. */
export class Network {
  readonly inputs: readonly Value[];
  outputs: readonly Value[];
  nodes: readonly Node[];
  #readers: Map<Value, Node[]> | undefined;
  #producers: Map<Value, Node> | undefined;

  constructor(inputs: readonly Value[], outputs: readonly Value[], nodes: readonly Node[]) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.nodes = nodes;
  }

  /** The nodes that read a value, once per input that does. */
  readers(value: Value): readonly Node[] {
    if (!this.#readers) {
      this.#readers = new Map();
      for (const node of this.nodes) {
        for (const input of node.inputs) {
          if (!input) continue;
          const list = this.#readers.get(input);
          if (list) list.push(node);
          else this.#readers.set(input, [node]);
        }
      }
    }
    return this.#readers.get(value) ?? [];
  }

  /** The node that makes a value; undefined for inputs and constants. */
  producer(value: Value): Node | undefined {
    this.#producers ??= new Map(this.nodes.flatMap((node) => node.outputs.map((output): [Value, Node] => [output, node])));
    return this.#producers.get(value);
  }

  /** Whether only `reader` sees the value: nobody else reads it and it is no output of the network. */
  isPrivate(value: Value, reader: Node): boolean {
    const readers = this.readers(value);
    return readers.length === 1 && readers[0] === reader && !this.outputs.includes(value);
  }

  apply({ remove, insert, rename }: Patch): void {
    const gone = new Set(remove);
    const place = this.nodes.findLastIndex((node) => gone.has(node));
    const renamed = (value: Value | undefined) => value && (rename.get(value) ?? value);
    const rewired = (node: Node): Node =>
      node.inputs.some((value) => value && rename.has(value)) ? { ...node, inputs: node.inputs.map(renamed) } : node;
    this.nodes = this.nodes.flatMap((node, i) => [...(i === place ? insert : []), ...(gone.has(node) ? [] : [node])]).map(rewired);
    this.outputs = this.outputs.map((value) => rename.get(value) ?? value);
    this.#readers = this.#producers = undefined;
  }

  /** @throws Error where a value is read before it is made, made twice, or made by nobody: a pass has gone wrong */
  verify(): void {
    const known = new Set<Value>(this.inputs);
    const check = (value: Value | undefined, where: string) => {
      if (value && !value.constant && !known.has(value)) throw new Error(`${where} reads '${value.name}' before it is made`);
    };
    for (const node of this.nodes) {
      for (const value of node.inputs) check(value, `node '${node.name}'`);
      for (const value of node.outputs) {
        if (known.has(value)) throw new Error(`'${value.name}' is made twice`);
        known.add(value);
      }
    }
    for (const value of this.outputs) check(value, 'the output list');
  }
}

/** @throws LanewiseError INVALID_MODEL: internal use where a map must hold what the checks before put there */
export function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new LanewiseError('INVALID_MODEL', `${what} is not defined`);
  return value;
}
