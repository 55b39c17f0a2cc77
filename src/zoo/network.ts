import { checkOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { batchNorm, conv2d, input, type LayersModel, type ModelOptions, model, type SymbolicTensor, uniform } from '../layers/index.ts';
import { choice, wholeNumber } from '../layers/options.ts';

/** The options of every network of the zoo. */
export interface ZooOptions {
  /** How many classes the network distinguishes. Default 1000, or 10 for those of CIFAR-10. */
  readonly classes?: number;
  /** [channels, height, width] of a picture. Default: the paper's. */
  readonly inputShape?: readonly number[];
  /**
   * The seed of the random weights, a whole number from 0 on. Default 0. The same seed gives the same weights on every
   * engine.
   */
  readonly seed?: number;
}

/** The options of networks that can be made wider. */
export interface WidthOptions extends ZooOptions {
  /** A factor for numbers of channels; the network says which. Default 1. */
  readonly width?: number;
}

/**
 * Makes a network with random weights: convolutions and dense layers start as He et al. 2015 (arXiv:1502.01852) suggest, in
 * the uniform form. Its input is 'input' ['N', ...inputShape], its output 'output' ['N', classes]: scores, not probabilities
 * (`softmax` makes them). Its `loadWeights` takes the files that torchvision publishes; docs/weights.md says which.
 * @throws LanewiseError INVALID_INPUT for options that make no sense, INVALID_MODEL if a window does not fit into a small
 *   picture, TOO_LARGE
 */
export type Factory<O extends ZooOptions = ZooOptions> = (options?: O) => LayersModel<'output'>;

/** The options of CIFAR-10's residual networks. */
export interface ShortcutOptions extends WidthOptions {
  /**
   * The kind of shortcut when the shape changes, by the paper's names: every other pixel and channels of zeros ('A'), or a
   * 1×1 convolution with a batch-norm ('B', `downsample.0` and `downsample.1`). Default 'A'.
   */
  readonly shortcut?: 'A' | 'B';
}

/** The options' default values. */
interface Defaults extends Required<Omit<ZooOptions, 'seed'>> {
  readonly width?: number;
  readonly growth?: number;
  readonly shortcut?: 'A' | 'B';
}

export const imagenet = { classes: 1000, inputShape: [3, 224, 224] } as const;
export const cifar = { classes: 10, inputShape: [3, 32, 32] } as const;

/** The arguments of a network's builder. */
type OptionsOf<D> = { readonly [K in Exclude<keyof D, 'inputShape'>]: K extends 'shortcut' ? 'A' | 'B' : number };

/**
 * A network's factory.
 * @param defaults its options and their default values
 * @param build from pictures to the scores of the classes
 * @param weights what `loadWeights` ignores, and how it converts older names: see `ModelOptions`
 */
export function network<D extends Defaults, O extends ZooOptions = ZooOptions>(
  name: string,
  defaults: D,
  build: (x: SymbolicTensor, options: OptionsOf<D>) => SymbolicTensor,
  weights: Pick<ModelOptions, 'unusedWeights' | 'renameWeights'> = {},
): Factory<O> {
  return (given: O = {} as O) => {
    checkOptions(name, given, { ...defaults, seed: 0 } as unknown as OptionNames<O>);
    const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const options = { seed: 0, ...defaults, ...present };
    wholeNumber('classes', options.classes, 1);
    wholeNumber('seed', options.seed, 0);
    checkShape(options.inputShape);
    if (options.growth !== undefined) wholeNumber('growth', options.growth, 1);
    if (options.width !== undefined) checkWidth(options.width);
    if (options.shortcut !== undefined) choice('shortcut', options.shortcut, ['A', 'B']);
    const x = input(options.inputShape);
    return model(x, build(x, options as OptionsOf<D>), { name, seed: options.seed, ...weights });
  };
}

function checkShape(shape: readonly number[]): void {
  if (Array.isArray(shape) && shape.length === 3 && shape.every((size) => Number.isSafeInteger(size) && size > 0)) return;
  throw new LanewiseError('INVALID_INPUT', `inputShape takes [channels, height, width], whole numbers from 1 on, got ${shown(shape)}`);
}

function checkWidth(width: number): void {
  if (Number.isFinite(width) && width > 0) return;
  throw new LanewiseError('INVALID_INPUT', `width takes a number above 0, got ${shown(width)}`);
}

/** How many channels pictures have. */
export const channels = (x: SymbolicTensor): number => x.dims[1] as number;

/**
 * How far batch-norm's weights and statistics are from those that change nothing, so that a mistake in folding them would be
 * noticed.
 */
const VARIATION = 0.1;

/** The gain of a residual branch's last batch-norm, so that the sums do not grow out of bounds over fifty blocks. */
export const BRANCH_GAIN = 0.25;

/** Batch-norm's options. @param gain the mean of the weights */
export const varied = (gain = 1) => ({
  weight: uniform(gain, VARIATION * gain),
  bias: uniform(0, VARIATION),
  runningMean: uniform(0, VARIATION),
  runningVar: uniform(1, VARIATION),
});

/** Batch-norm. @param gain the mean of the weights */
export const norm = (x: SymbolicTensor, name: string, gain = 1): SymbolicTensor => batchNorm(x, { ...varied(gain), name });

/** A convolution that a batch-norm follows, so without a bias; at stride 1 its padding keeps the size. */
export const conv = (
  x: SymbolicTensor,
  filters: number,
  kernel: number,
  name: string,
  { stride = 1, groups = 1 }: { readonly stride?: number; readonly groups?: number } = {},
): SymbolicTensor => conv2d(x, filters, kernel, { stride, padding: (kernel - 1) / 2, groups, bias: false, name });
