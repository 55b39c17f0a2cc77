import { checkOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { type LayerOptions, layerFunction, onlyName } from './layer.ts';
import { channelsOf, choice, finite, flag, type Pair, type Sides, sides, wholeNumber } from './options.ts';
import type { Recorder } from './recorder.ts';
import { applyLayer, SymbolicTensor, symbolic } from './symbol.ts';

/** A layer of several inputs, applied to two at a time. */
function combination(kind: string, op: string) {
  return (a: SymbolicTensor, b: SymbolicTensor, ...more: readonly (SymbolicTensor | LayerOptions)[]): SymbolicTensor => {
    const last = more.at(-1);
    const hasOptions = more.length > 0 && !(last instanceof SymbolicTensor);
    const options: LayerOptions = hasOptions ? (last ?? {}) : {};
    checkOptions(kind, options, onlyName);
    const inputs = [a, b, ...(hasOptions ? more.slice(0, -1) : more)].map((x, i) => symbolic(x, `input ${i} of ${kind}`));
    const values = inputs.map(({ value }) => value);
    const build = (to: Recorder) => [values.reduce((sum, value) => to.node(op, [sum, value]))];
    return applyLayer(kind, inputs, options.name, build)[0] as SymbolicTensor;
  };
}

/**
 * The sum of two inputs or more, element by element (ONNX Add); dimensions of 1 are repeated.
 * @param a one
 * @param b another, of the same shape, or with dimensions of 1
 * @param more others; after them the options: the layer's name
 * @throws LanewiseError INVALID_INPUT for what is no symbolic tensor, INVALID_MODEL if shapes do not fit
 * @example
 * import { add, conv2d, input, relu } from 'lanewise/layers';
 *
 * const x = input([16, 32, 32]);
 * const y = relu(add(x, conv2d(x, 16, 3, { padding: 1 }))); // a residual block
 */
export const add = combination('add', 'Add');

/**
 * The product of two inputs or more, element by element (ONNX Mul); dimensions of 1 are repeated: for example of a picture
 * [N, C, H, W] and weights of its channels [N, C, 1, 1].
 * @param a one
 * @param b another, of the same shape, or with dimensions of 1
 * @param more others; after them the options: the layer's name
 * @throws LanewiseError INVALID_INPUT for what is no symbolic tensor, INVALID_MODEL if shapes do not fit
 * @example
 * import { conv2d, globalAvgPool2d, input, multiply, sigmoid } from 'lanewise/layers';
 *
 * const x = input([16, 32, 32]);
 * multiply(x, sigmoid(conv2d(globalAvgPool2d(x), 16, 1))).dims; // ['N', 16, 32, 32]
 */
export const multiply = combination('multiply', 'Mul');

/** The options of `concat`. */
export interface ConcatOptions extends LayerOptions {
  /** The dimension in which they follow each other. Default 1, the channels. */
  readonly axis?: number;
}

/**
 * Puts inputs side by side (ONNX Concat): [N, C1, H, W], [N, C2, H, W], ... to [N, C1 + C2 + ..., H, W].
 * @param parts one symbolic tensor or more
 * @param options the axis, and the layer's name
 * @throws LanewiseError INVALID_INPUT for what is no list of symbolic tensors, INVALID_MODEL if the other dimensions differ
 * @example
 * import { concat, conv2d, input } from 'lanewise/layers';
 *
 * const x = input([64, 28, 28]);
 * concat([x, conv2d(x, 32, 3, { padding: 1 })]).dims; // ['N', 96, 28, 28]
 */
export function concat(parts: readonly SymbolicTensor[], options: ConcatOptions = {}): SymbolicTensor {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw new LanewiseError('INVALID_INPUT', `concat takes a list of symbolic tensors, concat([a, b]), got ${shown(parts)}`);
  }
  checkOptions('concat', options, { axis: 1, name: 1 } satisfies OptionNames<ConcatOptions>);
  const inputs = Array.from(parts, (x, i) => symbolic(x, `part ${i} of concat`));
  const values = inputs.map(({ value }) => value);
  const { axis = 1, name } = options;
  const build = (to: Recorder) => [to.node('Concat', values, { attributes: { axis } })];
  return applyLayer('concat', inputs, name, build)[0] as SymbolicTensor;
}

/**
 * Rows of everything but the batch (ONNX Flatten): [N, C, H, W] to [N, C · H · W].
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for an option that it does not have
 * @example
 * import { flatten, input } from 'lanewise/layers';
 *
 * flatten(input([16, 5, 5])).dims; // ['N', 400]
 */
export const flatten = layerFunction<[options?: LayerOptions]>('flatten', {}, (to, x) =>
  to.node('Flatten', [x], { attributes: { axis: 1 } }),
);

/** The options of `pad`. */
export interface PadOptions extends LayerOptions {
  /** What is added: `value`, the picture mirrored at its edge, or its edge repeated. Default 'constant'. */
  readonly mode?: 'constant' | 'reflect' | 'edge';
  /** The number that 'constant' adds. Default 0. */
  readonly value?: number;
}

/**
 * Adds rows and columns around pictures (ONNX Pad): [N, C, H, W] to [N, C, H + top + bottom, W + left + right].
 * @param padding in pixels: one number for all sides, [height, width], or [top, left, bottom, right]
 * @param options mode and value; the layer's name
 * @throws LanewiseError INVALID_INPUT for options that make no sense; INVALID_MODEL for a reflection larger than the picture
 * @example
 * import { input, pad } from 'lanewise/layers';
 *
 * pad(input([3, 224, 224]), [0, 0, 1, 1], { mode: 'reflect' }).dims; // ['N', 3, 225, 225]
 */
