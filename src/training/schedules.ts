import { checkOptions, invalidInput, type OptionChecks, shown } from '../arguments.ts';
import { cos } from '../ops/exact.ts';
import { power } from './power.ts';

/**
 * The learning rate by time, asked before every step. A function of one's own may be anything that gives a finite number from 0
 * on.
 * @param epoch how far training is: finished steps / steps of an epoch. 0 in the first step, `epochs - step` in the last
 * @param epochs how many epochs there will be
 * @param step how far a step leads: 1 / steps of an epoch
 */
export type Schedule = (epoch: number, epochs: number, step: number) => number;

/** Options of every schedule. */
export interface WarmupOptions {
  /**
   * How many epochs the rate takes to rise, from 0 on; need not be whole. Before their end the schedule's rate is multiplied
   * by (epoch + step) / warmup: the first step has a part of the rate and not 0, and the last step of the warm-up, if that is
   * a whole number of steps, the whole. Default 0.
   */
  readonly warmup?: number;
}

/** Options of `steps`. */
export interface StepsOptions extends WarmupOptions {
  /** The epochs before which the rate changes, ascending, above 0. */
  readonly at: readonly number[];
  /** What the rate is multiplied by each time, above 0. Default 0.1. */
  readonly factor?: number;
}

/** Options of `cosine`. */
export interface CosineOptions extends WarmupOptions {
  /** The rate at the end, from 0 to the rate. Default 0. */
  readonly min?: number;
}

const finite = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
const positive = (value: unknown) => finite(value) && value > 0;
const fromZero = ['a finite number from 0 on', finite] as const;
const warmupCheck = { warmup: fromZero } satisfies OptionChecks<WarmupOptions>;

const ascending = (value: unknown) =>
  Array.isArray(value) && value.every((epoch, i) => positive(epoch) && (i === 0 || epoch > (value[i - 1] as number)));

function checkRate(rate: unknown): void {
  if (!finite(rate)) throw invalidInput(`a learning rate is a finite number from 0 on, got ${shown(rate)}`);
}

const warmed =
  (schedule: Schedule, warmup: number): Schedule =>
  (epoch, epochs, step) =>
    schedule(epoch, epochs, step) * (epoch < warmup ? Math.min(1, (epoch + step) / warmup) : 1);

/**
 * The same rate in every step.
 * @param rate a finite number from 0 on
 * @param options warmup
 * @throws LanewiseError INVALID_INPUT for unknown options and numbers that make no sense
 * @example
 * import { constant } from 'lanewise/train';
 *
 * const schedule = constant(0.01, { warmup: 1 });
 */
export function constant(rate: number, options: WarmupOptions = {}): Schedule {
  checkRate(rate);
  checkOptions('constant', options, warmupCheck);
  return warmed(() => rate, options.warmup ?? 0);
}

/**
 * A rate that is multiplied by a factor before some epochs: `at: [80, 120]` of 160 epochs, counted from 0, changes it in the
 * first step of epoch 80, after 80 whole epochs, as torch.optim.lr_scheduler.MultiStepLR does.
 * @param rate the first rate, a finite number from 0 on
 * @param options at, factor, warmup; where a change is within the warm-up, both apply
 * @throws LanewiseError INVALID_INPUT for unknown options and numbers that make no sense
 * @example
 * import { steps } from 'lanewise/train';
 *
 * const schedule = steps(0.1, { at: [82, 123], factor: 0.1 });
 */
export function steps(rate: number, options: StepsOptions): Schedule {
  checkRate(rate);
  checkOptions('steps', options, {
    at: ['ascending epochs above 0', ascending],
    factor: ['a finite number above 0', positive],
    ...warmupCheck,
  } satisfies OptionChecks<StepsOptions>);
  const { factor = 0.1, warmup = 0 } = options;
  if (options.at === undefined) throw invalidInput('steps needs at, the epochs before which the rate changes');
  const at = [...options.at];
  return warmed((epoch) => rate * power(factor, at.filter((change) => change <= epoch).length), warmup);
}

/**
 * Half a cosine from the rate to `min`, without restarts (Loshchilov and Hutter 2016, "SGDR: stochastic gradient descent with warm
 * restarts", arXiv:1608.03983, equation 5), by step and not by epoch. It starts when the warm-up ends, with the whole rate, which
 * the first step has if there is none; the step after the last would have `min`, so the last one has a little more.
 * @param rate the highest rate, a finite number from 0 on
 * @param options min, warmup
 * @throws LanewiseError INVALID_INPUT for unknown options and numbers that make no sense
 * @example
 * import { cosine } from 'lanewise/train';
 *
 * const schedule = cosine(0.1, { warmup: 5 });
 */
export function cosine(rate: number, options: CosineOptions = {}): Schedule {
  checkRate(rate);
  checkOptions('cosine', options, { min: fromZero, ...warmupCheck } satisfies OptionChecks<CosineOptions>);
  const { min = 0, warmup = 0 } = options;
  if (min > rate) throw invalidInput(`cosine ends at min, ${min}, which is above its rate, ${rate}`);
  return warmed((epoch, epochs) => {
    const done = epoch < warmup ? 0 : Math.min(1, (epoch - warmup) / (epochs - warmup));
    return min + ((rate - min) * (1 + cos(Math.PI * done))) / 2;
  }, warmup);
}

/**
 * The rate of a step.
 * @param schedule a rate that stays, or a schedule
 * @param position how many steps are done
 * @param perEpoch how many steps an epoch has
 * @throws LanewiseError INVALID_INPUT if that is no finite number from 0 on
 * @internal
 */
export function rateAt(schedule: number | Schedule, position: number, perEpoch: number, epochs: number): number {
  const rate: unknown = typeof schedule === 'function' ? schedule(position / perEpoch, epochs, 1 / perEpoch) : schedule;
  if (!finite(rate)) throw invalidInput(`the learning rate of step ${position + 1} is no finite number from 0 on, but ${shown(rate)}`);
  return rate;
}
