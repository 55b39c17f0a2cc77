import type { Value } from '../graph/value.ts';
import type { Tape } from './tape.ts';

/**
 * A learned tensor and what its update reads. All but the gradient are states, which the update writes in place.
 * @internal
 */
export interface Learned {
  readonly weight: Value;
  readonly gradient: Value;
  /** In the order of the optimizer's `slots`; of the weight's shape, 0 at first. */
  readonly slots: readonly Value[];
  /** Whether weight decay applies: not to biases and norms unless asked. */
  readonly decays: boolean;
}

/** How weights follow their gradients: `sgd()` and `adamw()` give one. */
export interface Optimizer {
  /** Its name, for errors. */
  readonly name: string;
  /** Names of the tensors that it keeps for each learned one. */
  readonly slots: readonly string[];
  /**
   * Whether biases and the scales of norms decay, too.
   * @internal
   */
  readonly decaysAll: boolean;
  /**
   * How many numbers the update reads in a step.
   * @internal
   */
  readonly size: number;
  /**
   * The numbers that the update reads in a step, float32 [size]: the learning rate first. Everything that depends on the step is
   * computed here, by functions that every engine rounds alike.
   * @param step from 1 on
   * @internal
   */
  numbers(rate: number, step: number): readonly number[];
  /**
   * Writes the update.
   * @param factor float32 [1], of all gradients; undefined: 1.
   * @returns the states, under new names
   * @internal
   */
  update(tape: Tape, learned: Learned, numbers: Value, factor: Value | undefined): readonly Value[];
}
