// What layers do differently while they learn: batch-norm takes the statistics of its batch, dropout drops.

import type { Value } from '../graph/value.ts';
import type { Node, Operator } from '../ops/operator.ts';
import type { DropoutAttributes } from '../ops/shape/identity.ts';
import { invalid, unsupported } from '../ops/shapes.ts';
import { dropoutTraining } from './ops/dropout.ts';

/** What the training form of a node may use. */
export interface FormContext {
  /** int32 [4]: the seed's lower and upper half, and the step's. A place in the network is told by `index`. */
  readonly random: Value;
  /** The node's place in the network: random numbers of two nodes differ. */
  readonly index: number;
}

type Form<A = never> = (node: Node<A>, context: FormContext) => Node;

/** Drops, unless its rate is 0: an attribute up to opset 11, then an input. */
const dropoutForm: Form<DropoutAttributes> = (node, { random, index }) => {
  const given = node.inputs[1];
  if (given && !given.constant) throw unsupported(node, 'a rate that a run computes is not supported; make it a constant');
  const rate = given?.constant ? Number(given.constant.read()[0]) : (node.attributes.ratio ?? 0.5);
  if (!(rate >= 0 && rate <= 1)) throw invalid(node, `a rate of ${rate} is not from 0 to 1`);
  if (rate === 0) return node;
  if (node.outputCount > 1) throw unsupported(node, 'its mask is not made in training; leave out that output');
  return { ...node, op: dropoutTraining as Operator, attributes: { rate, index }, inputs: [node.inputs[0], random] };
};

/** By ONNX's op_type; what is not here does the same in training. */
const forms: Readonly<Record<string, Form>> = { Dropout: dropoutForm };

/** A node as it is while the network learns. */
export const trainingForm = (node: Node, context: FormContext): Node => forms[node.op.name]?.(node as Node<never>, context) ?? node;