export const pad = layerFunction<[padding: Sides, options?: PadOptions]>(
  'pad',
  { mode: 1, value: 1 },
  (to, x, padding, { mode = 'constant', value = 0 } = {}) => {
    channelsOf(x);
    const [top, left, bottom, right] = sides('padding', padding);
    const inputs = [x, to.ints([0, 0, top, left, 0, 0, bottom, right])];
    if (finite('value', value) !== 0) inputs.push(to.float(value));
    return to.node('Pad', inputs, { attributes: { mode: choice('mode', mode, ['constant', 'reflect', 'edge']) } });
  },
);

/** The options of `upsample`. */
export interface UpsampleOptions extends LayerOptions {
  /** How pixels in between are made. Default 'nearest'. */
  readonly mode?: 'nearest' | 'bilinear' | 'bicubic';
  /** Whether the corners' pixels stay at the corners. Default false, the field's convention. */
  readonly alignCorners?: boolean;
}

/**
 * Enlarges pictures (ONNX Resize, as PyTorch's Upsample): [N, C, H, W] to [N, C, floor(H · scale), floor(W · scale)].
 * @param scale a number above 0, or [height, width]
 * @param options mode and alignCorners; the layer's name
 * @throws LanewiseError INVALID_INPUT for options that make no sense, or if no pixel is left
 * @example
 * import { input, upsample } from 'lanewise/layers';
 *
 * upsample(input([64, 28, 28]), 2, { mode: 'bilinear' }).dims; // ['N', 64, 56, 56]
 */
export const upsample = layerFunction<[scale: Pair, options?: UpsampleOptions]>(
  'upsample',
  { mode: 1, alignCorners: 1 },
  (to, x, scale, { mode = 'nearest', alignCorners = false } = {}) => {
    channelsOf(x);
    const factors: readonly number[] = typeof scale === 'number' ? [scale, scale] : scale;
    const fits = Array.isArray(factors) && factors.length === 2 && factors.every((factor) => Number.isFinite(factor) && factor > 0);
    if (!fits) throw new LanewiseError('INVALID_INPUT', `scale takes a number above 0 or [height, width], got ${shown(scale)}`);
    const modes = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic' } as const;
    const chosen = choice('mode', mode, ['nearest', 'bilinear', 'bicubic']);
    const aligned = flag('alignCorners', alignCorners) && chosen !== 'nearest';
    const scales = factors.map((factor, i) => scaleOf(x.dims[i + 2] as number, factor, chosen, aligned));
    const transformation = chosen === 'nearest' ? 'asymmetric' : aligned ? 'align_corners' : 'half_pixel';
    const common = { mode: modes[chosen], coordinate_transformation_mode: transformation };
    return to.node('Resize', [x, undefined, to.floats([1, 1, ...scales])], {
      attributes: chosen === 'nearest' ? { ...common, nearest_mode: 'floor' } : common,
      ...(chosen === 'bicubic' && { floats: { cubic_coeff_a: -0.75 } }),
    });
  },
);

/** The scale in ONNX that means the same as PyTorch's. @throws LanewiseError INVALID_INPUT if no pixel is left */
function scaleOf(size: number, factor: number, mode: string, alignCorners: boolean): number {
  const resized = Math.floor(size * factor);
  if (resized < 1) throw new LanewiseError('INVALID_INPUT', `scale ${factor} leaves nothing of ${size} pixels`);
  // Only bilinear leaves pixels in place if the size stays.
  if (resized === size && mode === 'bilinear') return 1;
  // Corners are aligned for the rounded number of pixels; ONNX would count fractions of them.
  const exact = alignCorners ? resized / size : factor;
  // Rounded to float32, the type in files, but not below the given scale, because 10 · 1.3 pixels would otherwise be 12.
  const rounded = Math.fround(exact);
  return rounded < exact ? Math.fround(exact * (1 + 2 ** -24)) : rounded;
}

/**
 * Exchanges channels between groups (Zhang et al. 2017, arXiv:1707.01083): channel g · (C / groups) + i becomes i · groups + g.
 * The shape stays.
 * @param groups how many
 * @param options the layer's name
 * @throws LanewiseError INVALID_MODEL if the channels cannot be divided
 * @example
 * import { channelShuffle, conv2d, input } from 'lanewise/layers';
 *
 * const y = channelShuffle(conv2d(input([24, 28, 28]), 24, 1, { groups: 3 }), 3);
 */
export const channelShuffle = layerFunction<[groups: number, options?: LayerOptions]>('channelShuffle', {}, (to, x, groups) => {
  const channels = channelsOf(x);
  if (channels % wholeNumber('groups', groups, 1) !== 0) {
    throw new LanewiseError('INVALID_MODEL', `${channels} channels cannot be divided into ${groups} groups`);
  }
  const [height = 0, width = 0] = x.dims.slice(2);
  // 0 keeps the dimension: the batch.
  const grouped = to.node('Reshape', [x, to.ints([0, groups, channels / groups, height, width])]);
  const exchanged = to.node('Transpose', [grouped], { attributes: { perm: [0, 2, 1, 3, 4] } });
  return to.node('Reshape', [exchanged, to.ints([0, channels, height, width])]);
});
