import { LanewiseError } from '../errors.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import { uniform } from './weights.ts';

export interface ZooOptions {
  /** How many classes the network tells apart; 1000 where left out, 10 for those of CIFAR-10. */
  readonly classes?: number;
  /** From 0 on, 0 where left out. The same seed gives the same weights on every engine. */
  readonly seed?: number;
}

/** Makes a network. */
export type Factory = (options?: ZooOptions) => Graph;

interface ConvOptions {
  readonly kernel?: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
  readonly bias?: boolean;
}

interface PoolOptions {
  readonly kernel: number;
  readonly stride: number;
  readonly padding?: number;
  /** Rounds the output's size up. */
  readonly ceil?: boolean;
}

interface NormOptions {
  readonly epsilon?: number;
  /** About which the weights lie. */
  readonly gain?: number;
}

function wholeNumber(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new LanewiseError('INVALID_INPUT', `${option} takes a whole number from ${least} on, got ${String(value)}`);
}

const both = (x: number): number[] => [x, x];
const four = (x: number): number[] => [x, x, x, x];

/** How far batch-norm's weights and statistics are from those that change nothing, so that a mistake in folding them would show. */
const VARIATION = 0.1;

/** The gain of a residual branch's last batch-norm: what blocks add to their input shall not grow out of bounds over fifty of them. */
export const BRANCH_GAIN = 0.25;

/**
 * The layers of torch.nn over a graph builder, with random weights. A name is that of a PyTorch module: its parameters are called
 * `NAME.weight` and so on, as in a state_dict, and its node is called NAME. What holds no parameters has no name.
 *
 * Weights start as He et al. 2015 (arXiv:1502.01852) suggest, in the uniform form, which needs nothing but a square root.
 */
export class Net {
  readonly #graph: GraphBuilder;
  readonly #seed: number;
  readonly #classes: number;
  #bounds: readonly string[] | undefined;
  readonly input: string;

  /**
   * A network that takes pictures of `size` × `size`, and tells `classes` apart where the options do not say how many.
   * @throws LanewiseError INVALID_INPUT for options that make no sense
   */
  constructor(name: string, options: ZooOptions, { size, classes } = { size: 224, classes: 1000 }) {
    if (typeof options !== 'object' || options === null) throw new LanewiseError('INVALID_INPUT', 'the options are an object, or left out');
    this.#classes = wholeNumber('classes', options.classes ?? classes, 1);
    this.#seed = wholeNumber('seed', options.seed ?? 0, 0);
    this.#graph = new GraphBuilder(name);
    this.input = this.#graph.input('input', ['N', 3, size, size]);
  }

  /** A convolution; its kernel is 1×1 where nothing is said, and its padding keeps the size at stride 1. */
  conv(x: string, name: string, from: number, to: number, options: ConvOptions = {}): string {
    const { kernel = 1, stride = 1, padding = (kernel - 1) / 2, groups = 1, bias = false } = options;
    const inputs = [x, this.#weights(name, [to, from / groups, kernel, kernel])];
    if (bias) inputs.push(this.#vector(`${name}.bias`, to, 0, 0));
    const attributes = { kernel_shape: both(kernel), strides: both(stride), pads: four(padding), dilations: both(1), group: groups };
    return this.#graph.node('Conv', inputs, { name, attributes });
  }

  norm(x: string, name: string, channels: number, { epsilon = 1e-5, gain = 1 }: NormOptions = {}): string {
    const vector = (key: string, center: number) => this.#vector(`${name}.${key}`, channels, VARIATION * (center || 1), center);
    const inputs = [x, vector('weight', gain), vector('bias', 0), vector('running_mean', 0), vector('running_var', 1)];
    return this.#graph.node('BatchNormalization', inputs, { name, floats: { epsilon } });
  }

  linear(x: string, name: string, from: number, to: number): string {
    const inputs = [x, this.#weights(name, [to, from]), this.#vector(`${name}.bias`, to, 0, 0)];
    return this.#graph.node('Gemm', inputs, { name, attributes: { transB: 1 } });
  }

  /** The layer that gives the scores of the classes, and so the graph's output. */
  classifier(x: string, name: string, from: number): Graph {
    return this.scores(this.linear(x, name, from, this.#classes));
  }

  /** The same as a convolution, whose scores still are to be pooled. */
  convClassifier(x: string, name: string, from: number): string {
    return this.conv(x, name, from, this.#classes, { bias: true });
  }

  scores(x: string): Graph {
    this.#graph.output('output', x, ['N', this.#classes]);
    return this.#graph.build();
  }

  relu(x: string): string {
    return this.#graph.node('Relu', [x]);
  }

  /** Bounds are no weights: they stand in nodes, where they do not get into a list of parameters. */
  relu6(x: string): string {
    this.#bounds ??= [0, 6].map((bound) => this.#graph.node('Constant', [], { floats: { value_float: bound } }));
    return this.#graph.node('Clip', [x, ...this.#bounds]);
  }

  add(x: string, y: string): string {
    return this.#graph.node('Add', [x, y]);
  }

  /** Along the channels. */
  concat(parts: readonly string[]): string {
    return this.#graph.node('Concat', parts, { attributes: { axis: 1 } });
  }

  /** Adds channels of zeros, half of them before the others. */
  padChannels(x: string, more: number): string {
    const before = Math.floor(more / 2);
    const pads = this.#graph.node('Constant', [], { attributes: { value_ints: [0, before, 0, 0, 0, more - before, 0, 0] } });
    return this.#graph.node('Pad', [x, pads], { attributes: { mode: 'constant' } });
  }

  maxPool(x: string, { kernel, stride, padding = 0, ceil = false }: PoolOptions): string {
    const attributes = { kernel_shape: both(kernel), strides: both(stride), pads: four(padding), ceil_mode: ceil ? 1 : 0 };
    return this.#graph.node('MaxPool', [x], { attributes });
  }

  averagePool(x: string, { kernel, stride }: PoolOptions): string {
    return this.#graph.node('AveragePool', [x], { attributes: { kernel_shape: both(kernel), strides: both(stride) } });
  }

  /** The average of each channel, as rows. */
  averages(x: string): string {
    return this.flatten(this.#graph.node('GlobalAveragePool', [x]));
  }

  flatten(x: string): string {
    return this.#graph.node('Flatten', [x], { attributes: { axis: 1 } });
  }

  #weights(name: string, dims: readonly number[]): string {
    const fanIn = dims.slice(1).reduce((a, b) => a * b, 1);
    return this.#graph.constant(uniform(this.#seed, `${name}.weight`, dims, Math.sqrt(6 / fanIn)));
  }

  #vector(name: string, length: number, spread: number, center: number): string {
    return this.#graph.constant(uniform(this.#seed, name, [length], spread, center));
  }
}
