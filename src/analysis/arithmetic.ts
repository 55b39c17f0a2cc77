// The arithmetic of single layers, along one dimension, as textbooks print it. Sizes are computed by the code that builds
// networks.

import { checkOptions, checkSpelling, invalidInput, isOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { convMacs as macsOf } from '../ops/cost.ts';
import { spread } from '../ops/window/convTranspose.ts';
import { type AutoPad, type Axis, type GivenAxis, LIMIT, slide } from '../ops/window/window.ts';
import { extentOf } from './receptiveField.ts';
import { sameView, through, windowView } from './view.ts';

/**
 * The same before and behind, [before, behind], 'valid' for none, or 'same' to keep the size at stride 1 (an odd one goes
 * behind).
 */
export type Padding = number | readonly [before: number, behind: number] | 'same' | 'valid';

/** A window that slides along one dimension. */
export interface WindowSize {
  /** How many positions the input has. */
  readonly input: number;
  /** How many taps the window has. */
  readonly kernel: number;
  /** Distance from one window to the next. Default 1. */
  readonly stride?: number;
  /** Positions added at the ends. Default 0. */
  readonly padding?: Padding;
  /** Distance from one tap to the next. Default 1. */
  readonly dilation?: number;
}

/** The window of a convolution or a pool along one dimension. */
export interface ConvSize extends WindowSize {
  /** Rounds up, as pools may: a last window may reach past the end. Default false. */
  readonly ceilMode?: boolean;
}

/** The window of a transposed convolution along one dimension. */
export interface TransposedSize extends WindowSize {
  /** Positions added at the end, fewer than the stride. Default 0. */
  readonly outputPadding?: number;
}

const windowNames = { input: 1, kernel: 1, stride: 1, padding: 1, dilation: 1 } satisfies OptionNames<WindowSize>;
const convNames = { ...windowNames, ceilMode: 1 } satisfies OptionNames<ConvSize>;

function whole(name: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value < LIMIT) return value;
  throw invalidInput(`${name} takes a whole number from ${least} to ${LIMIT - 1}, got ${shown(value)}`);
}

/** Padding in the operators' form. */
function padsOf(padding: Padding): { begin: number; end: number; autoPad: AutoPad } {
  if (padding === 'same' || padding === 'valid') return { begin: 0, end: 0, autoPad: padding === 'same' ? 'SAME_UPPER' : 'VALID' };
  const sides = Array.isArray(padding) ? padding : [padding, padding];
  if (sides.length !== 2) throw invalidInput(`padding takes a number, [before, behind], 'same' or 'valid', got ${sides.length} numbers`);
  const [begin = 0, end = 0] = Array.from(sides, (side) => whole("padding (or 'same', 'valid')", side, 0));
  return { begin, end, autoPad: 'NOTSET' };
}

function axisOf({ input, kernel, stride = 1, dilation = 1, padding = 0 }: WindowSize): GivenAxis & { readonly autoPad: AutoPad } {
  return {
    index: 0,
    size: whole('input', input, 1),
    kernel: whole('kernel', kernel, 1),
    stride: whole('stride', stride, 1),
    dilation: whole('dilation', dilation, 1),
    ...padsOf(padding),
  };
}

/**
 * How many positions a convolution or a pool has along one dimension: floor((input + padding − ((kernel − 1) · dilation +
 * 1)) / stride) + 1, `padding` being that of both sides; ceil(input / stride) for 'same'. (Dumoulin and Visin 2016,
 * arXiv:1603.07285.)
 * @param window in positions of that dimension
 * @throws LanewiseError INVALID_INPUT for numbers that make no sense, and if the window does not fit
 * @example
 * import { outputSize } from 'lanewise/analysis';
 *
 * outputSize({ input: 224, kernel: 7, stride: 2, padding: 3 }); // 112
 */
