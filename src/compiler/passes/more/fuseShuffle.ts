import { channelShuffle } from '../../../ops/more/move/depthToSpace.ts';
import { permOf, transpose } from '../../../ops/move/transpose.ts';
import type { Node } from '../../../ops/operator.ts';
import { reshape } from '../../../ops/shape/reshape.ts';
import { as } from '../../network.ts';
import type { Pass } from '../pass.ts';

/** [N, C, ...] reshaped to [N, g, C / g, ...], transposed to [N, C / g, g, ...] and reshaped back is a shuffle of channels. */
export const fuseShuffle: Pass = {
  match(node, network) {
    const [swapped] = node.inputs;
    const swap = as(network.privateProducer(swapped, node), transpose);
    const [split] = swap?.inputs ?? [];
    const first = swap && as(network.privateProducer(split, swap), reshape);
    const [x] = first?.inputs ?? [];
    if (!as(node, reshape) || !swap || !first || !split || !x) return undefined;
    const [batch, channels = 0, ...spatial] = x.dims;
    const [, groups = 1, each = 1] = split.dims;
    const wanted = [batch, groups, each, ...spatial].join();
    const perm = permOf(swap).join();
    const fits = x.dims.length > 2 && split.dims.join() === wanted && groups * each === channels;
    if (!fits || perm !== [0, 2, 1, ...spatial.map((_, i) => i + 3)].join() || node.outputs[0]?.dims.join() !== x.dims.join())
      return undefined;
    const shuffle: Node = { ...node, op: channelShuffle, attributes: { groups }, inputs: [x] };
    return { remove: [first, swap, node], insert: [shuffle] };
  },
};
