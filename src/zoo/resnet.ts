// Residual networks (He, Zhang, Ren and Sun 2015, "Deep residual learning for image recognition", arXiv:1512.03385), and the
// plain networks that the paper compares them with: the same without shortcuts (sections 3.3, 4.1 and 4.2).

import { add, conv2d, dense, flatten, globalAvgPool2d, maxPool2d, relu, type SymbolicTensor } from '../layers/index.ts';
import { layerFunction } from '../layers/layer.ts';
import { wholeNumber } from '../layers/options.ts';
import {
  BRANCH_GAIN,
  channels,
  cifar,
  conv,
  type Factory,
  imagenet,
  network,
  norm,
  type ShortcutOptions,
  type WidthOptions,
} from './network.ts';

/** The shortcut, which a block adds to its branch: its input `x` with as many channels and pixels as the branch's output. */
type Shortcut = (x: SymbolicTensor, filters: number, stride: number, name: string) => SymbolicTensor;

/** The kind of a network's blocks. */
interface BlockOptions {
  readonly filters: number;
  readonly stride: number;
  /** Undefined in plain networks. */
  readonly shortcut: Shortcut | undefined;
}

type Block = (x: SymbolicTensor, name: string, options: BlockOptions) => SymbolicTensor;

/** relu(branch(x) + shortcut(x)). @param last the input of the branch's last batch-norm */
function residual(
  x: SymbolicTensor,
  last: SymbolicTensor,
  bn: string,
  name: string,
  { filters, stride, shortcut }: BlockOptions,
): SymbolicTensor {
  const end = { name: `${name}.relu` };
  if (!shortcut) return relu(norm(last, bn), end);
  return relu(add(norm(last, bn, BRANCH_GAIN), shortcut(x, filters, stride, name), { name: `${name}.add` }), end);
}

/** Two 3×3 convolutions. */
const basic: Block = (x, name, options) => {
  const { filters, stride } = options;
  const inner = relu(norm(conv(x, filters, 3, `${name}.conv1`, { stride }), `${name}.bn1`));
  return residual(x, conv(inner, filters, 3, `${name}.conv2`), `${name}.bn2`, name, options);
};

/**
 * 1×1, 3×3 and 1×1, the first two with a quarter of the channels, or `width` times that. The 3×3 strides; in the paper the
 * first 1×1 does.
 */
const bottleneck = (width: number): Block => {
  return (x, name, options) => {
    const { filters, stride } = options;
    const inside = Math.floor((filters / 4) * width);
    const narrow = relu(norm(conv(x, inside, 1, `${name}.conv1`), `${name}.bn1`));
    const middle = relu(norm(conv(narrow, inside, 3, `${name}.conv2`, { stride }), `${name}.bn2`));
    return residual(x, conv(middle, filters, 1, `${name}.conv3`), `${name}.bn3`, name, options);
  };
};

/** The paper's option B: x itself, or a 1×1 convolution if the shape changes. */
const projection: Shortcut = (x, filters, stride, name) =>
  stride === 1 && channels(x) === filters ? x : norm(conv(x, filters, 1, `${name}.downsample.0`, { stride }), `${name}.downsample.1`);

/** Channels of zeros before and after. */
const padChannels = layerFunction<[before: number, after: number]>('padChannels', {}, (to, x, before, after) =>
  to.node('Pad', [x, to.ints([0, before, 0, 0, 0, after, 0, 0])]),
);

/** Option A, without parameters: every other pixel if the branch strides, and channels of zeros. */
const subsampling: Shortcut = (x, filters, stride) => {
  const y = stride === 1 ? x : maxPool2d(x, 1, { stride });
  const missing = filters - channels(x);
  return missing === 0 ? y : padChannels(y, Math.floor(missing / 2), Math.ceil(missing / 2));
};

/** Blocks one after the other; the first one strides. @param index from 1 on */
function stage(x: SymbolicTensor, block: Block, index: number, depth: number, options: Omit<BlockOptions, 'stride'>): SymbolicTensor {
  let y = x;
  for (let i = 0; i < depth; i++) y = block(y, `layer${index}.${i}`, { ...options, stride: i === 0 && index > 1 ? 2 : 1 });
  return y;
}

/** The average of each channel, and the classes. */
const head = (x: SymbolicTensor, classes: number) => dense(flatten(globalAvgPool2d(x, { name: 'avgpool' })), classes, { name: 'fc' });

