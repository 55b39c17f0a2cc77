import type { Graph } from '../graph/graph.ts';
import { Net, type ZooOptions } from './net.ts';

/** Channels of a module's 1×1; of what its 3×3, of what its second 3×3 gets and gives; of what follows its pooling. */
type Module = readonly [one: number, beforeThree: number, three: number, beforeFive: number, five: number, pooled: number];

const modules: Readonly<Record<string, Module>> = {
  '3a': [64, 96, 128, 16, 32, 32],
  '3b': [128, 128, 192, 32, 96, 64],
  '4a': [192, 96, 208, 16, 48, 64],
  '4b': [160, 112, 224, 24, 64, 64],
  '4c': [128, 128, 256, 24, 64, 64],
  '4d': [112, 144, 288, 32, 64, 64],
  '4e': [256, 160, 320, 32, 128, 128],
  '5a': [256, 160, 320, 32, 128, 128],
  '5b': [384, 192, 384, 48, 128, 128],
};

/**
 * GoogLeNet (Szegedy et al. 2014, arXiv:1409.4842) as torchvision has it: with batch-norm, and with a 3×3 convolution where the paper has a
 * 5×5. Without the heads that help in training, and pictures come in as they are (no `transform_input`).
 */
export function googlenet(options: ZooOptions = {}): Graph {
  const net = new Net('googlenet', options);
  const conv = (x: string, name: string, from: number, to: number, kernel = 1, stride = 1) =>
    net.relu(net.norm(net.conv(x, `${name}.conv`, from, to, { kernel, stride }), `${name}.bn`, to, { epsilon: 1e-3 }));
  const halve = (x: string, kernel = 3) => net.maxPool(x, { kernel, stride: 2, ceil: true });

  let x = halve(conv(net.input, 'conv1', 3, 64, 7, 2));
  x = halve(conv(conv(x, 'conv2', 64, 64), 'conv3', 64, 192, 3));
  let from = 192;
  for (const [id, [one, beforeThree, three, beforeFive, five, pooled]] of Object.entries(modules)) {
    if (id === '4a') x = halve(x);
    if (id === '5a') x = halve(x, 2);
    const name = `inception${id}`;
    const around = net.maxPool(x, { kernel: 3, stride: 1, padding: 1, ceil: true });
    x = net.concat([
      conv(x, `${name}.branch1`, from, one),
      conv(conv(x, `${name}.branch2.0`, from, beforeThree), `${name}.branch2.1`, beforeThree, three, 3),
      conv(conv(x, `${name}.branch3.0`, from, beforeFive), `${name}.branch3.1`, beforeFive, five, 3),
      conv(around, `${name}.branch4.1`, from, pooled),
    ]);
    from = one + three + five + pooled;
  }
  return net.classifier(net.averages(x), 'fc', from);
}
