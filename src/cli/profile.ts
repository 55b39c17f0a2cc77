import { table } from '../analysis/text.ts';
import { at } from '../graph/at.ts';
import { type Algorithm, algorithmOf } from '../plan/forms.ts';
import type { Step } from '../plan/plan.ts';
import type { Feeds, Model } from '../runtime/model.ts';
import { multiplyAddLimit } from './limit.ts';

interface Work {
  readonly ms: number;
  /** Multiply-adds; for Winograd's algorithm those of the direct convolution. */
  readonly macs: number;
}

/** Milliseconds of an instruction or of several. */
export interface Rate extends Work {
  /** Share of the whole time, from 0 to 1. */
  readonly share: number;
  /** GFLOP/s; 0 if there is nothing to multiply and add. */
  readonly gflops: number;
  /** Share of the machine's limit, from 0 to 1; over 1 if Winograd's algorithm saves enough. */
  readonly limitShare: number;
}

export interface Profile {
  /** The machine's limit: the most GFLOP/s of multiply-adds in 128-bit vectors, measured. */
  readonly limitGflops: number;
  /** A row per instruction: each one's median over the runs. */
  readonly profile: readonly (Algorithm & Rate & { readonly node: string })[];
  /** The time of each kernel in all its instructions, longest first. */
  readonly kernels: readonly (Algorithm & Rate & { readonly count: number })[];
}

/** Times every instruction of a model that has been warmed up. */
export async function profile(model: Model, feeds: Feeds, runs: number): Promise<Profile> {
  const limitGflops = await multiplyAddLimit(model.variant);
  const times = new Map<Step, number[]>();
  for (let i = 0; i < runs; i++) {
    model.timeSteps(feeds, (step, ms) => {
      const list = times.get(step);
      if (list) list.push(ms);
      else times.set(step, [ms]);
    });
  }
  const timed = [...times].map(([step, list]) => ({
    node: step.node,
    ...algorithmOf(step),
    ms: median(list),
    macs: step.macs ?? 0,
  }));
  const whole = sum(timed, 'ms');
  const rate = (rows: readonly Work[]) => rateOf(rows, whole, limitGflops);
  const groups = new Map<string, (typeof timed)[number][]>();
  for (const row of timed) {
    const key = titleOf(row);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return {
    limitGflops,
    profile: timed.map((row) => ({ node: row.node, kernel: row.kernel, form: row.form, ...rate([row]) })),
    kernels: [...groups.values()]
      .map((rows) => ({ kernel: rows[0]?.kernel ?? '', form: rows[0]?.form ?? '', count: rows.length, ...rate(rows) }))
      .sort((a, b) => b.ms - a.ms),
  };
}

const sum = (rows: readonly Work[], key: keyof Work): number => rows.reduce((total, row) => total + row[key], 0);

function rateOf(rows: readonly Work[], whole: number, limit: number): Rate {
  const [ms, macs] = [sum(rows, 'ms'), sum(rows, 'macs')];
  const gflops = ms > 0 ? (2 * macs) / ms / 1e6 : 0;
  return { ms, share: whole > 0 ? ms / whole : 0, macs, gflops, limitShare: gflops / limit };
}

/** The middle of a list, or the mean of the two in the middle. */
export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? at(sorted, half) : (at(sorted, half - 1) + at(sorted, half)) / 2;
}

const titleOf = ({ kernel, form }: Algorithm): string => `${kernel} ${form}`.trim();

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const rateCells = ({ ms, share, macs, gflops, limitShare }: Rate): string[] => [
  ms.toFixed(3),
  percent(share),
  ...(macs > 0 ? [gflops.toFixed(1), percent(limitShare)] : ['', '']),
];

const RATES = ['ms', 'share', 'GFLOP/s', 'of limit'];

/** A profile as two tables: the instructions in order, and the time of each kernel in all. */
export function formatProfile({ limitGflops, profile, kernels }: Profile): string {
  const total = rateOf(kernels, sum(kernels, 'ms'), limitGflops);
  const instructions = profile.map((row) => [row.node, titleOf(row), ...rateCells(row)]);
  const summary = kernels.map((row) => [titleOf(row), `${row.count}`, ...rateCells(row)]);
  const winograd = kernels.some(({ kernel }) => kernel === 'f32_winograd');
  return [
    table(['node', 'kernel', ...RATES], instructions, [2, 3, 4, 5]),
    '',
    table(['kernel', 'count', ...RATES], [...summary, ['total', `${profile.length}`, ...rateCells(total)]], [1, 2, 3, 4, 5]),
    '',
    `limit: ${limitGflops.toFixed(1)} GFLOP/s, multiply-adds of 128-bit vectors on one thread, measured now`,
    ...(kernels.some(({ kernel }) => kernel.startsWith('u8_'))
      ? ['kernels of integers (u8_) may pass it: it is the limit of float32']
      : []),
    ...(winograd ? ["Winograd's algorithm is counted as the direct convolution that it saves, so it may pass the limit"] : []),
  ].join('\n');
}
