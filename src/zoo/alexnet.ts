import {
  adaptiveAvgPool2d,
  conv2d,
  dense,
  dropout,
  flatten,
  localResponseNorm,
  maxPool2d,
  relu,
  type SymbolicTensor,
  sequential,
} from '../layers/index.ts';
import { type Factory, imagenet, network } from './network.ts';

/**
 * AlexNet on one GPU (Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997),
 * as in torchvision: no groups and no response normalisation, 64 · 192 · 384 · 256 · 256 filters (the paper: 64 · 192 · 384
 * · 384 · 256), and an average pooling to 6×6 that does nothing at 224×224. 61,100,840 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { alexnet } from 'lanewise/zoo';
 *
 * alexnet().parameterCount; // 61100840
 */
export const alexnet: Factory = network('alexnet', imagenet, (x, { classes }) => {
  const pool = () => maxPool2d(3, { stride: 2 });
  const features = sequential(
    [
      conv2d(64, 11, { stride: 4, padding: 2 }),
      relu,
      pool(),
      conv2d(192, 5, { padding: 2 }),
      relu,
      pool(),
      conv2d(384, 3, { padding: 1 }),
      relu,
      conv2d(256, 3, { padding: 1 }),
      relu,
      conv2d(256, 3, { padding: 1 }),
      relu,
      pool(),
    ],
    { name: 'features' },
  );
  const classifier = sequential([dropout(), dense(4096), relu, dropout(), dense(4096), relu, dense(classes)], { name: 'classifier' });
  return classifier(flatten(adaptiveAvgPool2d(features(x), 6, { name: 'avgpool' })));
});

/** Section 3.3 of the paper, where α is not divided by n. The layer divides, so 1e-4 there is 5e-4 here. */
const lrn = (x: SymbolicTensor, name: string) => localResponseNorm(x, { size: 5, alpha: 5e-4, beta: 0.75, bias: 2, name });

/** Section 3.4: windows of 3×3, two pixels apart, overlap. */
const overlapping = (x: SymbolicTensor, name: string) => maxPool2d(x, 3, { stride: 2, name });

/**
 * AlexNet as it won in 2012 (Krizhevsky, Sutskever and Hinton 2012, "ImageNet classification with deep convolutional neural
 * networks"): the second, fourth and fifth convolution in two groups, one for each of its two GPUs; response normalisation;
 * pooling that overlaps. Pictures are 227×227: the paper says 224, but its 55×55 = ((227 - 11) / 4 + 1)² outputs need 227.
 * The dense layers' sizes follow from the pictures'. Layers have the names of Caffe's reference model. 60,965,224 parameters
 * (the paper says 60 million).
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { alexnet2012 } from 'lanewise/zoo';
 *
 * alexnet2012().parameterCount; // 60965224
 */
export const alexnet2012: Factory = network('alexnet2012', { ...imagenet, inputShape: [3, 227, 227] }, (pictures, { classes }) => {
  let x = relu(conv2d(pictures, 96, 11, { stride: 4, name: 'conv1' }));
  x = overlapping(lrn(x, 'norm1'), 'pool1');
  x = relu(conv2d(x, 256, 5, { padding: 2, groups: 2, name: 'conv2' }));
  x = overlapping(lrn(x, 'norm2'), 'pool2');
  x = relu(conv2d(x, 384, 3, { padding: 1, name: 'conv3' }));
  x = relu(conv2d(x, 384, 3, { padding: 1, groups: 2, name: 'conv4' }));
  x = relu(conv2d(x, 256, 3, { padding: 1, groups: 2, name: 'conv5' }));
  x = flatten(overlapping(x, 'pool5'));
  x = dropout(relu(dense(x, 4096, { name: 'fc6' })), 0.5, { name: 'drop6' });
  x = dropout(relu(dense(x, 4096, { name: 'fc7' })), 0.5, { name: 'drop7' });
  return dense(x, classes, { name: 'fc8' });
});
