import type { Graph } from '../graph/graph.ts';
import { type Factory, Net, type ZooOptions } from './net.ts';

/** How many convolutions each stage has; a pooling follows. */
const depths = { 11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] } as const;
const widths = [64, 128, 256, 512, 512];

/** VGG (Simonyan and Zisserman 2014, arXiv:1409.1556), as torchvision has it. Its average pooling to 7×7 does nothing at 224×224. */
function vgg(name: string, depth: readonly number[], batchNorm: boolean, options: ZooOptions): Graph {
  const net = new Net(name, options);
  let x = net.input;
  let from = 3;
  // Torchvision numbers all of `features`, those without parameters too.
  let index = 0;
  for (const [stage, convolutions] of depth.entries()) {
    const to = widths[stage] as number;
    for (let i = 0; i < convolutions; i++) {
      x = net.conv(x, `features.${index++}`, from, to, { kernel: 3, bias: true });
      if (batchNorm) x = net.norm(x, `features.${index++}`, to);
      x = net.relu(x);
      index++;
      from = to;
    }
    x = net.maxPool(x, { kernel: 2, stride: 2 });
    index++;
  }
  x = net.relu(net.linear(net.flatten(x), 'classifier.0', from * 7 * 7, 4096));
  x = net.relu(net.linear(x, 'classifier.3', 4096, 4096));
  return net.classifier(x, 'classifier.6', 4096);
}

export const vgg11: Factory = (options = {}) => vgg('vgg11', depths[11], false, options);
export const vgg13: Factory = (options = {}) => vgg('vgg13', depths[13], false, options);
export const vgg16: Factory = (options = {}) => vgg('vgg16', depths[16], false, options);
export const vgg19: Factory = (options = {}) => vgg('vgg19', depths[19], false, options);
export const vgg11Bn: Factory = (options = {}) => vgg('vgg11_bn', depths[11], true, options);
export const vgg13Bn: Factory = (options = {}) => vgg('vgg13_bn', depths[13], true, options);
export const vgg16Bn: Factory = (options = {}) => vgg('vgg16_bn', depths[16], true, options);
export const vgg19Bn: Factory = (options = {}) => vgg('vgg19_bn', depths[19], true, options);
