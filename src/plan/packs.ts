// Kernels come in packs: the *core* is what a float32 CNN runs, *more* what few networks need. A binary has the core alone,
// or both.

import { BinaryArg, BinaryKind, GridMode, GridSampleArg, Op, ReduceArg, ReduceKind, UnaryArg, UnaryKind } from '../../assembly/opcodes.ts';
import { isHost, type Step } from './plan.ts';

export type Pack = 'core' | 'more';

/** Instructions of the pack *more*: those of this kind or a later one. */
const more: Partial<Record<Op, readonly [word: number, first: number]>> = {
  [Op.Unary]: [UnaryArg.Kind, UnaryKind.Elu],
  [Op.Binary]: [BinaryArg.Kind, BinaryKind.Pow],
  [Op.Reduce]: [ReduceArg.Kind, ReduceKind.SumAbs],
  [Op.GridSample]: [GridSampleArg.Mode, GridMode.Nearest],
};

/** The pack of an instruction with that kind. */
export const packOfKind = (op: Op, kind: number): Pack => (kind >= (more[op]?.[1] ?? Number.POSITIVE_INFINITY) ? 'more' : 'core');

/** The pack that a program needs. */
export const packOf = (steps: readonly Step[]): Pack =>
  steps.some((step) => !isHost(step) && packOfKind(step.op, Number(step.args[more[step.op]?.[0] as number])) === 'more') ? 'more' : 'core';
