import type { Value } from '../../graph/value.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import type { Tape } from '../tape.ts';

/**
 * The gradient rule of an operator: writes nodes for the gradients of a node's inputs.
 * @param gradients of the node's outputs; undefined for an output on which the loss does not depend. At least one is there
 * @returns the gradients of its inputs, by position, in their shapes. Those that `tape` does not want may be missing; a missing
 *   one that is wanted is 0
 */
export type Rule<A = never> = (node: Node<A>, gradients: readonly (Value | undefined)[], tape: Tape) => readonly (Value | undefined)[];

/** Rules by ONNX's op_type. */
export type Rules = Readonly<Record<string, Rule>>;

/** An operator that only training has, with its rule. */
export interface Ruled<A> extends Operator<A> {
  readonly rule: Rule<A>;
}
