// Reverse mode: the chain rule from the loss back to what learns, written as nodes (Griewank and Walther 2008, "Evaluating
// derivatives", chapter 3).

import { LanewiseError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import { nodeTitle } from '../ops/attributes.ts';
import type { Node } from '../ops/operator.ts';
import { ruleOf } from './rules/index.ts';
import { Tape } from './tape.ts';

export interface Backward {
  /** The backward pass, in execution order. */
  readonly nodes: readonly Node[];
  /** The gradients of what learns, as far as the loss depends on it. */
  readonly gradients: ReadonlyMap<Value, Value>;
}

/**
 * The backward pass of nodes.
 * @param nodes the forward pass, in execution order
 * @param seeds gradients of values that it makes: of the loss, 1 or a factor
 * @param learned the values whose gradients are wanted
 * @throws LanewiseError UNSUPPORTED if an operator on the way has no gradient rule
 */
export function differentiate(nodes: readonly Node[], seeds: ReadonlyMap<Value, Value>, learned: Iterable<Value>): Backward {
  const targets = [...learned];
  const wanted = new Set(targets);
  for (const { inputs, outputs } of nodes) {
    if (inputs.some((value) => value && wanted.has(value))) for (const value of outputs) wanted.add(value);
  }
  const tape = new Tape(wanted);
  const gradients = new Map(seeds);
  for (const node of [...nodes].reverse()) {
    const made = node.outputs.map((value) => gradients.get(value));
    if (made.every((value) => value === undefined) || !node.inputs.some((value) => tape.wants(value))) continue;
    const rule = ruleOf(node.op);
    if (!rule) {
      throw new LanewiseError(
        'UNSUPPORTED',
        `${nodeTitle(node)} has no gradient: freeze what learns before it, or train a network without it`,
      );
    }
    tape.begin(node.name);
    const results = rule(node as Node<never>, made, tape);
    node.inputs.forEach((value, i) => {
      const result = results[i];
      if (result && tape.wants(value)) gradients.set(value, tape.sum(gradients.get(value), result));
    });
  }
  return {
    nodes: tape.nodes,
    gradients: new Map(
      targets
        .flatMap((value) => [[value, gradients.get(value)]] as const)
        .filter((entry): entry is [Value, Value] => entry[1] !== undefined),
    ),
  };
}
