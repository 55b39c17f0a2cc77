import {
  batchNorm,
  concat,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAvgPool2d,
  localResponseNorm,
  maxPool2d,
  relu,
  type SymbolicTensor,
} from '../layers/index.ts';
import { type Factory, imagenet, network, varied } from './network.ts';

/**
 * Channels: of a module's 1×1; into and out of its 3×3, and its 5×5; of the convolution after its pooling. Table 1 of the
 * paper.
 */
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

/** A convolution and its activation. At stride 1 its padding keeps the size. */
type Conv = (x: SymbolicTensor, filters: number, kernel: number, name: string, stride?: number) => SymbolicTensor;

/** Convolutions of several sizes and a pooling side by side. @param five the kernel of the paper's 5×5 */
function inception(x: SymbolicTensor, name: string, conv: Conv, five: number): SymbolicTensor {
  const [one, beforeThree, three, beforeFive, fives, pooled] = modules[name] as Module;
  const branch = (i: number | string) => `inception${name}.branch${i}`;
  const around = maxPool2d(x, 3, { stride: 1, padding: 1, ceilMode: true, name: branch('4.0') });
  return concat(
    [
      conv(x, one, 1, branch(1)),
      conv(conv(x, beforeThree, 1, branch('2.0')), three, 3, branch('2.1')),
      conv(conv(x, beforeFive, 1, branch('3.0')), fives, five, branch('3.1')),
      conv(around, pooled, 1, branch('4.1')),
    ],
    { name: `inception${name}` },
  );
}

const inceptions = (x: SymbolicTensor, names: readonly string[], conv: Conv, five: number): SymbolicTensor =>
  names.reduce((y, name) => inception(y, name, conv, five), x);

const halve = (x: SymbolicTensor, name: string, kernel = 3) => maxPool2d(x, kernel, { stride: 2, ceilMode: true, name });

/** The average of each channel, and the classes. @param rate of the dropout */
const head = (x: SymbolicTensor, classes: number, rate: number): SymbolicTensor =>
  dense(dropout(flatten(globalAvgPool2d(x, { name: 'avgpool' })), rate, { name: 'dropout' }), classes, { name: 'fc' });

/**
 * GoogLeNet (Szegedy et al. 2014, "Going deeper with convolutions", arXiv:1409.4842) as in torchvision: a batch-norm after
 * each convolution and no response normalisation, a 3×3 convolution instead of the paper's 5×5, and a last grid-halving
 * pooling of 2×2. Without the two heads that help in training (`loadWeights` ignores theirs, aux1 and aux2), and pictures
 * are not transformed (no `transform_input`). 6,624,904 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { googlenet } from 'lanewise/zoo';
 *
 * googlenet().parameterCount; // 6624904
 */
export const googlenet: Factory = network(
  'googlenet',
  imagenet,
  (pictures, { classes }) => {
    const conv: Conv = (x, filters, kernel, name, stride = 1) => {
      const y = conv2d(x, filters, kernel, { stride, padding: (kernel - 1) / 2, bias: false, name: `${name}.conv` });
      return relu(batchNorm(y, { ...varied(), epsilon: 1e-3, name: `${name}.bn` }));
    };
    let x = halve(conv(pictures, 64, 7, 'conv1', 2), 'maxpool1');
    x = halve(conv(conv(x, 64, 1, 'conv2'), 192, 3, 'conv3'), 'maxpool2');
    x = halve(inceptions(x, ['3a', '3b'], conv, 3), 'maxpool3');
    x = halve(inceptions(x, ['4a', '4b', '4c', '4d', '4e'], conv, 3), 'maxpool4', 2);
    return head(inceptions(x, ['5a', '5b'], conv, 3), classes, 0.2);
  },
  { unusedWeights: ['aux1.', 'aux2.'] },
);

/**
 * GoogLeNet as it won in 2014 (Szegedy et al. 2014, "Going deeper with convolutions", arXiv:1409.4842, table 1 and figure
 * 3): response normalisation, 5×5 convolutions, biases, no batch-norm. Without the two heads that help in training. The
 * paper does not give the constants of its response normalisation; n = 5, α = 1e-4 (divided by n), β = 0.75 and k = 1 are
 * those of its usual form, BVLC's for Caffe. Layers have the names of `googlenet`'s. 6,998,552 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { googlenet2014 } from 'lanewise/zoo';
 *
 * googlenet2014().parameterCount; // 6998552
 */
export const googlenet2014: Factory = network('googlenet2014', imagenet, (pictures, { classes }) => {
  const conv: Conv = (x, filters, kernel, name, stride = 1) =>
    relu(conv2d(x, filters, kernel, { stride, padding: (kernel - 1) / 2, name }));
  const lrn = (x: SymbolicTensor, name: string) => localResponseNorm(x, { size: 5, alpha: 1e-4, beta: 0.75, bias: 1, name });
  let x = lrn(halve(conv(pictures, 64, 7, 'conv1', 2), 'maxpool1'), 'norm1');
  x = halve(lrn(conv(conv(x, 64, 1, 'conv2'), 192, 3, 'conv3'), 'norm2'), 'maxpool2');
  x = halve(inceptions(x, ['3a', '3b'], conv, 5), 'maxpool3');
  x = halve(inceptions(x, ['4a', '4b', '4c', '4d', '4e'], conv, 5), 'maxpool4');
  return head(inceptions(x, ['5a', '5b'], conv, 5), classes, 0.4);
});
