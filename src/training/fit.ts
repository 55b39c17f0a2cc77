// Epoch after epoch.

import { checkAborted } from '../abort.ts';
import { checkOptions, invalidInput, type OptionChecks, signalCheck } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import type { AbortSignalLike } from '../platform.ts';
import { type Batches, batchesOf, checkedBatch, type Inputs, isBatches, type Labels, lengthOf } from './batches.ts';
import { countCheck } from './checks.ts';
import { type Counted, type Evaluation, Means, type StepReport } from './report.ts';
import type { Position } from './saved.ts';
import { isRate, rateAt, type Schedule } from './schedules.ts';

/** A step of `fit`, for `onStep`. */
export interface FitStep extends StepReport {
  /** The epoch, from 0 on. */
  readonly epoch: number;
  /** The batch of the epoch, from 0 on. */
  readonly batch: number;
  /** The learning rate. */
  readonly rate: number;
}

/** An epoch of `fit`: means over its examples, each before its own update. After an abort, over those since then; NaN if there are none. */
export interface EpochReport extends Evaluation {
  /** The epoch, from 0 on. */
  readonly epoch: number;
  /** What `evaluate` gave for the option `validation`. */
  readonly validation?: Evaluation;
}

/** How `fit` learns. */
export interface FitOptions {
  /** Epochs in all: a trainer that has done 10 and is asked for 30 goes on for 20. */
  readonly epochs: number;
  /** The learning rate by time, or a constant one: `cosine(0.1)`. Default: the trainer's rate. */
  readonly schedule?: Schedule | number;
  /** Batches per epoch, if batches are neither a list nor say how many they are, and the schedule depends on it. */
  readonly batches?: number;
  /** Batches for `evaluate` after each epoch. */
  readonly validation?: Batches;
  /** Told after each step; awaited. */
  readonly onStep?: (step: FitStep) => unknown;
  /** Told after each epoch; awaited. */
  readonly onEpoch?: (epoch: EpochReport) => unknown;
  /** Ends it before the next step. Another `fit` goes on from there. */
  readonly signal?: AbortSignalLike;
}

const functionCheck = ['a function', (value: unknown) => typeof value === 'function'] as const;
const checks: OptionChecks<FitOptions> = {
  epochs: countCheck,
  schedule: ['a schedule such as cosine(0.1), or a number from 0 on', (value) => typeof value === 'function' || isRate(value)],
  batches: countCheck,
  validation: ['batches', isBatches],
  onStep: functionCheck,
  onEpoch: functionCheck,
  signal: signalCheck,
};

/**
 * The trainer, as `fit` sees it.
 * @internal
 */
export interface Learning {
  readonly rate: number;
  /** A step, and how many examples and labels it had. */
  learn(inputs: Inputs, labels: Labels, rate: number): Promise<readonly [StepReport, Counted]>;
  /** Updates by what is gathered. */
  flush(rate: number): Promise<void>;
  evaluate(batches: Batches): Promise<Evaluation>;
  /** Where a number that is not finite appears first. */
  blame(inputs: Inputs, labels: Labels): Promise<string>;
}

/**
 * Goes through the epochs that are left.
 * @param position the trainer's, which moves along
 * @internal
 */
export async function fitEpochs(trainer: Learning, position: Position, batches: Batches, options: FitOptions): Promise<EpochReport[]> {
  checkOptions('fit', options, checks);
  const { epochs, schedule = trainer.rate, validation, onStep, onEpoch, signal } = options;
  if (epochs === undefined) throw invalidInput('fit needs the option epochs');
  const perEpoch = options.batches ?? lengthOf(batches);
  if (perEpoch === undefined && typeof schedule === 'function') {
    throw invalidInput('the schedule needs to know how many batches an epoch has: give a list, or say it in the option batches');
  }
  const reports: EpochReport[] = [];
  while (position.epoch < epochs) {
    const { epoch } = position;
    const means = new Means();
    let batch = 0;
    let rate = 0;
    for await (const entry of batchesOf(batches, epoch)) {
      rate = rateAt(schedule, epoch * (perEpoch ?? 1) + batch, perEpoch ?? 1, epochs);
      // Those that were done before.
      if (batch++ < position.batch) continue;
      checkAborted(signal);
      const [inputs, labels] = checkedBatch(entry);
      const [report, counted] = await trainer.learn(inputs, labels, rate);
      if (!Number.isFinite(report.loss)) {
        const where = await trainer.blame(inputs, labels);
        throw new LanewiseError(
          'NOT_FINITE',
          `the loss of epoch ${epoch}, batch ${batch - 1} is ${report.loss}: ${where}. The weights are those before this step; a lower learning rate, warm-up or the option clip may help`,
        );
      }
      position.batch = batch;
      means.add(report, counted);
      await onStep?.({ epoch, batch: batch - 1, rate, ...report });
    }
    if (batch === 0) {
      throw invalidInput(`epoch ${epoch} has no batches${epoch > 0 ? '; what can be gone through only once, give as a function' : ''}`);
    }
    if (batch < position.batch) {
      throw invalidInput(`epoch ${epoch} has ${batch} batches, but ${position.batch} of it are done: go on with the batches of before`);
    }
    // What is gathered when an epoch ends is not left to the next one.
    await trainer.flush(rate);
    Object.assign(position, { epoch: epoch + 1, batch: 0 });
    const report: EpochReport = {
      epoch,
      ...means.result,
      ...(validation && { validation: await trainer.evaluate(validation) }),
    };
    reports.push(report);
    await onEpoch?.(report);
  }
  return reports;
}
