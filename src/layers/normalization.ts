import { LanewiseError } from '../errors.ts';
import { type Init, initializerOf, ones, zeros } from './initializers.ts';
import { type LayerOptions, layerFunction } from './layer.ts';
import { channelsOf, finite, wholeNumber } from './options.ts';

/** The options of `batchNorm`. */
export interface BatchNormOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** How the scale starts. Default: ones. */
  readonly weight?: Init;
  /** How the shift starts. Default: zeros. */
  readonly bias?: Init;
  /** How the means start. Default: zeros. */
  readonly runningMean?: Init;
  /** How the variances start. Default: ones. */
  readonly runningVar?: Init;
}

/**
 * Batch normalisation with the statistics that training gathered (Ioffe and Szegedy 2015, arXiv:1502.03167; ONNX
 * BatchNormalization): y = weight · (x - running_mean) / sqrt(running_var + epsilon) + bias, for each channel of [N, C,
 * ...]. Parameters, [C] each: `weight`, `bias`; and the statistics `running_mean`, `running_var`.
 * @param options epsilon; how weights and statistics start; the layer's name
 * @throws LanewiseError INVALID_INPUT for an input without channels, and options that make no sense
 * @example
 * import { batchNorm, conv2d, input, relu } from 'lanewise/layers';
 *
 * const y = relu(batchNorm(conv2d(input([3, 32, 32]), 16, 3, { bias: false })));
 */
export const batchNorm = layerFunction<[options?: BatchNormOptions]>(
  'batchNorm',
  { epsilon: 1, weight: 1, bias: 1, runningMean: 1, runningVar: 1 },
  (to, x, { epsilon = 1e-5, weight = ones, bias = zeros, runningMean = zeros, runningVar = ones } = {}) => {
    const [, channels] = x.dims;
    if (channels === undefined) throw new LanewiseError('INVALID_INPUT', 'it takes [N, C, ...], got one dimension');
    const vector = (key: string, init: Init, learned: boolean) => {
      const dims = [channels];
      return to.parameter({ key, dims, init: initializerOf(init, key, dims), learned });
    };
    const inputs = [
      x,
      vector('weight', weight, true),
      vector('bias', bias, true),
      vector('running_mean', runningMean, false),
      vector('running_var', runningVar, false),
    ];
    return to.node('BatchNormalization', inputs, { floats: { epsilon: finite('epsilon', epsilon) } });
  },
);

/** The options of `localResponseNorm`. */
export interface LocalResponseNormOptions extends LayerOptions {
  /**
   * How many neighbouring channels are summed over. Default 5. An even size has one more after than before, as in ONNX;
   * PyTorch has it before.
   */
  readonly size?: number;
  /**
   * The factor of the sum. Default 1e-4. It is divided by `size`, as in ONNX and PyTorch: AlexNet's paper does not divide, and its 1e-4 is 5e-4
   * here.
   */
  readonly alpha?: number;
  /** The exponent. Default 0.75. */
  readonly beta?: number;
  /** The paper's k. Default 1, as in ONNX and PyTorch; the paper has 2. */
  readonly bias?: number;
}

/**
 * Local response normalisation (Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks",
 * section 3.3; ONNX LRN): y = x / (bias + alpha / size · sum of the squares of `size` channels around)^beta. [N, C, H, W] to
 * the same.
 * @param options size, alpha, beta and bias; the layer's name
 * @throws LanewiseError INVALID_INPUT for what is no picture, and options that make no sense
 * @example
 * import { input, localResponseNorm } from 'lanewise/layers';
 *
 * // As AlexNet's paper has it.
 * const y = localResponseNorm(input([96, 55, 55]), { size: 5, alpha: 5e-4, beta: 0.75, bias: 2 });
 */
export const localResponseNorm = layerFunction<[options?: LocalResponseNormOptions]>(
  'localResponseNorm',
  { size: 1, alpha: 1, beta: 1, bias: 1 },
  (to, x, { size = 5, alpha = 1e-4, beta = 0.75, bias = 1 } = {}) => {
    channelsOf(x);
    const floats = { alpha: finite('alpha', alpha), beta: finite('beta', beta), bias: finite('bias', bias) };
    return to.node('LRN', [x], { attributes: { size: wholeNumber('size', size, 1) }, floats });
  },
);

/**
 * Dropout (Srivastava et al. 2014; ONNX Dropout): a part of training. A network that runs leaves everything as it is, and nothing is
 * computed here; the layer stands for the paper's, and in ONNX files.
 * @param rate the share that training drops, from 0 to below 1. Default 0.5
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for another rate
 * @example
 * import { dense, dropout, relu, sequential } from 'lanewise/layers';
 *
 * const classifier = sequential([dense(4096), relu, dropout(0.5), dense(10)]);
 */
export const dropout = layerFunction<
  [rate?: number, options?: LayerOptions],
  [rate?: number, options?: LayerOptions] | [options?: LayerOptions]
>(
  'dropout',
  {},
  (to, x, rate = 0.5) => {
    if (finite('rate', rate) < 0 || rate >= 1) {
      throw new LanewiseError('INVALID_INPUT', `rate takes a number from 0 to below 1, got ${rate}`);
    }
    return to.node('Dropout', [x, to.float(rate)]);
  },
  1,
);
