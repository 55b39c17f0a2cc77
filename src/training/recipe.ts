// What the programs of a network that learns have in common.

import type { BindOptions } from '../compiler/bind.ts';
import type { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/value.ts';
import type { Loss } from './loss.ts';
import type { Optimizer } from './optimizer.ts';
import type { recompute as Recompute } from './recompute.ts';
import { type State, zeroState } from './states.ts';

/**
 * What a program does.
 *
 *   step      forward, backward, update
 *   gather    forward, backward; the gradients are added to those gathered before
 *   update    from the gathered gradients
 *   evaluate  forward as in inference, and the loss
 */
export type Kind = 'step' | 'gather' | 'update' | 'evaluate';

/** What the programs of one network share. */
export interface Recipe {
  readonly graph: Graph;
  /** The output that the loss looks at. */
  readonly output: string;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** The largest norm of all gradients together; undefined: any. */
  readonly clip?: number | undefined;
  /** The share of the old in the moving averages of weights; undefined: there are none. */
  readonly average?: number | undefined;
  /** How the backward pass computes activations again, if it does. */
  readonly recompute?: typeof Recompute | undefined;
  /** Whether gradients of several batches are gathered. */
  readonly accumulates?: boolean | undefined;
  readonly states: ReadonlyMap<string, State>;
  /** Whether a state learns: it may be frozen. */
  readonly trains: (name: string) => boolean;
  /** Whether the optimizer keeps something for a state: it learns, or has learned before. */
  readonly keeps: (name: string) => boolean;
  /** How many of the network's updates a state has missed, because it was frozen: optimizers count each one's own. */
  readonly missed: (name: string) => number;
  readonly options: Pick<BindOptions, 'operators' | 'memoryLimit'> & {
    readonly winograd?: boolean | undefined;
    readonly threads?: number | undefined;
  };
}

/** The inputs that a program has beside the network's; callers' names have no such beginning. */
export const RANDOM = 'training:random';
export const SCALE = 'training:scale';
export const LABELS = 'training:labels';
/** The numbers of the optimizer for states that have missed so many updates. */
export const numbersName = (missed: number): string => `training:numbers:${missed}`;

/** The state that an optimizer keeps for a weight, or the trainer: gathered gradients, averages. */
export const slotName = (slot: string, weight: string): string => `training:${slot}:${weight}`;

/** The moving average of a weight; at first the weight itself. */
export const averageOf = ({ name, dims, state }: Value): Value => ({
  ...zeroState(slotName('average', name), dims),
  ...(state && { state }),
});

/** The sum of a weight's gradients over several batches. */
export const gatheredOf = ({ name, dims }: Value): Value => zeroState(slotName('gathered', name), dims);

/** What a program gives beside states. */
export type Result = 'loss' | 'correct' | 'norm';
