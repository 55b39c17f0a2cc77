import type { Graph } from '../graph/graph.ts';
import { Net, type ZooOptions } from './net.ts';

/** By stage: how much wider blocks are inside, their channels, how many there are, the stride of the first. Table 2 of the paper. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** No ReLU follows the last convolution of a block, and many are added to what came in: at 1 the numbers would grow from block to block. */
const LINEAR_GAIN = 0.5;

/** MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381), as torchvision has it. */
export function mobilenetV2(options: ZooOptions = {}): Graph {
  const net = new Net('mobilenet_v2', options);
  const first = net.conv(net.input, 'features.0.0', 3, 32, { kernel: 3, stride: 2 });
  let x = net.relu6(net.norm(first, 'features.0.1', 32));
  let from = 32;
  let index = 1;
  for (const [expansion, to, depth, firstStride] of stages) {
    for (let i = 0; i < depth; i++) {
      const name = `features.${index++}.conv`;
      const stride = i === 0 ? firstStride : 1;
      const width = from * expansion;
      // Torchvision's first block has no expansion, which moves the names of the rest.
      const at = expansion === 1 ? 0 : 1;
      let y = x;
      if (expansion !== 1) y = net.relu6(net.norm(net.conv(y, `${name}.0.0`, from, width), `${name}.0.1`, width));
      y = net.conv(y, `${name}.${at}.0`, width, width, { kernel: 3, stride, groups: width });
      y = net.relu6(net.norm(y, `${name}.${at}.1`, width));
      y = net.norm(net.conv(y, `${name}.${at + 1}`, width, to), `${name}.${at + 2}`, to, { gain: LINEAR_GAIN });
      x = stride === 1 && from === to ? net.add(x, y) : y;
      from = to;
    }
  }
  x = net.relu6(net.norm(net.conv(x, `features.${index}.0`, from, 1280), `features.${index}.1`, 1280));
  return net.classifier(net.averages(x), 'classifier.1', 1280);
}
