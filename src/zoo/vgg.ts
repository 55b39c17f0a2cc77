import { adaptiveAvgPool2d, batchNorm, conv2d, dense, dropout, flatten, maxPool2d, relu, sequential } from '../layers/index.ts';
import { type Factory, imagenet, network, varied } from './network.ts';

/** How many convolutions each stage has, by the number of layers with weights: the paper's columns A, B, D and E (table 1). */
const depths = { 11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] } as const;
const widths = [64, 128, 256, 512, 512] as const;

/**
 * VGG (Simonyan and Zisserman 2014, "Very deep convolutional networks for large-scale image recognition", arXiv:1409.1556)
 * as in torchvision: with an average pooling to 7×7, which does nothing at 224×224 and allows pictures of other sizes. The
 * `Bn` forms, which have a batch-norm after each convolution, are torchvision's own.
 */
function vgg(depth: keyof typeof depths, normalized: boolean): Factory {
  const block = (filters: number) => [conv2d(filters, 3, { padding: 1 }), ...(normalized ? [batchNorm(varied())] : []), relu()];
  return network(`vgg${depth}${normalized ? '_bn' : ''}`, imagenet, (x, { classes }) => {
    const stages = widths.map((filters, stage) => [
      ...Array.from({ length: depths[depth][stage] as number }, () => block(filters)).flat(),
      maxPool2d(2),
    ]);
    const features = sequential(stages.flat(), { name: 'features' });
    const classifier = sequential([dense(4096), relu, dropout(), dense(4096), relu, dropout(), dense(classes)], { name: 'classifier' });
    return classifier(flatten(adaptiveAvgPool2d(features(x), 7, { name: 'avgpool' })));
  });
}

/**
 * VGG-11, the paper's A. 132,863,336 parameters. See `vgg16`.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { vgg11 } from 'lanewise/zoo';
 *
 * vgg11().parameterCount; // 132863336
 */
export const vgg11 = vgg(11, false);
/**
 * VGG-13, the paper's B. 133,047,848 parameters. See `vgg16`.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { vgg13 } from 'lanewise/zoo';
 *
 * vgg13().parameterCount; // 133047848
 */
export const vgg13 = vgg(13, false);
/**
 * VGG-16, the paper's D (Simonyan and Zisserman 2014, arXiv:1409.1556). torchvision's average pooling to 7×7 does nothing at
 * 224×224. 138,357,544 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { vgg16 } from 'lanewise/zoo';
 *
 * vgg16().parameterCount; // 138357544
 */
export const vgg16 = vgg(16, false);
/**
 * VGG-19, the paper's E. 143,667,240 parameters. See `vgg16`.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { vgg19 } from 'lanewise/zoo';
 *
 * vgg19().parameterCount; // 143667240
 */
export const vgg19 = vgg(19, false);
/**
 * VGG-11 with batch-norms, which are torchvision's and not the paper's. 132,868,840 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { vgg11Bn } from 'lanewise/zoo';
 *
 * vgg11Bn().parameterCount; // 132868840
 */
export const vgg11Bn = vgg(11, true);
/**
 * VGG-13 with batch-norms. 133,053,736 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { vgg13Bn } from 'lanewise/zoo';
 *
 * vgg13Bn().parameterCount; // 133053736
 */
export const vgg13Bn = vgg(13, true);
/**
 * VGG-16 with batch-norms. 138,365,992 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { vgg16Bn } from 'lanewise/zoo';
 *
 * vgg16Bn().parameterCount; // 138365992
 */
export const vgg16Bn = vgg(16, true);
/**
 * VGG-19 with batch-norms. 143,678,248 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { vgg19Bn } from 'lanewise/zoo';
 *
 * vgg19Bn().parameterCount; // 143678248
 */
export const vgg19Bn = vgg(19, true);
