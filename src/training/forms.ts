// What layers do differently while they learn: batch-norm takes the statistics of its batch, dropout drops.

import type { Value } from '../graph/value.ts';
import type { BatchNormAttributes } from '../ops/norm/batchNormalization.ts';
import type { Node, Operator } from '../ops/operator.ts';
import type { DropoutAttributes } from '../ops/shape/identity.ts';
import { input, invalid, output, unsupported } from '../ops/shapes.ts';
import { batchNormTraining } from './ops/batchNorm.ts';
import { dropoutTraining } from './ops/dropout.ts';

/** What the training form of a node may use. */
export interface FormContext {
  /** int32 [4]: the seed's lower and upper half, and the step's. A place in the network is told by `index`. */
  readonly random: Value;
  /** The node's place in the network: random numbers of two nodes differ. */
  readonly index: number;
}

type Form<A = never> = (node: Node<A>, context: FormContext) => Node;

/** The statistics of the batch, and running ones where they are states or read. */
const batchNormForm: Form<BatchNormAttributes> = (node) => {
  const { epsilon, clamp, kept } = node.attributes;
  const [, mean, variance] = node.outputs;
  const runs = mean !== undefined || input(node, 3).state !== undefined;
  // ONNX's is the share of the old. 0.9 in float32 is not quite 0.9.
  const momentum = Math.round((1 - kept) * 1e6) / 1e6;
  const open = { ...node, attributes: { epsilon, momentum, ...(clamp && { clamp }) }, outputCount: runs ? 5 : 3 };
  const given = [output(node), undefined, undefined, mean, variance];
  const made = batchNormTraining.inferShape(open);
  const outputs = made.map((type, i) => given[i] ?? { ...type, name: `${node.name}:${i}` });
  return { ...open, op: batchNormTraining as Operator, declaredOutputs: open.outputCount, outputs };
};

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
const forms: Readonly<Record<string, Form>> = { BatchNormalization: batchNormForm, Dropout: dropoutForm };

/** A node as it is while the network learns. */
export const trainingForm = (node: Node, context: FormContext): Node => forms[node.op.name]?.(node as Node<never>, context) ?? node;

/** Where a batch-norm has running statistics, among its inputs and, as they are after it, among its outputs. */
const STATISTICS = [3, 4];

/**
 * Nodes of which each batch-norm goes on from the running statistics that the one before it made, where several share them.
 * @returns the nodes, and what states of statistics become: nothing writes them yet, because the loss may turn out to be no number
 */
export function chainStatistics(nodes: readonly Node[]): { nodes: Node[]; statistics: Map<Value, Value> } {
  const statistics = new Map<Value, Value>();
  const chained = nodes.map((node) => {
    if (node.op !== (batchNormTraining as Operator)) return node;
    const inputs = node.inputs.map((value, i) => (STATISTICS.includes(i) && value && statistics.get(value)) || value);
    for (const i of STATISTICS) {
      const [old, made] = [node.inputs[i], node.outputs[i]];
      if (old?.state && made) statistics.set(old, made);
    }
    return { ...node, inputs };
  });
  return { nodes: chained, statistics };
}
