// What layers do differently while they learn: batch-norm takes the statistics of its batch, dropout drops.

import type { Value } from '../graph/value.ts';
import type { Node } from '../ops/operator.ts';

/** What the training form of a node may use. */
export interface FormContext {
  /** int32 [4]: the seed's lower and upper half, and the step's. A place in the network is told by `index`. */
  readonly random: Value;
  /** The node's place in the network: random numbers of two nodes differ. */
  readonly index: number;
}

type Form<A = never> = (node: Node<A>, context: FormContext) => Node;

/** By ONNX's op_type; what is not here does the same in training. */
const forms: Readonly<Record<string, Form>> = {};

/** A node as it is while the network learns. */
export const trainingForm = (node: Node, context: FormContext): Node => forms[node.op.name]?.(node as Node<never>, context) ?? node;

/** The states that a node writes, under their new names: the running statistics of a batch-norm. */
export const statesWrittenBy = ({ op, outputs }: Node): readonly Value[] => (op.name === 'BatchNormTraining' ? outputs.slice(3) : []);
