// ResNets for ImageNet (He et al. 2015, arXiv:1512.03385, section 4.1), as torchvision has them: where a bottleneck strides, its 3×3 does.

import type { Graph } from '../graph/graph.ts';
import { BRANCH_GAIN, type Factory, Net, type ZooOptions } from './net.ts';

interface Block {
  /** How much wider the block's output is than its 3×3 convolutions. */
  readonly expansion: number;
  /** The branch up to its last batch-norm. */
  branch(net: Net, x: string, name: string, from: number, width: number, stride: number): string;
}

const basic: Block = {
  expansion: 1,
  branch(net, x, name, from, width, stride) {
    const first = net.conv(x, `${name}.conv1`, from, width, { kernel: 3, stride });
    const inner = net.relu(net.norm(first, `${name}.bn1`, width));
    return net.norm(net.conv(inner, `${name}.conv2`, width, width, { kernel: 3 }), `${name}.bn2`, width, { gain: BRANCH_GAIN });
  },
};

const bottleneck: Block = {
  expansion: 4,
  branch(net, x, name, from, width, stride) {
    const narrow = net.relu(net.norm(net.conv(x, `${name}.conv1`, from, width), `${name}.bn1`, width));
    const middle = net.conv(narrow, `${name}.conv2`, width, width, { kernel: 3, stride });
    const inner = net.relu(net.norm(middle, `${name}.bn2`, width));
    return net.norm(net.conv(inner, `${name}.conv3`, width, 4 * width), `${name}.bn3`, 4 * width, { gain: BRANCH_GAIN });
  },
};

function resnet(name: string, { expansion, branch }: Block, depths: readonly number[], options: ZooOptions): Graph {
  const net = new Net(name, options);
  let x = net.relu(net.norm(net.conv(net.input, 'conv1', 3, 64, { kernel: 7, stride: 2 }), 'bn1', 64));
  x = net.maxPool(x, { kernel: 3, stride: 2, padding: 1 });
  let from = 64;
  for (const [stage, depth] of depths.entries()) {
    const width = 64 * 2 ** stage;
    const to = width * expansion;
    for (let i = 0; i < depth; i++) {
      const block = `layer${stage + 1}.${i}`;
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const y = branch(net, x, block, from, width, stride);
      const changes = stride !== 1 || from !== to;
      const shortcut = changes ? net.norm(net.conv(x, `${block}.downsample.0`, from, to, { stride }), `${block}.downsample.1`, to) : x;
      x = net.relu(net.add(y, shortcut));
      from = to;
    }
  }
  return net.classifier(net.averages(x), 'fc', from);
}

export const resnet18: Factory = (options = {}) => resnet('resnet18', basic, [2, 2, 2, 2], options);
export const resnet34: Factory = (options = {}) => resnet('resnet34', basic, [3, 4, 6, 3], options);
export const resnet50: Factory = (options = {}) => resnet('resnet50', bottleneck, [3, 4, 6, 3], options);
export const resnet101: Factory = (options = {}) => resnet('resnet101', bottleneck, [3, 4, 23, 3], options);
export const resnet152: Factory = (options = {}) => resnet('resnet152', bottleneck, [3, 8, 36, 3], options);

/**
 * A ResNet for CIFAR-10 (section 4.2 of the paper): 6n + 2 layers for pictures of 32×32, `layer1` to `layer3` of n blocks each. Shortcuts
 * are the paper's for CIFAR, option A: where the size halves they take every other pixel and add channels of zeros, without parameters.
 */
function resnetCifar(name: string, n: number, options: ZooOptions): Graph {
  const net = new Net(name, options, { size: 32, classes: 10 });
  let x = net.relu(net.norm(net.conv(net.input, 'conv1', 3, 16, { kernel: 3 }), 'bn1', 16));
  let from = 16;
  for (const [stage, width] of [16, 32, 64].entries()) {
    for (let i = 0; i < n; i++) {
      const stride = width === from ? 1 : 2;
      const y = basic.branch(net, x, `layer${stage + 1}.${i}`, from, width, stride);
      const shortcut = stride === 1 ? x : net.padChannels(net.maxPool(x, { kernel: 1, stride }), width - from);
      x = net.relu(net.add(y, shortcut));
      from = width;
    }
  }
  return net.classifier(net.averages(x), 'fc', from);
}

export const resnet20: Factory = (options = {}) => resnetCifar('resnet20', 3, options);
export const resnet32: Factory = (options = {}) => resnetCifar('resnet32', 5, options);
export const resnet44: Factory = (options = {}) => resnetCifar('resnet44', 7, options);
export const resnet56: Factory = (options = {}) => resnetCifar('resnet56', 9, options);
export const resnet110: Factory = (options = {}) => resnetCifar('resnet110', 18, options);
