// Kernels come in packs: the *core* is what a float32 CNN runs, *more* what few networks need; *training* is what a CNN learns by,
// and *training-more* what few networks learn by. A binary has the core, and with it *more*, *training* or all.

import { BinaryArg, BinaryKind, GridMode, GridSampleArg, Op, ReduceArg, ReduceKind, UnaryArg, UnaryKind } from '../../assembly/opcodes.ts';
import { added } from './instructions.ts';
import { type Instruction, isHost, type Step } from './plan.ts';

export type Pack = 'core' | 'more' | 'quantized' | 'training' | 'training-more';

/** Instructions of the pack *more*: those of this kind or a later one. */
const more: Partial<Record<number, readonly [word: number, first: number, last: number]>> = {
  [Op.Unary]: [UnaryArg.Kind, UnaryKind.Elu, UnaryKind.Cos],
  [Op.Binary]: [BinaryArg.Kind, BinaryKind.Pow, BinaryKind.Mod],
  [Op.Reduce]: [ReduceArg.Kind, ReduceKind.SumAbs, ReduceKind.Prod],
  [Op.GridSample]: [GridSampleArg.Mode, GridMode.Nearest, GridMode.Cubic],
};

/** The pack of an instruction with that kind. */
export const packOfKind = (op: number, kind: number): Pack => (kind >= (more[op]?.[1] ?? Number.POSITIVE_INFINITY) ? 'more' : 'core');

/** Kernels of the core that the binary of *training* does without, because few networks that learn have them. */
const untrained: ReadonlySet<Op> = new Set([Op.Gather, Op.Resample, Op.Lrn, Op.Col2Im, Op.Softmax]);

const isMore = ({ op, args }: Instruction): boolean => {
  const [word, first] = added[op]?.more ?? more[op] ?? [0, Number.POSITIVE_INFINITY];
  return Number(args[word] ?? 0) >= first;
};

/** The pack that a program needs. */
export function packOf(steps: readonly Step[]): Pack {
  const instructions = steps.filter((step) => !isHost(step));
  const rare = instructions.some(isMore);
  if (instructions.some(({ op }) => added[op]?.pack === 'quantized')) return 'quantized';
  if (instructions.some(({ op }) => op in added)) {
    return rare || instructions.some(({ op }) => untrained.has(op)) ? 'training-more' : 'training';
  }
  return rare ? 'more' : 'core';
}

/** Whether an instruction's kind, if it has one, is one that there is: kernels compute nothing for others. */
export function isKnownKind({ op, args }: Instruction): boolean {
  const [word, , last] = more[op] ?? [];
  return word === undefined || last === undefined || (Number(args[word]) >= 0 && Number(args[word]) <= last);
}
