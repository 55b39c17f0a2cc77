import { flagCheck, type OptionChecks } from '../arguments.ts';
import { type LoadOptions, loadChecks } from '../load.ts';
import { runtimeChecks } from '../runtime/options.ts';
import type { Calibration } from './ranges.ts';

/** What quantize does at the moment, for a bar of progress. */
export interface QuantizeProgress {
  /** 'calibrate' looks at the ranges, 'correct' at the biases, 'compare' at the errors. */
  readonly stage: 'calibrate' | 'correct' | 'compare';
  /** Batches of the stage that are done. */
  readonly done: number;
  /** All of them, if that is known. */
  readonly total: number | undefined;
}

/** How a network is quantised. */
export interface QuantizeOptions
  extends Pick<LoadOptions, 'threads' | 'worker' | 'inputShapes' | 'memoryLimit' | 'externalData' | 'operators' | 'signal'> {
  /**
   * How the range of each value is found. 'minmax': all that was seen. 'percentile': without the outermost elements. 'mse': where
   * rounding and what is cut off have the least mean squared error together. Default 'mse'.
   */
  readonly calibration?: Calibration;
  /** For 'percentile': how many percent of the elements each end of the range leaves inside, over 50 and up to 100. Default 99.99. */
  readonly percentile?: number;
  /**
   * Bits of the weights: 8, or 7 for engines on which products of 8 bits saturate (onnxruntime on processors without VNNI, integer dots of
   * relaxed SIMD). Default 8.
   */
  readonly bits?: 8 | 7;
  /** Layers that stay in float32: 'first' and 'last' (all that no other layer comes before, or behind), and nodes by name. Default: none. */
  readonly float?: readonly string[];
  /**
   * Only weights, for a smaller file that computes in float32: 'int8' with a scale for each output channel, 'int4' with one for each block
   * of input channels. It needs no data.
   */
  readonly weights?: 'int8' | 'int4';
  /** For 'int4': how many input channels share a scale, from 16 on. Default 32. */
  readonly blockSize?: number;
  /** Whether the mean error of each channel, which rounding of weights makes, is taken off the biases. Default true. */
  readonly biasCorrection?: boolean;
  /** Is told what is done. */
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

const oneOf = (...known: readonly unknown[]) =>
  [
    known.map((value) => (typeof value === 'string' ? `'${value}'` : value)).join(' or '),
    (value: unknown) => known.includes(value),
  ] as const;

/** @internal */
export const quantizeChecks: OptionChecks<QuantizeOptions> = {
  threads: runtimeChecks.threads,
  worker: runtimeChecks.worker,
  signal: runtimeChecks.signal,
  onProgress: runtimeChecks.onProgress,
  inputShapes: loadChecks.inputShapes,
  memoryLimit: loadChecks.memoryLimit,
  externalData: loadChecks.externalData,
  operators: loadChecks.operators,
  calibration: oneOf('minmax', 'percentile', 'mse'),
  percentile: ['a number over 50 and up to 100', (value) => typeof value === 'number' && value > 50 && value <= 100],
  bits: oneOf(8, 7),
  float: [
    "a list of names of nodes, 'first' and 'last'",
    (value) => Array.isArray(value) && Array.from(value).every((name) => typeof name === 'string'),
  ],
  weights: oneOf('int8', 'int4'),
  blockSize: ['a whole number from 16 on', (value) => Number.isSafeInteger(value) && (value as number) >= 16],
  biasCorrection: flagCheck,
};
