// Networks that are compared with PyTorch's: networks.py has the same.

import {
  avgPool2d,
  batchNorm,
  concat,
  conv2d,
  dense,
  flatten,
  globalAvgPool2d,
  input,
  type LayersModel,
  maxPool2d,
  model,
  relu,
  type SymbolicTensor,
} from '../../src/layers/index.ts';
import { alexnet2012, mobilenetV2, resnet20 } from '../../src/zoo/index.ts';

interface Options {
  readonly classes?: number;
  readonly inputShape?: readonly number[];
  readonly seed?: number;
}

/** Two convolutions and a dense layer, as tutorials have it: 28×28 to 4×4. */
function lenet({ classes = 10, inputShape = [1, 28, 28], seed = 0 }: Options = {}): LayersModel {
  const pictures = input(inputShape);
  let x = maxPool2d(relu(conv2d(pictures, 8, 5, { name: 'conv1' })), 2);
  x = maxPool2d(relu(conv2d(x, 16, 5, { name: 'conv2' })), 2);
  return model(pictures, dense(flatten(x), classes, { name: 'fc' }), { name: 'lenet', seed });
}

/** DenseNet for CIFAR-10 (Huang et al. 2016, arXiv:1608.06993, section 3): 40 layers, growth 12, neither bottlenecks nor compression. */
function densenet40({ classes = 10, inputShape = [3, 32, 32], seed = 0 }: Options = {}): LayersModel {
  const conv = (x: SymbolicTensor, filters: number, kernel: number, name: string) =>
    conv2d(x, filters, kernel, { padding: (kernel - 1) / 2, bias: false, name });
  const active = (x: SymbolicTensor, name: string) => relu(batchNorm(x, { name }));
  const pictures = input(inputShape);
  let x = conv(pictures, 16, 3, 'features.conv0');
  for (const block of [1, 2, 3]) {
    for (let i = 1; i <= 12; i++) {
      const name = `features.denseblock${block}.denselayer${i}`;
      x = concat([x, conv(active(x, `${name}.norm1`), 12, 3, `${name}.conv1`)]);
    }
    const name = `features.transition${block}`;
    if (block < 3) x = avgPool2d(conv(active(x, `${name}.norm`), x.dims[1] as number, 1, `${name}.conv`), 2);
  }
  const scores = dense(flatten(globalAvgPool2d(active(x, 'features.norm5'))), classes, { name: 'classifier' });
  return model(pictures, scores, { name: 'densenet40', seed });
}

/** By the names of networks.py. */
export const networks = { lenet, resnet20, densenet40, alexnet2012, mobilenet_v2: mobilenetV2 } satisfies Record<
  string,
  (options?: Options) => LayersModel
>;
