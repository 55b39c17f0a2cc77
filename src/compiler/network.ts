import { LanewiseError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import type { Node, Operator } from '../ops/operator.ts';

/** The node, if it is one of these operators and has kernels: nodes that run on the host (see host.ts) are not. */
export const as = <A>(node: Node | undefined, ...ops: Operator<A>[]): Node<A> | undefined =>
  ops.includes(node?.op as Operator<A>) ? (node as Node<A>) : undefined;

/** A change to a network: nodes to remove, nodes to insert, values to rename. */
export interface Patch {
  /** In execution order. */
  readonly remove: readonly Node[];
  /** The nodes that replace the last removed one. */
  readonly insert?: readonly Node[];
  /** Readers of the key shall read the value instead. */
  readonly rename?: ReadonlyMap<Value, Value>;
}

/** Nodes in execution order over values whose shapes are known. */
export class Network {
  readonly inputs: readonly Value[];
  outputs: readonly Value[];
  readonly #nodes: Node[];
  readonly #readers = new Map<Value, Node[]>();
  readonly #producers = new Map<Value, Node>();

  constructor(inputs: readonly Value[], outputs: readonly Value[], nodes: readonly Node[]) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.#nodes = [...nodes];
    for (const node of nodes) this.#connect(node);
  }

  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** The nodes that read a value, once per input that does. */
  readers(value: Value): readonly Node[] {
    return this.#readers.get(value) ?? [];
  }

  /** The node that makes a value; undefined for inputs and constants. */
  producer(value: Value): Node | undefined {
    return this.#producers.get(value);
  }

  /** Whether only `reader` uses the value: no other node reads it, and it is no output of the network. */
  isPrivate(value: Value, reader: Node): boolean {
    const readers = this.readers(value);
    return readers.length === 1 && readers[0] === reader && !this.outputs.includes(value);
  }

  /** The node that makes a value which only `reader` uses. */
  privateProducer(value: Value | undefined, reader: Node): Node | undefined {
    return value && this.isPrivate(value, reader) ? this.producer(value) : undefined;
  }

  apply({ remove, insert = [], rename = new Map() }: Patch): void {
    let place = 0;
    for (const node of remove) {
      place = this.#nodes.indexOf(node);
      if (place < 0) throw new Error(`a pass removes '${node.name}', which is not there`);
      this.#nodes.splice(place, 1);
      this.#disconnect(node);
    }
    this.#nodes.splice(place, 0, ...insert);
    for (const node of insert) this.#connect(node);
    for (const [from, to] of rename) {
      for (const reader of new Set(this.readers(from))) {
        const rewired = { ...reader, inputs: reader.inputs.map((value) => (value === from ? to : value)) };
        this.#nodes[this.#nodes.indexOf(reader)] = rewired;
        this.#disconnect(reader);
        this.#connect(rewired);
      }
    }
    this.outputs = this.outputs.map((value) => rename.get(value) ?? value);
  }

  #connect(node: Node): void {
    for (const value of node.outputs) this.#producers.set(value, node);
    for (const value of node.inputs) {
      if (!value) continue;
      const readers = this.#readers.get(value);
      if (readers) readers.push(node);
      else this.#readers.set(value, [node]);
    }
  }

  #disconnect(node: Node): void {
    for (const value of node.outputs) {
      if (this.#producers.get(value) === node) this.#producers.delete(value);
    }
    for (const value of new Set(node.inputs)) {
      const readers = value && this.#readers.get(value);
      if (readers)
        this.#readers.set(
          value,
          readers.filter((reader) => reader !== node),
        );
    }
  }
}

/** @throws LanewiseError INVALID_MODEL if a map lacks what earlier checks guarantee */
export function defined<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new LanewiseError('INVALID_MODEL', `${what} is not defined`);
  return value;
}
