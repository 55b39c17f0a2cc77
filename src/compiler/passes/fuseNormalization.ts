import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { batchNormalization } from '../../ops/norm/batchNormalization.ts';
import { ConvInput, conv, isPointwise } from '../../ops/window/conv.ts';
import { as } from '../network.ts';
import { derived } from './constants.ts';
import { batchNormAffine } from './foldAffine.ts';
import type { Pass } from './pass.ts';

/**
 * Batch-norm, clamped or not, that only a 1×1 convolution reads, as in DenseNet, is done while that convolution packs its
 * input.
 */
export const fuseNormalization: Pass = {
  match(node, network) {
    const reader = as(node, conv);
    const [x, weights, bias, residual] = node.inputs;
    const before = as(network.privateProducer(x, node), batchNormalization);
    if (!x || !before || !reader || node.inputs[ConvInput.Scale]) return undefined;
    // A single pixel is not packed.
    const pixels = product(x.dims) / at(x.dims, 1);
    const affine = pixels > 1 && isPointwise(reader) ? batchNormAffine(before) : undefined;
    if (!affine) return undefined;
    const [scale, shift] = (['scale', 'shift'] as const).map((part) =>
      derived(JSON.stringify([x.name, part]), [at(x.dims, 1)], affine.from, { read: () => Float32Array.from(affine[part]()) }),
    );
    const fused = {
      ...node,
      attributes: { ...reader.attributes, inputClamp: before.attributes.clamp },
      inputs: [before.inputs[0], weights, bias, residual, scale, shift],
    };
    return { remove: [before, node], insert: [fused] };
  },
};
