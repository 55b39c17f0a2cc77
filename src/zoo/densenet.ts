import { avgPool2d, concat, conv2d, dense, flatten, globalAvgPool2d, maxPool2d, relu, type SymbolicTensor } from '../layers/index.ts';
import { channels, conv, type Factory, imagenet, network, norm, type ZooOptions } from './network.ts';

/** The options of DenseNets. */
export interface DenseNetOptions extends ZooOptions {
  /** The paper's k: how many channels each layer adds; the network starts with twice as many. Default: the paper's. */
  readonly growth?: number;
}

/** BN, ReLU, 1×1 convolution to four times the growth; BN, ReLU, 3×3 convolution: the paper's bottleneck layer. */
function denseLayer(x: SymbolicTensor, growth: number, name: string): SymbolicTensor {
  const narrow = conv(relu(norm(x, `${name}.norm1`), { name: `${name}.relu1` }), 4 * growth, 1, `${name}.conv1`);
  return conv(relu(norm(narrow, `${name}.norm2`), { name: `${name}.relu2` }), growth, 3, `${name}.conv2`);
}

/** Layers that each see the outputs of all layers before them. */
function denseBlock(x: SymbolicTensor, depth: number, growth: number, name: string): SymbolicTensor {
  const parts = [x];
  for (let i = 1; i <= depth; i++) {
    const whole = i === 1 ? x : concat(parts);
    parts.push(denseLayer(whole, growth, `${name}.denselayer${i}`));
  }
  return concat(parts, { name });
}

/** Half as many channels, in half the size. */
function transition(x: SymbolicTensor, name: string): SymbolicTensor {
  const y = conv(relu(norm(x, `${name}.norm`), { name: `${name}.relu` }), Math.floor(channels(x) / 2), 1, `${name}.conv`);
  return avgPool2d(y, 2, { name: `${name}.pool` });
}

/**
 * Files that torchvision publishes have `denselayer1.norm.1.weight` for what its networks, and these, call
 * `denselayer1.norm1.weight`.
 */
const renameWeights = (name: string): string => name.replace(/(denselayer\d+\.(?:norm|conv))\.([12]\.)/, '$1$2');

function densenet(name: string, depths: readonly number[], growth = 32): Factory<DenseNetOptions> {
  const build = (pictures: SymbolicTensor, { classes, growth }: { classes: number; growth: number }) => {
    const first = conv2d(pictures, 2 * growth, 7, { stride: 2, padding: 3, bias: false, name: 'features.conv0' });
    let x = relu(norm(first, 'features.norm0'), { name: 'features.relu0' });
    x = maxPool2d(x, 3, { stride: 2, padding: 1, name: 'features.pool0' });
    for (const [i, depth] of depths.entries()) {
      if (i > 0) x = transition(x, `features.transition${i}`);
      x = denseBlock(x, depth, growth, `features.denseblock${i + 1}`);
    }
    return dense(flatten(globalAvgPool2d(relu(norm(x, 'features.norm5')))), classes, { name: 'classifier' });
  };
  return network(name, { ...imagenet, growth }, build, { renameWeights });
}

/**
 * DenseNet-121 (Huang, Liu, van der Maaten and Weinberger 2016, "Densely connected convolutional networks",
 * arXiv:1608.06993) as in torchvision: the paper's DenseNet-BC of table 1, growth k = 32. 7,978,856 parameters.
 * @param options classes, inputShape, seed, growth
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { densenet121 } from 'lanewise/zoo';
 *
 * densenet121().parameterCount; // 7978856
 * densenet121({ growth: 12 }).parameterCount; // 1384696
 */
export const densenet121 = densenet('densenet121', [6, 12, 24, 16]);
/**
 * DenseNet-161, growth k = 48. 28,681,000 parameters. See `densenet121`.
 * @param options classes, inputShape, seed, growth
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { densenet161 } from 'lanewise/zoo';
 *
 * densenet161().parameterCount; // 28681000
 */
export const densenet161 = densenet('densenet161', [6, 12, 36, 24], 48);
/**
 * DenseNet-169, growth k = 32. 14,149,480 parameters. See `densenet121`.
 * @param options classes, inputShape, seed, growth
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { densenet169 } from 'lanewise/zoo';
 *
 * densenet169().parameterCount; // 14149480
 */
export const densenet169 = densenet('densenet169', [6, 12, 32, 32]);
/**
 * DenseNet-201, growth k = 32. 20,013,928 parameters. See `densenet121`.
 * @param options classes, inputShape, seed, growth
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { densenet201 } from 'lanewise/zoo';
 *
 * densenet201().parameterCount; // 20013928
 */
export const densenet201 = densenet('densenet201', [6, 12, 48, 32]);
