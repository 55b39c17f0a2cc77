import type { Graph } from '../graph/graph.ts';
import { type Factory, Net, type ZooOptions } from './net.ts';

/** DenseNet-BC (Huang et al. 2016, arXiv:1608.06993), as torchvision has it: bottlenecks of four times the growth, half as many channels from block to block. */
function densenet(name: string, growth: number, stem: number, depths: readonly number[], options: ZooOptions): Graph {
  const net = new Net(name, options);
  const first = net.conv(net.input, 'features.conv0', 3, stem, { kernel: 7, stride: 2 });
  let x = net.maxPool(net.relu(net.norm(first, 'features.norm0', stem)), { kernel: 3, stride: 2, padding: 1 });
  let channels = stem;
  for (const [block, depth] of depths.entries()) {
    const parts = [x];
    for (let i = 0; i < depth; i++) {
      const layer = `features.denseblock${block + 1}.denselayer${i + 1}`;
      const whole = i === 0 ? x : net.concat(parts);
      const inner = net.conv(net.relu(net.norm(whole, `${layer}.norm1`, channels)), `${layer}.conv1`, channels, 4 * growth);
      const grown = net.relu(net.norm(inner, `${layer}.norm2`, 4 * growth));
      parts.push(net.conv(grown, `${layer}.conv2`, 4 * growth, growth, { kernel: 3 }));
      channels += growth;
    }
    x = net.concat(parts);
    if (block < depths.length - 1) {
      const transition = `features.transition${block + 1}`;
      x = net.conv(net.relu(net.norm(x, `${transition}.norm`, channels)), `${transition}.conv`, channels, channels / 2);
      x = net.averagePool(x, { kernel: 2, stride: 2 });
      channels /= 2;
    }
  }
  x = net.relu(net.norm(x, 'features.norm5', channels));
  return net.classifier(net.averages(x), 'classifier', channels);
}

export const densenet121: Factory = (options = {}) => densenet('densenet121', 32, 64, [6, 12, 24, 16], options);
export const densenet161: Factory = (options = {}) => densenet('densenet161', 48, 96, [6, 12, 36, 24], options);
export const densenet169: Factory = (options = {}) => densenet('densenet169', 32, 64, [6, 12, 32, 32], options);
export const densenet201: Factory = (options = {}) => densenet('densenet201', 32, 64, [6, 12, 48, 32], options);
