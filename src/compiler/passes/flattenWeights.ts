import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import { type GemmAttributes, gemm } from '../../ops/gemm/gemm.ts';
import { matMul } from '../../ops/gemm/matmul.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import { flatten, flattenPixels, reshape } from '../../ops/shape/reshape.ts';
import { isOp, type Network } from '../network.ts';
import type { Pass } from './pass.ts';

/**
 * A channels-last picture that is flattened for a dense layer stays as it lies: the layer's weights, which are constant, are packed
 * in that order instead, once, at load.
 */
export const flattenWeights: Pass = {
  match(node, network) {
    const [a, weights] = node.inputs;
    const before = network.privateProducer(a, node);
    const op: unknown = node.op;
    const { transA = false } = node.attributes as Partial<GemmAttributes>;
    if ((op !== gemm && op !== matMul) || transA || !a || !before || !weights?.constant || weights.dims.length !== 2) return undefined;
    if (!isOp(before, flatten) && !isOp(before, reshape)) return undefined;
    const [picture] = before.inputs;
    const [batch, channels = 0, ...spatial] = picture?.dims ?? [];
    const pixels = product(spatial);
    if (!picture || spatial.length === 0 || pixels < 2 || channels < 2) return undefined;
    if (a.dims.length !== 2 || a.dims[0] !== batch || !isChannelsLast(picture, network)) return undefined;

    const flat: Node = { ...before, op: flattenPixels as Operator, attributes: {}, inputs: [picture] };
    const dense: Node = { ...node, attributes: { ...(node.attributes as object), pixels } };
    return { remove: [before, node], insert: [flat, dense] };
  },
};

/** Whether the layout pass will lay the value channels-last. */
function isChannelsLast(value: Value, network: Network, seen = new Set<Value>()): boolean {
  const producer = network.producer(value);
  if (!producer || seen.has(value)) return false;
  seen.add(value);
  const output = producer.op.layout?.(producer, () => 'rowMajor').output ?? 'rowMajor';
  if (output !== 'any') return output === 'channelsLast';
  return producer.inputs.some(
    (input) => input && !input.constant && input.dims.length === value.dims.length && isChannelsLast(input, network, seen),
  );
}