/** As in torchvision: table 1 of the paper. */
function body(pictures: SymbolicTensor, block: Block, expansion: number, depths: readonly number[], plain: boolean): SymbolicTensor {
  let x = relu(norm(conv2d(pictures, 64, 7, { stride: 2, padding: 3, bias: false, name: 'conv1' }), 'bn1'), { name: 'relu' });
  x = maxPool2d(x, 3, { stride: 2, padding: 1, name: 'maxpool' });
  for (const [i, depth] of depths.entries()) {
    x = stage(x, block, i + 1, depth, { filters: 64 * 2 ** i * expansion, shortcut: plain ? undefined : projection });
  }
  return x;
}

/** ResNets of basic blocks. */
const basicNet = (name: string, depths: readonly number[], plain = false): Factory =>
  network(name, imagenet, (x, { classes }) => head(body(x, basic, 1, depths, plain), classes));

/** ResNets of bottlenecks. */
const bottleneckNet = (name: string, depths: readonly number[], plain = false): Factory<WidthOptions> =>
  network(name, { ...imagenet, width: 1 }, (x, { classes, width }) => head(body(x, bottleneck(width), 4, depths, plain), classes));

/**
 * ResNet-18 (He et al. 2015, arXiv:1512.03385, section 4.1) as in torchvision: shortcuts that change shape are 1×1
 * convolutions. 11,689,512 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet18 } from 'lanewise/zoo';
 *
 * resnet18().parameterCount; // 11689512
 * const model = await resnet18({ classes: 10, seed: 1 }).compile();
 */
export const resnet18 = basicNet('resnet18', [2, 2, 2, 2]);
/**
 * ResNet-34. 21,797,672 parameters. See `resnet18`.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet34 } from 'lanewise/zoo';
 *
 * resnet34().parameterCount; // 21797672
 */
export const resnet34 = basicNet('resnet34', [3, 4, 6, 3]);
/**
 * ResNet-50 (He et al. 2015, arXiv:1512.03385, section 4.1) as in torchvision: if a bottleneck strides, its 3×3 convolution
 * does and not its first 1×1 ("v1.5"). `width` multiplies the channels of the 3×3 convolutions: 2 is the Wide ResNet-50-2 of
 * Zagoruyko and Komodakis 2016 (arXiv:1605.07146). 25,557,032 parameters.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet50 } from 'lanewise/zoo';
 *
 * resnet50().parameterCount; // 25557032
 * resnet50({ width: 2 }).parameterCount; // 68883240
 */
export const resnet50 = bottleneckNet('resnet50', [3, 4, 6, 3]);
/**
 * ResNet-101. 44,549,160 parameters. See `resnet50`.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet101 } from 'lanewise/zoo';
 *
 * resnet101().parameterCount; // 44549160
 */
export const resnet101 = bottleneckNet('resnet101', [3, 4, 23, 3]);
/**
 * ResNet-152. 60,192,808 parameters. See `resnet50`.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet152 } from 'lanewise/zoo';
 *
 * resnet152().parameterCount; // 60192808
 */
export const resnet152 = bottleneckNet('resnet152', [3, 8, 36, 3]);

/**
 * `resnet18` without shortcuts, the paper's plain network of 18 layers. 11,515,688 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain18 } from 'lanewise/zoo';
 *
 * plain18().parameterCount; // 11515688
 */
export const plain18 = basicNet('plain18', [2, 2, 2, 2], true);
/**
 * `resnet34` without shortcuts, the paper's plain network of 34 layers (figure 3). 21,623,848 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain34 } from 'lanewise/zoo';
 *
 * plain34().parameterCount; // 21623848
 */
export const plain34 = basicNet('plain34', [3, 4, 6, 3], true);
/**
 * `resnet50` without shortcuts. 22,780,456 parameters.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain50 } from 'lanewise/zoo';
 *
 * plain50().parameterCount; // 22780456
 */
export const plain50 = bottleneckNet('plain50', [3, 4, 6, 3], true);
/**
 * `resnet101` without shortcuts. 41,772,584 parameters.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain101 } from 'lanewise/zoo';
 *
 * plain101().parameterCount; // 41772584
 */
export const plain101 = bottleneckNet('plain101', [3, 4, 23, 3], true);
/**
 * `resnet152` without shortcuts. 57,416,232 parameters.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain152 } from 'lanewise/zoo';
 *
 * plain152().parameterCount; // 57416232
 */