export function outputSize(window: ConvSize): number {
  checkOptions('outputSize', window, convNames);
  const axis = axisOf(window);
  const { ceilMode = false } = window;
  if (typeof ceilMode !== 'boolean') throw invalidInput(`ceilMode takes true or false, got ${shown(ceilMode)}`);
  return slide(axis, { autoPad: axis.autoPad, ceilMode, mayBeEmpty: ceilMode }, invalidInput).out;
}

/**
 * How many positions a transposed convolution has along one dimension: (input − 1) · stride − padding + (kernel − 1) ·
 * dilation + 1 + outputPadding, `padding` being that of both sides; input · stride for 'same'.
 * @param window in positions of that dimension
 * @throws LanewiseError INVALID_INPUT for numbers that make no sense, and if nothing is left
 * @example
 * import { transposedOutputSize } from 'lanewise/analysis';
 *
 * transposedOutputSize({ input: 28, kernel: 2, stride: 2 }); // 56
 */
export function transposedOutputSize(window: TransposedSize): number {
  checkOptions('transposedOutputSize', window, { ...windowNames, outputPadding: 1 } satisfies OptionNames<TransposedSize>);
  const axis = axisOf(window);
  const { outputPadding: given = 0 } = window;
  const outputPadding = whole('outputPadding', given, 0);
  if (outputPadding > 0 && outputPadding >= Math.max(axis.stride, axis.dilation)) {
    throw invalidInput(`outputPadding ${outputPadding} should be below the stride ${axis.stride} or the dilation ${axis.dilation}`);
  }
  return spread(axis, { autoPad: axis.autoPad, outputPadding }, invalidInput).out;
}

/** The filters of a convolution. */
export interface Filters {
  /** The kernel's size: one number if square, or [height, width]. */
  readonly kernel: number | readonly number[];
  /** Input channels. */
  readonly in: number;
  /** Output channels. */
  readonly out: number;
  /**
   * The number of groups that channels are split into; a filter sees only its own group. Default 1; for a depthwise
   * convolution `in`.
   */
  readonly groups?: number;
}

const filterNames = { kernel: 1, in: 1, out: 1, groups: 1 } satisfies OptionNames<Filters>;

/** Weights as the operators have them, [out, in / groups, height, width]. */
function weightsOf(filters: Filters): number[] {
  const { kernel, groups = 1 } = filters;
  const sizes = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  if (!Array.isArray(sizes) || sizes.length === 0) throw invalidInput(`kernel takes a number or [height, width], got ${shown(kernel)}`);
  const [from, to] = [whole('in', filters.in, 1), whole('out', filters.out, 1)];
  whole('groups', groups, 1);
  if (from % groups !== 0 || to % groups !== 0) throw invalidInput(`${from} channels in and ${to} out do not divide into ${groups} groups`);
  return [to, from / groups, ...Array.from(sizes, (size) => whole('kernel', size, 1))];
}

function counted(count: number): number {
  if (Number.isSafeInteger(count)) return count;
  throw new LanewiseError('TOO_LARGE', `${count} is more than can be counted`);
}

function biasOf(bias: unknown): boolean {
  if (typeof bias === 'boolean') return bias;
  throw invalidInput(`bias takes true or false, got ${shown(bias)}`);
}

/**
 * Learned numbers of a convolution: kernel height · kernel width · in / groups · out, and a bias for each filter unless
 * there is none.
 * @param filters with `bias`: default true
 * @throws LanewiseError INVALID_INPUT for numbers that make no sense, TOO_LARGE for more than can be counted
 * @example
 * import { convParameters } from 'lanewise/analysis';
 *
 * convParameters({ kernel: 3, in: 64, out: 128 }); // 73856
 */
export function convParameters(filters: Filters & { readonly bias?: boolean }): number {
  checkOptions('convParameters', filters, { ...filterNames, bias: 1 });
  return counted(product(weightsOf(filters)) + (biasOf(filters.bias ?? true) ? filters.out : 0));
}

/**
 * Learned numbers of a dense layer: in · out, and a bias for each output unless there is none.
 * @param layer its features in and out, and `bias`: default true
 * @throws LanewiseError INVALID_INPUT for numbers that make no sense, TOO_LARGE for more than can be counted
 * @example
 * import { denseParameters } from 'lanewise/analysis';
 *
 * denseParameters({ in: 512, out: 1000 }); // 513000
 */
