import type { Value } from '../graph/value.ts';
import { add } from '../ops/elementwise/binary.ts';
import type { Node, Operator } from '../ops/operator.ts';

/** An operator without its outputs: what a rule asks the tape to add. */
export interface Entry<A> {
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: A;
  /** How many outputs are made. Default 1. */
  readonly outputs?: number;
}

/**
 * What gradient rules write to: nodes of the backward pass, in execution order. They are nodes like any others, so that passes,
 * layouts, planner, threads and profile serve them.
 */
export class Tape {
  readonly nodes: Node[] = [];
  readonly #wanted: ReadonlySet<Value>;
  /** The node whose rule writes: its name begins those of the rule's nodes. */
  #source = '';
  #count = 0;

  /** @param wanted the values whose gradients lead to what learns */
  constructor(wanted: ReadonlySet<Value>) {
    this.#wanted = wanted;
  }

  /** Names the nodes that follow after this one. */
  begin(source: string): void {
    this.#source = source;
    this.#count = 0;
  }

  /** Whether a value's gradient is needed; rules may leave out others. */
  wants(value: Value | undefined): value is Value {
    return value !== undefined && this.#wanted.has(value);
  }

  /** Adds a node with several outputs. */
  all<A>(op: Operator<A>, { inputs, attributes, outputs = 1 }: Entry<A>): Value[] {
    const name = `${this.#source}/gradient_${this.#count++}`;
    const open = { name, attributes, inputs, outputCount: outputs, declaredOutputs: outputs };
    const made = op.inferShape(open).map(({ type, dims }, i): Value => ({ name: `${name}:${i}`, type, dims }));
    this.nodes.push({ ...open, op: op as Operator, outputs: made });
    return made;
  }

  /** Adds a node with one output. */
  add<A>(op: Operator<A>, inputs: readonly (Value | undefined)[], attributes: A): Value {
    return this.all(op, { inputs, attributes })[0] as Value;
  }

  /** The sum of two tensors of one shape; either may be absent. */
  sum(a: Value | undefined, b: Value): Value {
    return a ? this.add(add, [a, b], {}) : b;
  }
}
