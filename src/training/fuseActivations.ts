// Activations that files write as several nodes (x·sigmoid(x)) become one before the gradient is taken: afterwards the backward
// pass would read the values between, and they could not be fused any more.

import { Network } from '../compiler/network.ts';
import { canonicalize } from '../compiler/passes/canonicalize.ts';
import { fuseActivation } from '../compiler/passes/fuseActivation.ts';
import type { Value } from '../graph/value.ts';
import type { Node } from '../ops/operator.ts';

/**
 * A forward pass with fewer nodes that computes the same.
 * @param nodes in execution order
 * @param kept values that others read: outputs of the network
 */
export function fuseActivations(nodes: readonly Node[], kept: readonly Value[]): readonly Node[] {
  const network = new Network([], kept, nodes);
  for (const pass of [canonicalize, fuseActivation]) {
    for (const node of nodes) {
      const patch = network.nodes.includes(node) && pass.match(node, network);
      if (patch) network.apply(patch);
    }
  }
  return network.nodes;
}
