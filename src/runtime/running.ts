// A run of a model: programs, one after the other.

import type { Tensor, TypedArray } from '../graph/tensor.ts';
import type { Plan } from '../plan/plan.ts';

/** What stands for a name while a model runs: a tensor, a sequence of them, or an optional that is empty. */
export type Held = Tensor | readonly Tensor[] | null;

/** A program to run, and what goes in, in the order of the plan's inputs. What comes out is given back likewise. */
export interface Request {
  readonly plan: Plan;
  readonly feeds: readonly Tensor[];
}

/** A run, program by program. */
export type Running<T> = Generator<Request, T, readonly TypedArray[]>;

/** Plans kept for input shapes seen before. */
const MOST_PLANS = 8;

/** What there is for a key, or made for it now. The newest stands last; the oldest goes. */
export function recent<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const value = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > MOST_PLANS && oldest !== undefined) kept.delete(oldest);
  return value;
}
