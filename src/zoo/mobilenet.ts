import { add, dense, dropout, flatten, globalAvgPool2d, relu6, type SymbolicTensor } from '../layers/index.ts';
import { channels, conv, type Factory, imagenet, network, norm, type WidthOptions } from './network.ts';

/** By stage: the expansion inside its blocks, their channels, their number, the stride of the first. Table 2 of the paper. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/**
 * No ReLU follows the last convolution of a block, and many outputs are added to the input: with gain 1 the numbers would
 * grow from block to block.
 */
const LINEAR_GAIN = 0.5;

/**
 * Channels in steps of 8, never less than nine tenths of the wanted number; as in TensorFlow's and torchvision's
 * definitions.
 */
function rounded(count: number): number {
  const nearest = Math.max(8, Math.floor((count + 4) / 8) * 8);
  return nearest < 0.9 * count ? nearest + 8 : nearest;
}

/** Convolution, batch-norm, ReLU6: torchvision's ConvBNReLU. */
const unit = (x: SymbolicTensor, filters: number, kernel: number, name: string, options: Parameters<typeof conv>[4] = {}) =>
  relu6(norm(conv(x, filters, kernel, `${name}.0`, options), `${name}.1`), { name: `${name}.2` });

/**
 * Inverted residual with a linear bottleneck: 1×1 to more channels, depthwise 3×3, 1×1 to few channels without an
 * activation.
 */
function block(x: SymbolicTensor, expansion: number, filters: number, stride: number, name: string): SymbolicTensor {
  const wide = channels(x) * expansion;
  // The first block has no expansion, so its other layers have other names.
  const at = expansion === 1 ? 0 : 1;
  const expanded = expansion === 1 ? x : unit(x, wide, 1, `${name}.0`);
  const filtered = unit(expanded, wide, 3, `${name}.${at}`, { stride, groups: wide });
  const y = norm(conv(filtered, filters, 1, `${name}.${at + 1}`), `${name}.${at + 2}`, LINEAR_GAIN);
  return stride === 1 && channels(x) === filters ? add(x, y) : y;
}

/**
 * MobileNetV2 (Sandler et al. 2018, "MobileNetV2: inverted residuals and linear bottlenecks", arXiv:1801.04381) as in
 * torchvision. `width` is the paper's multiplier of all channels, rounded to steps of 8; the last convolution's 1280 only
 * grow. 3,504,872 parameters.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { mobilenetV2 } from 'lanewise/zoo';
 *
 * mobilenetV2().parameterCount; // 3504872
 * mobilenetV2({ width: 0.5 }).parameterCount; // 1968680
 */
export const mobilenetV2: Factory<WidthOptions> = network('mobilenet_v2', { ...imagenet, width: 1 }, (pictures, { classes, width }) => {
  let x = unit(pictures, rounded(32 * width), 3, 'features.0', { stride: 2 });
  let index = 1;
  for (const [expansion, filters, depth, firstStride] of stages) {
    for (let i = 0; i < depth; i++) {
      x = block(x, expansion, rounded(filters * width), i === 0 ? firstStride : 1, `features.${index++}.conv`);
    }
  }
  x = unit(x, rounded(1280 * Math.max(1, width)), 1, `features.${index}`);
  return dense(dropout(flatten(globalAvgPool2d(x)), 0.2, { name: 'classifier.0' }), classes, { name: 'classifier.1' });
});
