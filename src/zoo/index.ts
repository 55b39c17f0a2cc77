// Networks with random weights, as graphs: `writeOnnx` of lanewise/formats makes files of them. The parameters are called as torchvision's.

import { alexnet } from './alexnet.ts';
import { densenet121, densenet161, densenet169, densenet201 } from './densenet.ts';
import { googlenet } from './googlenet.ts';
import { mobilenetV2 } from './mobilenet.ts';
import type { Factory } from './net.ts';
import { resnet18, resnet20, resnet32, resnet34, resnet44, resnet50, resnet56, resnet101, resnet110, resnet152 } from './resnet.ts';
import { squeezenet1_0, squeezenet1_1 } from './squeezenet.ts';
import { vgg11, vgg11Bn, vgg13, vgg13Bn, vgg16, vgg16Bn, vgg19, vgg19Bn } from './vgg.ts';

export type { Graph } from '../graph/graph.ts';
export type { Factory, ZooOptions } from './net.ts';
export {
  alexnet,
  densenet121,
  densenet161,
  densenet169,
  densenet201,
  googlenet,
  mobilenetV2,
  resnet18,
  resnet20,
  resnet32,
  resnet34,
  resnet44,
  resnet50,
  resnet56,
  resnet101,
  resnet110,
  resnet152,
  squeezenet1_0,
  squeezenet1_1,
  vgg11,
  vgg11Bn,
  vgg13,
  vgg13Bn,
  vgg16,
  vgg16Bn,
  vgg19,
  vgg19Bn,
};

/** Every network by the name that torchvision and the command line give it; resnet20, 32, 44, 56 and 110 are CIFAR-10's. */
export const zoo: ReadonlyMap<string, Factory> = new Map([
  ['alexnet', alexnet],
  ['vgg11', vgg11],
  ['vgg11_bn', vgg11Bn],
  ['vgg13', vgg13],
  ['vgg13_bn', vgg13Bn],
  ['vgg16', vgg16],
  ['vgg16_bn', vgg16Bn],
  ['vgg19', vgg19],
  ['vgg19_bn', vgg19Bn],
  ['resnet18', resnet18],
  ['resnet34', resnet34],
  ['resnet50', resnet50],
  ['resnet101', resnet101],
  ['resnet152', resnet152],
  ['resnet20', resnet20],
  ['resnet32', resnet32],
  ['resnet44', resnet44],
  ['resnet56', resnet56],
  ['resnet110', resnet110],
  ['densenet121', densenet121],
  ['densenet161', densenet161],
  ['densenet169', densenet169],
  ['densenet201', densenet201],
  ['squeezenet1_0', squeezenet1_0],
  ['squeezenet1_1', squeezenet1_1],
  ['mobilenet_v2', mobilenetV2],
  ['googlenet', googlenet],
]);
