// A run of a model: programs, one after the other.

import type { Tensor, TypedArray } from '../graph/tensor.ts';
import type { Plan } from '../plan/plan.ts';

/** The value of a name while a model runs: a tensor, a sequence of tensors, or an empty optional. */
export type Held = Tensor | readonly Tensor[] | null;

/**
 * A program to run, and its inputs, in the order of the plan's. The outputs are passed back likewise.
 * @internal
 */
export interface Request {
  readonly plan: Plan;
  readonly feeds: readonly Tensor[];
  /** Tensors to fill, in the order of the plan's outputs. */
  readonly into?: readonly (Tensor | undefined)[] | undefined;
}

/**
 * A run, program by program.
 * @internal
 */
export type Running<T> = Generator<Request, T, readonly TypedArray[]>;

/** Plans kept for input shapes seen before. */
const MOST_PLANS = 8;

/**
 * The value for a key, made now if it does not exist. The newest is last; the oldest is dropped.
 * @internal
 */
export function recent<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const value = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > MOST_PLANS && oldest !== undefined) kept.delete(oldest);
  return value;
}
