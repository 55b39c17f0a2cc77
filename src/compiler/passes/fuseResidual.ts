import type { Value } from '../../graph/value.ts';
import { add } from '../../ops/elementwise/binary.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import type { Node } from '../../ops/operator.ts';
import { isDepthwise } from '../../ops/window/choose.ts';
import { ConvInput, conv } from '../../ops/window/conv.ts';
import { as, type Network, type Patch } from '../network.ts';
import type { Pass } from './pass.ts';

/**
 * The sum of a convolution's private output and a value of the same shape becomes the convolution's residual input, at the
 * sum's place. If both operands qualify, the later one is taken, because the earlier one's input need not be kept until
 * then.
 */
export const fuseResidual: Pass = {
  match(given, network) {
    const node = as(given, add);
    const [a, b] = given.inputs;
    if (!node || !a || !b || a === b || a.dims.join() !== b.dims.join()) return undefined;
    const position = (value: Value) => {
      const producer = network.producer(value);
      return producer ? network.nodes.indexOf(producer) : -1;
    };
    const [later, earlier] = position(a) > position(b) ? [a, b] : [b, a];
    return fuse(node, later, earlier, network) ?? fuse(node, earlier, later, network);
  },
};

function fuse(node: Node<Clamped>, sum: Value, residual: Value, network: Network): Patch | undefined {
  const before = as(network.privateProducer(sum, node), conv);
  if (!before || isDepthwise(before) || before.attributes.clamp || before.inputs[ConvInput.Residual]) return undefined;
  const [x, weights, bias] = before.inputs;
  const fused = {
    ...before,
    attributes: { ...before.attributes, clamp: node.attributes.clamp },
    inputs: [x, weights, bias, residual, ...before.inputs.slice(ConvInput.Scale)],
    outputs: node.outputs,
  };
  return { remove: [before, node], insert: [fused] };
}
