import { flagCheck, type OptionChecks } from '../arguments.ts';
import { type LoadOptions, loadChecks } from '../load.ts';
import { runtimeChecks } from '../runtime/options.ts';
import type { Source } from '../source.ts';
import { isRate } from './fit.ts';
import type { Loss } from './loss.ts';
import type { Optimizer } from './optimizer.ts';

/** How a network is trained. */
export interface TrainerOptions
  extends Pick<
    LoadOptions,
    'threads' | 'worker' | 'wasm' | 'inputShapes' | 'winograd' | 'memoryLimit' | 'externalData' | 'operators' | 'signal' | 'onProgress'
  > {
  /** What is made small: `crossEntropy()`, `meanSquaredError()` and others. */
  readonly loss: Loss;
  /** How weights follow their gradients: `sgd()`, `adamw()`. */
  readonly optimizer: Optimizer;
  /** The learning rate of `step`; `fit` has a schedule. Default 0.01. */
  readonly rate?: number;
  /** Examples per batch, for which memory is prepared; other batches are taken, too. Default 32. */
  readonly batch?: number;
  /** The output that the loss looks at. Default: the first. */
  readonly output?: string;
  /** The seed of dropout, a whole number from 0 on. Default 0. */
  readonly seed?: number;
  /** Beginnings of the names of what learns. Default: everything that `summary` counts as learned. */
  readonly train?: readonly string[];
  /** The largest norm of all gradients together; larger ones are scaled down. Default: any. */
  readonly clip?: number;
  /** The share of the old in moving averages of the weights, by which `evaluate`, `model` and `toONNX` go then. Default: none are kept. */
  readonly average?: number;
  /** Batches whose gradients are gathered for one update. Default 1. */
  readonly accumulate?: number;
  /** Whether the backward pass computes activations again instead of keeping them: less memory, about a third more time. Default false. */
  readonly checkpoint?: boolean;
  /** A file that `save` wrote, to go on from there. */
  readonly resume?: Source;
}

/**
 * The learning rate where none is said.
 * @internal
 */
export const RATE = 0.01;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
const has = (value: unknown, ...methods: string[]): boolean =>
  methods.every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function');
const isTexts = (value: unknown): boolean => Array.isArray(value) && Array.from(value).every((text) => typeof text === 'string');

const { relaxed: _, ...shared } = runtimeChecks;
/** @internal */
export const trainerChecks: OptionChecks<TrainerOptions> = {
  ...shared,
  inputShapes: loadChecks.inputShapes,
  winograd: loadChecks.winograd,
  memoryLimit: loadChecks.memoryLimit,
  externalData: loadChecks.externalData,
  operators: loadChecks.operators,
  loss: ['crossEntropy() or another loss', (value) => has(value, 'check', 'write')],
  optimizer: ['sgd() or another optimizer', (value) => has(value, 'numbers', 'update') && isTexts((value as Optimizer).slots)],
  rate: ['a number from 0 on', isRate],
  batch: ['a whole number from 1 on', isCount],
  output: ["an output's name", (value) => typeof value === 'string'],
  seed: ['a whole number from 0 on', (value) => value === 0 || isCount(value)],
  train: ['a list of the beginnings of names', isTexts],
  clip: ['a number over 0', (value) => typeof value === 'number' && value > 0],
  average: ['a number from 0 to below 1', (value) => typeof value === 'number' && value >= 0 && value < 1],
  accumulate: ['a whole number from 1 on', isCount],
  checkpoint: flagCheck,
  resume: ['a file that save() wrote', (value) => value !== null],
};

/**
 * Activations are kept for the backward pass, so that more memory is no mistake; WebAssembly has no more.
 * @internal
 */
export const MEMORY_LIMIT = 2 ** 32;
