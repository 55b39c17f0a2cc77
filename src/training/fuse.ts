// Batch-norm, the sum with a shortcut and the activation after it become one node, before the gradient is taken: so the mask of
// the activation is part of the norm's own passes, forward and backward.

import { as, Network } from '../compiler/network.ts';
import type { Value } from '../graph/value.ts';
import { add } from '../ops/elementwise/binary.ts';
import type { Clamped } from '../ops/elementwise/clamp.ts';
import { clip, constantClamp, relu } from '../ops/elementwise/relu.ts';
import type { Node } from '../ops/operator.ts';
import { output } from '../ops/shapes.ts';
import { batchNormTraining } from './ops/batchNorm.ts';

/**
 * A forward pass with fewer nodes that computes the same.
 * @param nodes in their training forms, in execution order
 * @param kept values that others read: outputs of the network
 */
export function fuseForward(nodes: readonly Node[], kept: readonly Value[]): readonly Node[] {
  const network = new Network([], kept, nodes);
  for (const node of nodes) {
    const fused = withResidual(node, network) ?? withClamp(node, network);
    if (fused)
      network.apply({ remove: [fused.before, node], insert: [{ ...fused.node, outputs: [output(node), ...fused.node.outputs.slice(1)] }] });
  }
  return network.nodes;
}

interface Fused {
  readonly before: Node;
  readonly node: Node;
}

/** The batch-norm that only `node` reads, if nothing comes after it yet but a sum. */
const normBefore = (value: Value | undefined, node: Node, network: Network) => {
  const before = as(network.privateProducer(value, node), batchNormTraining);
  return before && output(before) === value && !before.attributes.clamp ? before : undefined;
};

function withClamp(node: Node, network: Network): Fused | undefined {
  const activation = as<Clamped>(node, relu, clip);
  const clamp = activation && constantClamp(activation);
  const before = clamp && normBefore(node.inputs[0], node, network);
  return before && { before, node: { ...before, attributes: { ...before.attributes, clamp } } as Node };
}

/** If both operands are batch-norms, the later one takes the other as its residual. */
function withResidual(node: Node, network: Network): Fused | undefined {
  const [a, b] = node.inputs;
  if (!as(node, add) || !a || !b || a === b || a.dims.join() !== b.dims.join()) return undefined;
  const candidates = [[a, b] as const, [b, a] as const].flatMap(([value, residual]) => {
    const before = normBefore(value, node, network);
    return before && !before.inputs[5] ? [{ before, residual }] : [];
  });
  const place = ({ before }: { before: Node }) => network.nodes.indexOf(before);
  const [found] = candidates.sort((one, other) => place(other) - place(one));
  return found && { before: found.before, node: { ...found.before, inputs: [...found.before.inputs.slice(0, 5), found.residual] } };
}
