import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { clip, relu } from '../../ops/elementwise/relu.ts';
import type { Node } from '../../ops/operator.ts';
import { as } from '../network.ts';
import type { Pass } from './pass.ts';

/** An activation that is a clamp becomes part of the only node that feeds it. */
export const fuseClamp: Pass = {
  match(node, network) {
    const [x, ...limits] = node.inputs;
    const before = network.privateProducer(x, node);
    const activation = as(node, relu, clip);
    if (!activation || limits.length > 0) return undefined;
    if (!before?.op.clamps || before.outputs.length > 1) return undefined;
    const attributes = before.attributes as Clamped;
    if (attributes.clamp) return undefined;
    const fused: Node = { ...before, attributes: { ...attributes, clamp: activation.attributes.clamp }, outputs: node.outputs };
    return { remove: [before, node], insert: [fused] };
  },
};
