import { checkOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { formatDims } from '../graph/tensor.ts';
import { finite, wholeNumber } from './options.ts';
import { normals, numbersFor, uniforms } from './random.ts';

/** Facts about a parameter, for its initialiser. */
export interface ParameterInfo {
  /** Its name: 'conv1.weight'. */
  readonly name: string;
  /** Its shape. */
  readonly dims: readonly number[];
  /** How many inputs one output sums over. */
  readonly fanIn: number;
  /** How many outputs one input contributes to. */
  readonly fanOut: number;
  /** The network's seed, or the initialiser's own. */
  readonly seed: number;
}

/**
 * Fills a new parameter. The same seed and the same name give the same numbers on every engine, whatever the other layers are.
 * @param data zeros, to be filled
 */
export type Initializer = (data: Float32Array, parameter: ParameterInfo) => void;

/** How a layer's parameter starts: an initialiser, or its elements in row-major order. */
export type Init = Initializer | ArrayLike<number>;

/** The options of initialisers that draw random numbers. */
export interface SeedOptions {
  /** A whole number from 0 on, instead of the network's seed. */
  readonly seed?: number;
}

const onlySeed = { seed: 1 } satisfies OptionNames<SeedOptions>;

/** The options of initialisers that follow from a parameter's fans. */
export interface RandomOptions extends SeedOptions {
  /** A factor for the numbers. Default 1. */
  readonly gain?: number;
}

/**
 * Zeros: the start of biases.
 * @example
 * import { conv2d, zeros } from 'lanewise/layers';
 *
 * const layer = conv2d(16, 3, { bias: zeros });
 */
export const zeros: Initializer = () => {};
/**
 * Ones: the start of batch-norm's scales.
 * @example
 * import { batchNorm, ones } from 'lanewise/layers';
 *
 * const layer = batchNorm({ weight: ones });
 */
export const ones: Initializer = (data) => void data.fill(1);

/**
 * One number everywhere.
 * @param value the number
 * @throws LanewiseError INVALID_INPUT for anything else
 * @example
 * import { constant, dense } from 'lanewise/layers';
 *
 * const layer = dense(10, { bias: constant(0.1) });
 */
export function constant(value: number): Initializer {
  if (typeof value !== 'number') throw new LanewiseError('INVALID_INPUT', `constant takes a number, got ${shown(value)}`);
  return (data) => void data.fill(value);
}

/**
 * Numbers spread evenly from `center - spread` to `center + spread`.
 * @param center the middle
 * @param spread the distance of the ends from it
 * @param options a seed of its own
 * @throws LanewiseError INVALID_INPUT for numbers that are not finite
 * @example
 * import { dense, uniform } from 'lanewise/layers';
 *
 * const layer = dense(10, { weight: uniform(0, 0.05) });
 */
export function uniform(center: number, spread: number, options: SeedOptions = {}): Initializer {
  finite('center', center);
  finite('spread', spread);
  const seed = seedOf('uniform', options, onlySeed);
  return (data, parameter) => {
    const next = uniforms(numbersFor(seed ?? parameter.seed, parameter.name));
    for (let i = 0; i < data.length; i++) data[i] = center + spread * next();
  };
}

/**
 * Numbers of the normal distribution.
 * @param mean its middle
 * @param deviation its standard deviation
 * @param options a seed of its own
 * @throws LanewiseError INVALID_INPUT for numbers that are not finite
 * @example
 * import { conv2d, normal } from 'lanewise/layers';
 *
 * const layer = conv2d(96, 11, { stride: 4, weight: normal(0, 0.01) }); // as AlexNet's paper starts
 */
export function normal(mean: number, deviation: number, options: SeedOptions = {}): Initializer {
  finite('mean', mean);
  finite('deviation', deviation);
  const seed = seedOf('normal', options, onlySeed);
  return (data, parameter) => {
    const next = normals(numbersFor(seed ?? parameter.seed, parameter.name));
    for (let i = 0; i < data.length; i++) data[i] = mean + deviation * next();
  };
}

/** An initialiser whose numbers have a variance that depends on the fans, uniform or normal. */
function scaled(distribution: 'uniform' | 'normal', variance: (parameter: ParameterInfo) => number) {
  return (options: RandomOptions = {}): Initializer => {
    const seed = seedOf('an initialiser', options, { ...onlySeed, gain: 1 } satisfies OptionNames<RandomOptions>);
    const gain = finite('gain', options.gain ?? 1);
    const own = seed === undefined ? {} : { seed };
    return (data, parameter) => {
      const deviation = gain * Math.sqrt(variance(parameter));
      // A uniform distribution from -a to a has a variance of a² / 3.
      const fill = distribution === 'uniform' ? uniform(0, deviation * Math.sqrt(3), own) : normal(0, deviation, own);
      fill(data, parameter);
    };
  };
}

/**
 * Uniform numbers of variance 2 / fan in, for layers that ReLU follows (He et al. 2015, arXiv:1502.01852). The default of
 * layers.
 * @param options a factor, and a seed of its own
 * @throws LanewiseError INVALID_INPUT for a gain or a seed that makes no sense
 * @example
 * import { conv2d, heUniform } from 'lanewise/layers';
 *
 * const layer = conv2d(16, 3, { weight: heUniform({ gain: 0.5 }) });
 */
export const heUniform = scaled('uniform', ({ fanIn }) => 2 / fanIn);
/**
 * Numbers of the normal distribution, of variance 2 / fan in: see `heUniform`.
 * @param options a factor, and a seed of its own
 * @throws LanewiseError INVALID_INPUT for a gain or a seed that makes no sense
 * @example
 * import { conv2d, heNormal } from 'lanewise/layers';
 *
 * const layer = conv2d(16, 3, { weight: heNormal() });
 */
export const heNormal = scaled('normal', ({ fanIn }) => 2 / fanIn);
/**
 * Uniform numbers of variance 2 / (fan in + fan out), for layers that tanh or nothing follows (Glorot and Bengio 2010,
 * "Understanding the difficulty of training deep feedforward neural networks", by the first name "Xavier").
 * @param options a factor, and a seed of its own
 * @throws LanewiseError INVALID_INPUT for a gain or a seed that makes no sense
 * @example
 * import { dense, xavierUniform } from 'lanewise/layers';
 *
 * const layer = dense(10, { weight: xavierUniform() });
 */
export const xavierUniform = scaled('uniform', ({ fanIn, fanOut }) => 2 / (fanIn + fanOut));
/**
 * Numbers of the normal distribution, of variance 2 / (fan in + fan out): see `xavierUniform`.
 * @param options a factor, and a seed of its own
 * @throws LanewiseError INVALID_INPUT for a gain or a seed that makes no sense
 * @example
 * import { dense, xavierNormal } from 'lanewise/layers';
 *
 * const layer = dense(10, { weight: xavierNormal({ seed: 7 }) });
 */
export const xavierNormal = scaled('normal', ({ fanIn, fanOut }) => 2 / (fanIn + fanOut));

function seedOf(what: string, options: SeedOptions, known: OptionNames<SeedOptions> | OptionNames<RandomOptions>): number | undefined {
  checkOptions(what, options, known);
  return options.seed === undefined ? undefined : wholeNumber('seed', options.seed, 0);
}

/**
 * The initialiser for an argument of a layer. @throws LanewiseError INVALID_INPUT for elements that do not fit, or neither
 * kind
 */
export function initializerOf(init: Init, key: string, dims: readonly number[]): Initializer {
  if (typeof init === 'function') return init;
  const isList = typeof init === 'object' && init !== null && typeof init.length === 'number';
  const count = product(dims);
  const fits = isList && init.length === count && (init instanceof Float32Array || Array.from(init).every((x) => typeof x === 'number'));
  if (!fits) {
    const got = isList && init.length !== count ? `${init.length} numbers` : shown(init);
    throw new LanewiseError('INVALID_INPUT', `${key} ${formatDims(dims)} takes an initialiser or ${count} numbers, got ${got}`);
  }
  const values = Float32Array.from(init);
  return (data) => data.set(values);
}