export const plain152 = bottleneckNet('plain152', [3, 8, 36, 3], true);

/**
 * A network of 6n + 2 layers for CIFAR-10 (section 4.2): stages of n blocks with 16, 32 and 64 channels, or `width` times
 * that as in Zagoruyko and Komodakis 2016 (arXiv:1605.07146).
 */
function cifarBody(pictures: SymbolicTensor, n: number, width: number, shortcut: Shortcut | undefined): SymbolicTensor {
  wholeNumber('width', width, 1);
  let x = relu(norm(conv(pictures, 16, 3, 'conv1'), 'bn1'), { name: 'relu' });
  for (const i of [1, 2, 3]) x = stage(x, basic, i, n, { filters: 2 ** (i + 3) * width, shortcut });
  return x;
}

const cifarNet = (name: string, n: number): Factory<ShortcutOptions> =>
  network(name, { ...cifar, width: 1, shortcut: 'A' }, (x, { classes, width, shortcut }) =>
    head(cifarBody(x, n, width, shortcut === 'A' ? subsampling : projection), classes),
  );

const plainCifarNet = (name: string, n: number): Factory<WidthOptions> =>
  network(name, { ...cifar, width: 1 }, (x, { classes, width }) => head(cifarBody(x, n, width, undefined), classes));

/**
 * ResNet-20 for CIFAR-10 (He et al. 2015, arXiv:1512.03385, section 4.2). When the size halves, shortcuts take every other
 * pixel and add channels of zeros (option A), without parameters. `width`, a whole number, multiplies the channels of the
 * three stages; `shortcut: 'B'` takes 1×1 convolutions. 269,722 parameters.
 * @param options classes, inputShape, seed, width, shortcut
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet20 } from 'lanewise/zoo';
 *
 * resnet20().parameterCount; // 269722
 * resnet20({ shortcut: 'B' }).parameterCount; // 272474
 */
export const resnet20 = cifarNet('resnet20', 3);
/**
 * ResNet-32 for CIFAR-10. 464,154 parameters. See `resnet20`.
 * @param options classes, inputShape, seed, width, shortcut
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet32 } from 'lanewise/zoo';
 *
 * resnet32().parameterCount; // 464154
 */
export const resnet32 = cifarNet('resnet32', 5);
/**
 * ResNet-44 for CIFAR-10. 658,586 parameters. See `resnet20`.
 * @param options classes, inputShape, seed, width, shortcut
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet44 } from 'lanewise/zoo';
 *
 * resnet44().parameterCount; // 658586
 */
export const resnet44 = cifarNet('resnet44', 7);
/**
 * ResNet-56 for CIFAR-10. 853,018 parameters. See `resnet20`.
 * @param options classes, inputShape, seed, width, shortcut
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet56 } from 'lanewise/zoo';
 *
 * resnet56().parameterCount; // 853018
 */
export const resnet56 = cifarNet('resnet56', 9);
/**
 * ResNet-110 for CIFAR-10. 1,727,962 parameters. See `resnet20`.
 * @param options classes, inputShape, seed, width, shortcut
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { resnet110 } from 'lanewise/zoo';
 *
 * resnet110().parameterCount; // 1727962
 */
export const resnet110 = cifarNet('resnet110', 18);

/**
 * `resnet20` without shortcuts, the paper's plain network; shortcuts have no parameters, so it has as many.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain20 } from 'lanewise/zoo';
 *
 * plain20().parameterCount; // 269722
 */
export const plain20 = plainCifarNet('plain20', 3);
/**
 * `resnet32` without shortcuts.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain32 } from 'lanewise/zoo';
 *
 * plain32().parameterCount; // 464154
 */
export const plain32 = plainCifarNet('plain32', 5);
/**
 * `resnet44` without shortcuts.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain44 } from 'lanewise/zoo';
 *
 * plain44().parameterCount; // 658586
 */
export const plain44 = plainCifarNet('plain44', 7);
/**
 * `resnet56` without shortcuts.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain56 } from 'lanewise/zoo';
 *
 * plain56().parameterCount; // 853018
 */
export const plain56 = plainCifarNet('plain56', 9);
/**
 * `resnet110` without shortcuts.
 * @param options classes, inputShape, seed, width
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { plain110 } from 'lanewise/zoo';
 *
 * plain110().parameterCount; // 1727962
 */
export const plain110 = plainCifarNet('plain110', 18);
