import { LanewiseError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import { heUniform, type Init, initializerOf, zeros } from './initializers.ts';
import { type LayerOptions, layerFunction } from './layer.ts';
import { channelsOf, type Padding, type Pair, pair, wholeNumber, windowAttributes } from './options.ts';
import type { Recorder } from './recorder.ts';

/** The options of layers with weights. */
export interface WeightOptions extends LayerOptions {
  /** How the weights start. Default `heUniform()`. */
  readonly weight?: Init;
  /** Whether there is a bias, or how it starts. Default `true`, which is zeros. */
  readonly bias?: boolean | Init;
}

interface WindowOptions {
  /** How many pixels one window is from the next. Default 1. */
  readonly stride?: Pair;
  /** Zeros around the picture. Default 0. */
  readonly padding?: Padding;
  /** How many pixels the kernel's elements are apart. Default 1. */
  readonly dilation?: Pair;
}

/** The options of `conv2d`. */
export interface Conv2dOptions extends WeightOptions, WindowOptions {
  /** How many groups channels and filters are divided into; a group sees only its own channels. Default 1. */
  readonly groups?: number;
}

const weightOptions = { weight: 1, bias: 1 };
const windowOptions = { stride: 1, padding: 1, dilation: 1 };

/**
 * Convolution (ONNX Conv): [N, C, H, W] to [N, filters, H', W'], H' = floor((H + top + bottom - dilation · (kernel - 1) - 1)
 * / stride) + 1. Parameters: `weight` [filters, C / groups, kernel, kernel], `bias` [filters].
 * @param filters how many channels the output has
 * @param kernel its size in pixels: one number, or [height, width]
 * @param options stride, padding, dilation, groups; how the weights start; the layer's name
 * @throws LanewiseError INVALID_INPUT for options that make no sense, INVALID_MODEL if the window or the groups do not fit
 *   the input
 * @example
 * import { conv2d, input } from 'lanewise/layers';
 *
 * const x = input([3, 224, 224]);
 * conv2d(x, 64, 7, { stride: 2, padding: 3, bias: false }).dims; // ['N', 64, 112, 112]
 */
export const conv2d = layerFunction<[filters: number, kernel: Pair, options?: Conv2dOptions]>(
  'conv2d',
  { ...weightOptions, ...windowOptions, groups: 1 },
  (to, x, filters, kernel, options = {}) => convolution(to, x, wholeNumber('filters', filters, 1), kernel, options),
);

/** The options of `depthwiseConv2d`. */
export interface DepthwiseConv2dOptions extends WeightOptions, WindowOptions {
  /** How many filters each channel has. Default 1. */
  readonly multiplier?: number;
}

/**
 * One filter for each channel, or `multiplier` of them (a convolution with as many groups as channels): [N, C, H, W] to
 * [N, multiplier · C, H', W']. Parameters: `weight` [multiplier · C, 1, kernel, kernel], `bias`.
 * @param kernel its size in pixels: one number, or [height, width]
 * @param options multiplier, stride, padding, dilation; how the weights start; the layer's name
 * @throws LanewiseError as `conv2d`
 * @example
 * import { depthwiseConv2d, input } from 'lanewise/layers';
 *
 * depthwiseConv2d(input([32, 112, 112]), 3, { padding: 'same' }).dims; // ['N', 32, 112, 112]
 */
export const depthwiseConv2d = layerFunction<[kernel: Pair, options?: DepthwiseConv2dOptions]>(
  'depthwiseConv2d',
  { ...weightOptions, ...windowOptions, multiplier: 1 },
  (to, x, kernel, { multiplier = 1, ...options } = {}) => {
    const channels = channelsOf(x);
    return convolution(to, x, channels * wholeNumber('multiplier', multiplier, 1), kernel, { ...options, groups: channels });
  },
);

function convolution(to: Recorder, x: Value, filters: number, kernel: Pair, options: Conv2dOptions): Value {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const channels = channelsOf(x);
  const [height, width] = pair('kernel', kernel, 1);
  checkGroups(groups, { channels, filters });
  const dims = [filters, channels / groups, height, width];
  const fans = { fanIn: (channels / groups) * height * width, fanOut: (filters / groups) * height * width };
  const inputs = [x, ...weights(to, options, dims, filters, fans)];
  const attributes = { ...windowAttributes({ kernel, stride, padding, dilation }), group: groups };
  return to.node('Conv', inputs, { attributes });
}

function checkGroups(groups: number, counts: Readonly<Record<string, number>>): void {
  wholeNumber('groups', groups, 1);
  for (const [what, count] of Object.entries(counts)) {
    if (count % groups === 0) continue;
    throw new LanewiseError('INVALID_MODEL', `${count} ${what} cannot be divided into ${groups} groups`);
  }
}

/** The weight, then the bias if there is one. */
function weights(
  to: Recorder,
  { weight = heUniform(), bias = true }: WeightOptions,
  dims: readonly number[],
  outputs: number,
  fans: { readonly fanIn: number; readonly fanOut: number },
): Value[] {
  const values = [to.parameter({ key: 'weight', dims, init: initializerOf(weight, 'weight', dims), ...fans })];
  if (bias === false) return values;
  const init = initializerOf(bias === true ? zeros : bias, 'bias', [outputs]);
  return [...values, to.parameter({ key: 'bias', dims: [outputs], init, ...fans })];
}

/** The options of `conv2dTranspose`. */
export interface Conv2dTransposeOptions extends Conv2dOptions {
  /** Rows and columns that are added at the bottom and the right. Default 0. */
  readonly outputPadding?: Pair;
}

/**
 * Transposed convolution (ONNX ConvTranspose), the gradient of a convolution with the same weights: [N, C, H, W] to [N,
 * filters, H', W'], H' = (H - 1) · stride - top - bottom + dilation · (kernel - 1) + outputPadding + 1, or H · stride with
 * padding 'same'. Parameters: `weight` [C, filters / groups, kernel, kernel], `bias` [filters].
 * @param filters how many channels the output has
 * @param kernel its size in pixels: one number, or [height, width]
 * @param options stride, padding, outputPadding, dilation, groups; how the weights start; the layer's name
 * @throws LanewiseError as `conv2d`
 * @example
 * import { conv2dTranspose, input } from 'lanewise/layers';
 *
 * conv2dTranspose(input([64, 28, 28]), 32, 2, { stride: 2 }).dims; // ['N', 32, 56, 56]
 */
export const conv2dTranspose = layerFunction<[filters: number, kernel: Pair, options?: Conv2dTransposeOptions]>(
  'conv2dTranspose',
  { ...weightOptions, ...windowOptions, groups: 1, outputPadding: 1 },
  (to, x, filters, kernel, options = {}) => {
    const { stride = 1, padding = 0, dilation = 1, groups = 1, outputPadding = 0 } = options;
    const channels = channelsOf(x);
    const [height, width] = pair('kernel', kernel, 1);
    checkGroups(groups, { channels, filters: wholeNumber('filters', filters, 1) });
    const dims = [channels, filters / groups, height, width];
    const fans = { fanIn: (channels / groups) * height * width, fanOut: (filters / groups) * height * width };
    const inputs = [x, ...weights(to, options, dims, filters, fans)];
    const window = windowAttributes({ kernel, stride, padding, dilation });
    const attributes = { ...window, group: groups, output_padding: pair('outputPadding', outputPadding, 0) };
    return to.node('ConvTranspose', inputs, { attributes });
  },
);

/**
 * A fully connected layer (ONNX Gemm): [N, F] to [N, units]. Parameters: `weight` [units, F], `bias` [units].
 * @param units how many features the output has
 * @param options how the weights start; the layer's name
 * @throws LanewiseError INVALID_INPUT if the input is no matrix: `flatten` makes one of pictures
 * @example
 * import { dense, flatten, input } from 'lanewise/layers';
 *
 * dense(flatten(input([512, 7, 7])), 1000).dims; // ['N', 1000]
 */
export const dense = layerFunction<[units: number, options?: WeightOptions]>('dense', weightOptions, (to, x, units, options = {}) => {
  const [, features] = x.dims;
  if (x.dims.length !== 2 || features === undefined) {
    throw new LanewiseError('INVALID_INPUT', `it takes rows [N, F], got ${x.dims.length} dimensions; flatten() makes rows of pictures`);
  }
  wholeNumber('units', units, 1);
  const fans = { fanIn: features, fanOut: units };
  return to.node('Gemm', [x, ...weights(to, options, [units, features], units, fans)], { attributes: { transB: 1 } });
});
