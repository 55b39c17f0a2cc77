import { add } from '../../ops/add.ts';
import type { Clamped } from '../../ops/clamp.ts';
import { type ConvAttributes, conv, isDepthwise } from '../../ops/conv.ts';
import type { Node, Value } from '../../ops/operator.ts';
import type { Pass } from './pass.ts';

/**
 * The sum of a convolution's private output and a value of the same shape becomes the convolution's residual input. Of two
 * convolutions the later one takes it, for the earlier one's output must be there by then.
 */
export const fuseResidual: Pass = {
  name: 'fuseResidual',
  match(node, network) {
    const [a, b] = node.inputs;
    if (node.op !== (add as unknown) || !a || !b || a === b) return undefined;
    const position = (value: Value) => {
      const producer = network.producer(value);
      return producer ? network.nodes.indexOf(producer) : -1;
    };
    const [later, other] = position(a) > position(b) ? [a, b] : [b, a];
    const before = network.producer(later) as Node<ConvAttributes> | undefined;
    if (!before || before.op !== (conv as unknown) || isDepthwise(before) || before.attributes.clamp || before.inputs[3]) return undefined;
    if (!network.isPrivate(later, node) || later.dims.join() !== other.dims.join()) return undefined;
    const [x, weights, bias] = before.inputs;
    const fused: Node = {
      ...before,
      attributes: { ...before.attributes, clamp: (node.attributes as Clamped).clamp },
      inputs: [x, weights, bias, other],
      outputs: node.outputs,
    };
    return { label: `${node.name}: fused into ${before.name}`, remove: [before, node], insert: [fused], rename: new Map() };
  },
};
