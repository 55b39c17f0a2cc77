import { avgPool2d, conv2d, dropout, flatten, globalAvgPool2d, maxPool2d, relu, type SymbolicTensor } from '../layers/index.ts';
import { cifar, type Factory, network } from './network.ts';

/**
 * Network in Network for CIFAR-10 (Lin, Chen and Yan 2013, arXiv:1312.4400): three convolutions, each with a small
 * perceptron of two 1×1 convolutions that runs over every pixel, and the average of each class's map instead of dense
 * layers. The paper has only a drawing; numbers of channels, pools that round up and names (cccp is cascaded cross-channel
 * parametric pooling) are those of the authors' definition for Caffe. 966,986 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { networkInNetwork } from 'lanewise/zoo';
 *
 * networkInNetwork().parameterCount; // 966986
 */
export const networkInNetwork: Factory = network('network_in_network', cifar, (pictures, { classes }) => {
  let x = mlpconv(pictures, 5, { conv1: 192, cccp1: 160, cccp2: 96 });
  x = dropout(maxPool2d(x, 3, { stride: 2, ceilMode: true, name: 'pool1' }), 0.5, { name: 'drop3' });
  x = mlpconv(x, 5, { conv2: 192, cccp3: 192, cccp4: 192 });
  x = dropout(avgPool2d(x, 3, { stride: 2, ceilMode: true, name: 'pool2' }), 0.5, { name: 'drop6' });
  x = mlpconv(x, 3, { conv3: 192, cccp5: 192, cccp6: classes });
  return flatten(globalAvgPool2d(x, { name: 'pool3' }));
});

/** A convolution and two of 1×1, a ReLU after each. @param filters of each by its name */
const mlpconv = (x: SymbolicTensor, kernel: number, filters: Readonly<Record<string, number>>): SymbolicTensor =>
  Object.entries(filters).reduce((y, [name, count], i) => {
    const size = i === 0 ? kernel : 1;
    return relu(conv2d(y, count, size, { padding: (size - 1) / 2, name }));
  }, x);
