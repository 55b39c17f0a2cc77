import type { Value, ValueType } from '../graph/value.ts';
import type { Tape } from './tape.ts';

/**
 * What a loss writes.
 * @internal
 */
export interface LossValues {
  /** A number, dims []: the mean over the batch. */
  readonly loss: Value;
  /** float32, dims []: how many pictures of the batch are right, where that is defined. */
  readonly correct?: Value;
}

/** What a network is to learn, a function of one of its outputs and of what it should be: `crossEntropy()` and others give one. */
export interface Loss {
  /** Its name, for errors. */
  readonly name: string;
  /**
   * Checks that labels fit an output. Labels are int32 (classes) or float32.
   * @throws LanewiseError INVALID_INPUT
   * @internal
   */
  check(output: ValueType, labels: ValueType): void;
  /**
   * Checks the labels themselves, on the host: no kernel reads by them, but a wrong one would be learned from.
   * @param labels row-major
   * @param output the output's type, as for `check`
   * @throws LanewiseError INVALID_INPUT that names the first wrong one
   * @internal
   */
  checkLabels?(labels: ArrayLike<number>, output: ValueType): void;
  /**
   * How many of the labels count, where not all do.
   * @param labels row-major
   * @internal
   */
  counted?(labels: ArrayLike<number>): number;
  /**
   * ONNX's operator that the loss applies itself, so that it should not be the network's last: see `repeated`.
   * @internal
   */
  readonly applies?: string;
  /**
   * Whether its kernels are in the pack *training-more*.
   * @internal
   */
  readonly rare?: boolean;
  /**
   * Writes the loss as nodes with gradient rules.
   * @internal
   */
  write(tape: Tape, output: Value, labels: Value): LossValues;
}
