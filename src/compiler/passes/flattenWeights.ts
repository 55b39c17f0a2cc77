import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import { type GemmAttributes, gemm } from '../../ops/gemm/gemm.ts';
import { matMul } from '../../ops/gemm/matmul.ts';
import type { Node } from '../../ops/operator.ts';
import { flatten, flattenPixels, reshape } from '../../ops/shape/reshape.ts';
import { as, type Network } from '../network.ts';
import type { Pass } from './pass.ts';

/** Dense layers, and which of their inputs is the weights. The chunk of integers adds its own. */
export const denseLayers = new Map<object, number>([
  [gemm, 1],
  [matMul, 1],
]);

/**
 * A channels-last picture that is flattened for a dense layer stays as it is: the layer's constant weights are packed in
 * that order instead, once, at load.
 */
export const flattenWeights: Pass = {
  match(node, network) {
    const index = denseLayers.get(node.op);
    const attributes = node.attributes as Partial<GemmAttributes>;
    const [a] = node.inputs;
    const weights = node.inputs[index ?? 1];
    const before = as<unknown>(network.privateProducer(a, node), flatten, reshape);
    if (!index || attributes.transA || !a || !before || !weights?.constant || weights.dims.length !== 2) return undefined;
    const [picture] = before.inputs;
    const [batch, channels = 0, ...spatial] = picture?.dims ?? [];
    const pixels = product(spatial);
    if (!picture || spatial.length === 0 || pixels < 2 || channels < 2) return undefined;
    if (a.dims.length !== 2 || a.dims[0] !== batch || !isChannelsLast(picture, network)) return undefined;

    const flat: Node = { ...before, op: flattenPixels, attributes: {}, inputs: [picture] };
    const packed: Node = { ...node, attributes: { ...attributes, pixels } };
    return { remove: [before, node], insert: [flat, packed] };
  },
};

/** Whether the layout pass will make the value channels-last. */
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
