import { channelShuffle } from '../../../ops/more/move/depthToSpace.ts';
import { permOf, transpose } from '../../../ops/move/transpose.ts';
import type { Node, Operator } from '../../../ops/operator.ts';
import { reshape } from '../../../ops/shape/reshape.ts';
import { isOp } from '../../network.ts';
import type { Pass } from '../pass.ts';

/** [N, C, ...] reshaped to [N, g, C / g, ...], transposed to [N, C / g, g, ...] and reshaped back is a shuffle of channels. */
export const fuseShuffle: Pass = {
  match(node, network) {
    const [swapped] = node.inputs;
    const swap = network.privateProducer(swapped, node);
    const [split] = swap?.inputs ?? [];
    const first = swap && network.privateProducer(split, swap);
    const [x] = first?.inputs ?? [];
    if (!isOp(node, reshape) || !swap || !first || !split || !x) return undefined;
    if (!isOp(swap, transpose) || !isOp(first, reshape)) return undefined;
    const [batch, channels = 0, ...spatial] = x.dims;
    const [, groups = 1, each = 1] = split.dims;
    const wanted = [batch, groups, each, ...spatial].join();
    const perm = permOf(swap as Node<never>).join();
    const fits = x.dims.length > 2 && split.dims.join() === wanted && groups * each === channels;
    if (!fits || perm !== [0, 2, 1, ...spatial.map((_, i) => i + 3)].join() || node.outputs[0]?.dims.join() !== x.dims.join())
      return undefined;
    const shuffle: Node = { ...node, op: channelShuffle as Operator, attributes: { groups }, inputs: [x] };
    return { remove: [first, swap, node], insert: [shuffle] };
  },
};
