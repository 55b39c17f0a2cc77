import type { Graph } from '../graph/graph.ts';
import { Net, type ZooOptions } from './net.ts';

/** Its position in torchvision's `features`, channels, kernel, stride, padding, and whether a pooling follows. */
const convolutions = [
  [0, 64, 11, 4, 2, true],
  [3, 192, 5, 1, 2, true],
  [6, 384, 3, 1, 1, false],
  [8, 256, 3, 1, 1, false],
  [10, 256, 3, 1, 1, true],
] as const;

/** AlexNet on one GPU (Krizhevsky 2014, arXiv:1404.5997), as torchvision has it. Its average pooling to 6×6 does nothing at 224×224. */
export function alexnet(options: ZooOptions = {}): Graph {
  const net = new Net('alexnet', options);
  let x = net.input;
  let from = 3;
  for (const [index, to, kernel, stride, padding, pooled] of convolutions) {
    x = net.relu(net.conv(x, `features.${index}`, from, to, { kernel, stride, padding, bias: true }));
    if (pooled) x = net.maxPool(x, { kernel: 3, stride: 2 });
    from = to;
  }
  x = net.relu(net.linear(net.flatten(x), 'classifier.1', from * 6 * 6, 4096));
  x = net.relu(net.linear(x, 'classifier.4', 4096, 4096));
  return net.classifier(x, 'classifier.6', 4096);
}