export function denseParameters(layer: { readonly in: number; readonly out: number; readonly bias?: boolean }): number {
  checkOptions('denseParameters', layer, { in: 1, out: 1, bias: 1 });
  return counted(whole('in', layer.in, 1) * whole('out', layer.out, 1) + (biasOf(layer.bias ?? true) ? layer.out : 0));
}

/**
 * Multiply-accumulates of a convolution for one picture: every one of out · `output` height · `output` width results takes
 * kernel height · kernel width · in / groups.
 * @param filters with `output`, the output's size: one number for square ones, or one for each dimension
 * @throws LanewiseError INVALID_INPUT for numbers that make no sense, TOO_LARGE for more than can be counted
 * @example
 * import { convMacs } from 'lanewise/analysis';
 *
 * convMacs({ kernel: 3, in: 64, out: 128, output: 56 }); // 231211008
 */
export function convMacs(filters: Filters & { readonly output: number | readonly number[] }): number {
  checkOptions('convMacs', filters, { ...filterNames, output: 1 });
  const { output } = filters;
  const weights = weightsOf(filters);
  const sizes = typeof output === 'number' ? weights.slice(2).map(() => output) : output;
  if (!Array.isArray(sizes) || sizes.length !== weights.length - 2)
    throw invalidInput(`output takes ${weights.length - 2} sizes, got ${shown(output)}`);
  return counted(macsOf([filters.out, ...Array.from(sizes, (size) => whole('output', size, 1))], weights));
}

/**
 * A layer as receptive fields need it: a convolution or a pool. 'same' padding is allowed at stride 1 only, because at
 * larger strides it depends on the input.
 */
export type ReceptiveWindow = Omit<WindowSize, 'input'>;

/**
 * What one output of a stack of convolutions and pools sees of its input, along one dimension: `size` positions, `stride`
 * from one output to the next, the first output's starting at `offset`, which is negative in the padding. (Araujo, Norris
 * and Sim 2019, doi:10.23915/distill.00021.)
 * @param layers in the order in which they run
 * @throws LanewiseError INVALID_INPUT for numbers that make no sense, TOO_LARGE for more than can be counted
 * @example
 * import { receptiveField } from 'lanewise/analysis';
 *
 * receptiveField([{ kernel: 3 }, { kernel: 2, stride: 2 }, { kernel: 3 }]); // { size: 8, stride: 2, offset: 0 }
 */
export function receptiveField(layers: readonly ReceptiveWindow[]): { size: number; stride: number; offset: number } {
  if (!Array.isArray(layers)) throw invalidInput(`receptiveField takes a list of layers, got ${shown(layers)}`);
  let view = sameView;
  for (const layer of layers as readonly ReceptiveWindow[]) {
    checkOptions('a layer', isOptions(layer) ? {} : layer, {});
    // Layers may have further properties.
    checkSpelling('a layer', layer, convNames);
    const { kernel, stride, dilation, begin } = windowOf(layer);
    view = through(windowView((kernel - 1) * dilation + 1, stride, 0 - begin), view) ?? view;
  }
  const field = extentOf(view) ?? { size: 1, stride: 1, offset: 0 };
  for (const value of Object.values(field)) counted(value);
  return field;
}

/** 'same' at stride 1 is the same whatever the input. */
function windowOf(layer: ReceptiveWindow): Axis {
  const { padding, stride = 1, dilation = 1 } = layer;
  if (padding === 'same' && stride !== 1) throw invalidInput("'same' padding depends on the input at strides over 1: give numbers");
  const extent = (whole('kernel', layer.kernel, 1) - 1) * whole('dilation', dilation, 1) + 1;
  const axis = axisOf({ ...layer, input: Math.min(extent, LIMIT - 1) });
  return slide(axis, { autoPad: axis.autoPad, ceilMode: false }, invalidInput);
}
