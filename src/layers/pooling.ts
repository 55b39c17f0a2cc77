import { shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { elementCount, formatDims } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { type LayerOptions, layerFunction } from './layer.ts';
import { channelsOf, flag, type Padding, type Pair, pair, type Window, windowAttributes } from './options.ts';
import type { Recorder } from './recorder.ts';

/** The options of all pools with a window. */
export interface PoolOptions extends LayerOptions {
  /** How many pixels one window is from the next. Default: the kernel's size. */
  readonly stride?: Pair;
  /** Pixels around the picture, fewer than the kernel's. Default 0. */
  readonly padding?: Padding;
  /** Rounds the output's size up instead of down: windows may reach over the edge. Default false. */
  readonly ceilMode?: boolean;
}

/** The options of `maxPool2d`. */
export interface MaxPool2dOptions extends PoolOptions {
  /** How many pixels the window's elements are apart. Default 1. */
  readonly dilation?: Pair;
}

const poolOptions = { stride: 1, padding: 1, ceilMode: 1 };

/**
 * The largest of each window (ONNX MaxPool): [N, C, H, W] to [N, C, H', W']. Padding never wins. H' = floor((H + top +
 * bottom - kernel) / stride) + 1, or ceil with `ceilMode`.
 * @param kernel the window's size in pixels: one number, or [height, width]
 * @param options stride, padding, dilation, ceilMode; the layer's name
 * @throws LanewiseError INVALID_INPUT for options that make no sense, INVALID_MODEL if the window does not fit
 * @example
 * import { input, maxPool2d } from 'lanewise/layers';
 *
 * maxPool2d(input([64, 112, 112]), 3, { stride: 2, padding: 1 }).dims; // ['N', 64, 56, 56]
 */
export const maxPool2d = layerFunction<[kernel: Pair, options?: MaxPool2dOptions]>(
  'maxPool2d',
  { ...poolOptions, dilation: 1 },
  (to, x, kernel, { stride = kernel, padding = 0, dilation = 1, ceilMode = false } = {}) => {
    channelsOf(x);
    const attributes = { ...poolAttributes({ kernel, stride, padding, dilation }), ceil_mode: flag('ceilMode', ceilMode) ? 1 : 0 };
    return to.node('MaxPool', [x], { attributes });
  },
);

/**
 * The attributes of a pool's window. It must not lie in the padding alone, because nothing has no largest element and no
 * average.
 */
function poolAttributes(window: Window): ReturnType<typeof windowAttributes> {
  const attributes = windowAttributes(window);
  const kernel = attributes.kernel_shape;
  if ('pads' in attributes && attributes.pads.some((pad, i) => pad >= (kernel[i % 2] as number))) {
    throw new LanewiseError('INVALID_INPUT', `padding is less than the kernel's ${formatDims(kernel)}, got ${shown(window.padding)}`);
  }
  return attributes;
}

/** The options of `avgPool2d`. */
export interface AvgPool2dOptions extends PoolOptions {
  /** Whether zeros of the padding count. Default true, as in PyTorch; with padding 'same' false, as in TensorFlow. */
  readonly countIncludePad?: boolean;
}

/**
 * The average of each window (ONNX AveragePool): [N, C, H, W] to [N, C, H', W'], H' as for `maxPool2d`.
 * @param kernel the window's size in pixels: one number, or [height, width]
 * @param options stride, padding, ceilMode, countIncludePad; the layer's name
 * @throws LanewiseError INVALID_INPUT for options that make no sense, INVALID_MODEL if the window does not fit
 * @example
 * import { avgPool2d, input } from 'lanewise/layers';
 *
 * avgPool2d(input([128, 56, 56]), 2).dims; // ['N', 128, 28, 28]
 */
export const avgPool2d = layerFunction<[kernel: Pair, options?: AvgPool2dOptions]>(
  'avgPool2d',
  { ...poolOptions, countIncludePad: 1 },
  (to, x, kernel, { stride = kernel, padding = 0, ceilMode = false, countIncludePad = padding !== 'same' } = {}) => {
    channelsOf(x);
    const { dilations: _, ...window } = poolAttributes({ kernel, stride, padding, dilation: 1 });
    return to.node('AveragePool', [x], {
      attributes: {
        ...window,
        ceil_mode: flag('ceilMode', ceilMode) ? 1 : 0,
        count_include_pad: flag('countIncludePad', countIncludePad) ? 1 : 0,
      },
    });
  },
);

/**
 * The average of each channel (Lin, Chen and Yan 2013, arXiv:1312.4400; ONNX GlobalAveragePool): [N, C, H, W] to [N, C, 1,
 * 1].
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for what is no picture
 * @example
 * import { flatten, globalAvgPool2d, input } from 'lanewise/layers';
 *
 * flatten(globalAvgPool2d(input([512, 7, 7]))).dims; // ['N', 512]
 */
export const globalAvgPool2d = layerFunction<[options?: LayerOptions]>('globalAvgPool2d', {}, (to, x) => {
  channelsOf(x);
  return to.node('GlobalAveragePool', [x]);
});

/**
 * The largest of each channel (ONNX GlobalMaxPool): [N, C, H, W] to [N, C, 1, 1].
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for what is no picture
 * @example
 * import { globalMaxPool2d, input } from 'lanewise/layers';
 *
 * globalMaxPool2d(input([512, 7, 7])).dims; // ['N', 512, 1, 1]
 */
export const globalMaxPool2d = layerFunction<[options?: LayerOptions]>('globalMaxPool2d', {}, (to, x) => {
  channelsOf(x);
  return to.node('GlobalMaxPool', [x]);
});

/**
 * Averages over as many windows as the output has pixels: [N, C, H, W] to [N, C, h, w]. Window i of h reaches from floor(i ·
 * H / h) to ceil((i + 1) · H / h), as in PyTorch's AdaptiveAvgPool2d; windows overlap if h does not divide H.
 * @param size the output's, in pixels: one number, or [height, width]
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for what is no picture or no size; TOO_LARGE
 * @example
 * import { adaptiveAvgPool2d, input } from 'lanewise/layers';
 *
 * adaptiveAvgPool2d(input([512, 10, 8]), 7).dims; // ['N', 512, 7, 7]
 */
export const adaptiveAvgPool2d = layerFunction<[size: Pair, options?: LayerOptions]>('adaptiveAvgPool2d', {}, (to, x, size) => {
  const channels = channelsOf(x);
  const [height = 0, width = 0] = x.dims.slice(2);
  const [outHeight, outWidth] = pair('size', size, 1);
  if (height === outHeight && width === outWidth) return to.node('Identity', [x]);
  if (outHeight === 1 && outWidth === 1) return to.node('GlobalAveragePool', [x]);
  // If all windows have one size, they are a pool.
  if (height % outHeight === 0 && width % outWidth === 0) {
    const kernel = [height / outHeight, width / outWidth];
    return to.node('AveragePool', [x], { attributes: { kernel_shape: kernel, strides: kernel } });
  }
  elementCount([channels, outHeight, outWidth], 'its output');
  const rows = height === outHeight ? x : to.node('MatMul', [averages(to, outHeight, height, 'left'), x]);
  return width === outWidth ? rows : to.node('MatMul', [rows, averages(to, outWidth, width, 'right')]);
});

/**
 * The weights that average windows of several sizes, as a matrix: [windows, size] for the left, [size, windows] for the
 * right.
 */
function averages(to: Recorder, windows: number, size: number, side: 'left' | 'right'): Value {
  const count = windows * size;
  if (count > MOST_WEIGHTS) throw new LanewiseError('TOO_LARGE', `from ${size} to ${windows} pixels takes ${count} weights`);
  const matrix = new Array<number>(count).fill(0);
  for (let i = 0; i < windows; i++) {
    const first = Math.floor((i * size) / windows);
    const last = Math.ceil(((i + 1) * size) / windows);
    for (let j = first; j < last; j++) matrix[side === 'left' ? i * size + j : j * windows + i] = 1 / (last - first);
  }
  return to.node('Reshape', [to.floats(matrix), to.ints(side === 'left' ? [windows, size] : [size, windows])]);
}

const MOST_WEIGHTS = 2 ** 24;
