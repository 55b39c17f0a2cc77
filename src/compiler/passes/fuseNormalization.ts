import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { type BatchNormAttributes, batchNormalization } from '../../ops/norm/batchNormalization.ts';
import type { Node } from '../../ops/operator.ts';
import { type ConvAttributes, conv, isPointwise } from '../../ops/window/conv.ts';
import { isOp } from '../network.ts';
import { derived } from './constants.ts';
import { batchNormAffine } from './foldAffine.ts';
import type { Pass } from './pass.ts';

/** Batch-norm, clamped or not, that a 1×1 convolution alone reads, as in DenseNet, is done while that one packs its input. */
export const fuseNormalization: Pass = {
  match(node, network) {
    const [x, weights, bias, residual, scaled] = node.inputs;
    const before = network.privateProducer(x, node) as Node<BatchNormAttributes> | undefined;
    if (!x || !before || !isOp(node, conv) || !isOp(before, batchNormalization) || scaled) return undefined;
    // A single pixel is not packed.
    const pixels = product(x.dims) / at(x.dims, 1);
    const affine = pixels > 1 && isPointwise(node as Node<ConvAttributes>) ? batchNormAffine(before) : undefined;
    if (!affine) return undefined;
    const [scale, shift] = (['scale', 'shift'] as const).map((part) =>
      derived(JSON.stringify([x.name, part]), [at(x.dims, 1)], affine.from, { read: () => Float32Array.from(affine[part]()) }),
    );
    const fused = {
      ...node,
      attributes: { ...(node.attributes as ConvAttributes), inputClamp: before.attributes.clamp },
      inputs: [before.inputs[0], weights, bias, residual, scale, shift],
    };
    return { remove: [before, node], insert: [fused] };
  },
};
