import { cifar10Labels, mnistLabels } from './labels/small.ts';
import type { Preprocessing } from './preprocess.ts';

/**
 * For CIFAR-10 and the default model: the centre square as 32×32; mean and standard deviation of the training pictures,
 * rounded as in PyTorch's examples.
 * @example
 * import { cifar10, toTensor } from 'lanewise/vision';
 *
 * const photo = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3) };
 * toTensor(photo, cifar10).dims; // [1, 3, 32, 32]
 */
export const cifar10: Preprocessing = {
  crop: 'center_square',
  resize: { width: 32, height: 32 },
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
  labels: cifar10Labels,
};

/**
 * torchvision's preprocessing for most of its ImageNet networks (`ImageClassification` with `crop_size=224`): the shorter
 * side to 256, bilinear, then the middle 224×224; mean and standard deviation of ImageNet. The names of the classes are
 * `imagenetLabels` in `lanewise/vision/labels`.
 * @example
 * import { imagenet, toTensor } from 'lanewise/vision';
 *
 * const photo = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3) };
 * toTensor(photo, imagenet).dims; // [1, 3, 224, 224]
 */
export const imagenet: Preprocessing = {
  resize: { shortestEdge: 256 },
  centerCrop: { width: 224, height: 224, rounding: 'even' },
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/**
 * timm's default preprocessing for ImageNet networks (`crop_pct` 0.875, `interpolation` bicubic, 224): {@link imagenet} with
 * a bicubic resize.
 * @example
 * import { imagenetBicubic, toTensor } from 'lanewise/vision';
 *
 * const photo = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3) };
 * toTensor(photo, imagenetBicubic).dims; // [1, 3, 224, 224]
 */
export const imagenetBicubic: Preprocessing = { ...imagenet, filter: 'bicubic' };

/**
 * timm's preprocessing for Inception v3 and v4 with weights from TensorFlow (299, `crop_pct` 0.875, bicubic), whose inputs
 * go from -1 to 1. TensorFlow's MobileNets take the same values at 224: `{ ...imagenetBicubic, mean, std }` with these means
 * and stds.
 * @example
 * import { imagenetInception, toTensor } from 'lanewise/vision';
 *
 * const photo = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3) };
 * toTensor(photo, imagenetInception).dims; // [1, 3, 299, 299]
 */
export const imagenetInception: Preprocessing = {
  resize: { shortestEdge: 341 },
  filter: 'bicubic',
  centerCrop: { width: 299, height: 299, rounding: 'even' },
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

/**
 * For MNIST: grey, 28×28, with the mean and standard deviation of PyTorch's MNIST example. MNIST's digits are white on
 * black, and in the middle with a margin, so a photo of ink on paper has to be inverted and cropped first.
 * @example
 * import { mnist, toTensor } from 'lanewise/vision';
 *
 * const photo = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3) };
 * toTensor(photo, mnist).dims; // [1, 1, 28, 28]
 */
export const mnist: Preprocessing = {
  crop: 'center_square',
  resize: { width: 28, height: 28 },
  mean: [0.1307],
  std: [0.3081],
  labels: mnistLabels,
};
