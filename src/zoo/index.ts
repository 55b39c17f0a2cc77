// The networks that courses on CNNs teach, as layers with random weights. The parameters have the names of torchvision's
// state_dict, so that `loadWeights` takes the files that it publishes (docs/weights.md).

import { alexnet, alexnet2012 } from './alexnet.ts';
import { densenet121, densenet161, densenet169, densenet201 } from './densenet.ts';
import { googlenet, googlenet2014 } from './googlenet.ts';
import { mobilenetV2 } from './mobilenet.ts';
import type { Factory } from './network.ts';
import { networkInNetwork } from './nin.ts';
import {
  plain18,
  plain20,
  plain32,
  plain34,
  plain44,
  plain50,
  plain56,
  plain101,
  plain110,
  plain152,
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
} from './resnet.ts';
import { squeezenet1_0, squeezenet1_1 } from './squeezenet.ts';
import { vgg11, vgg11Bn, vgg13, vgg13Bn, vgg16, vgg16Bn, vgg19, vgg19Bn } from './vgg.ts';

export type { LayersModel } from '../layers/index.ts';
export type { DenseNetOptions } from './densenet.ts';
export type { Factory, ShortcutOptions, WidthOptions, ZooOptions } from './network.ts';
export {
  alexnet,
  alexnet2012,
  densenet121,
  densenet161,
  densenet169,
  densenet201,
  googlenet,
  googlenet2014,
  mobilenetV2,
  networkInNetwork,
  plain18,
  plain20,
  plain32,
  plain34,
  plain44,
  plain50,
  plain56,
  plain101,
  plain110,
  plain152,
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
  /** The paper's is 1.0; 1.1 is the authors' later, faster one. */
  squeezenet1_0 as squeezenet,
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

/**
 * Every network by its name in torchvision and on the command line; resnet20, 32, 44, 56 and 110 and their plain twins are
 * CIFAR-10's.
 * @example
 * import { zoo } from 'lanewise/zoo';
 *
 * for (const [name, network] of zoo) console.log(name, network().parameterCount);
 */
export const zoo: ReadonlyMap<string, Factory> = new Map<string, Factory>([
  ['alexnet', alexnet],
  ['alexnet2012', alexnet2012],
  ['vgg11', vgg11],
  ['vgg11_bn', vgg11Bn],
  ['vgg13', vgg13],
  ['vgg13_bn', vgg13Bn],
  ['vgg16', vgg16],
  ['vgg16_bn', vgg16Bn],
  ['vgg19', vgg19],
  ['vgg19_bn', vgg19Bn],
  ['network_in_network', networkInNetwork],
  ['googlenet', googlenet],
  ['googlenet2014', googlenet2014],
  ['resnet18', resnet18],
  ['resnet34', resnet34],
  ['resnet50', resnet50],
  ['resnet101', resnet101],
  ['resnet152', resnet152],
  ['plain18', plain18],
  ['plain34', plain34],
  ['plain50', plain50],
  ['plain101', plain101],
  ['plain152', plain152],
  ['resnet20', resnet20],
  ['resnet32', resnet32],
  ['resnet44', resnet44],
  ['resnet56', resnet56],
  ['resnet110', resnet110],
  ['plain20', plain20],
  ['plain32', plain32],
  ['plain44', plain44],
  ['plain56', plain56],
  ['plain110', plain110],
  ['densenet121', densenet121],
  ['densenet161', densenet161],
  ['densenet169', densenet169],
  ['densenet201', densenet201],
  ['squeezenet1_0', squeezenet1_0],
  ['squeezenet1_1', squeezenet1_1],
  ['mobilenet_v2', mobilenetV2],
]);
