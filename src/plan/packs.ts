// Kernels come in packs: the *core* is what a float32 CNN runs, *more* what few networks need. A binary has the core alone,
// or both. *Training* comes with both.

import { BinaryArg, BinaryKind, GridMode, GridSampleArg, Op, ReduceArg, ReduceKind, UnaryArg, UnaryKind } from '../../assembly/opcodes.ts';
import { added } from './instructions.ts';
import { type Instruction, isHost, type Step } from './plan.ts';

export type Pack = 'core' | 'more' | 'training';

/** Instructions of the pack *more*: those of this kind or a later one. */
const more: Partial<Record<number, readonly [word: number, first: number, last: number]>> = {
  [Op.Unary]: [UnaryArg.Kind, UnaryKind.Elu, UnaryKind.Cos],
  [Op.Binary]: [BinaryArg.Kind, BinaryKind.Pow, BinaryKind.Mod],
  [Op.Reduce]: [ReduceArg.Kind, ReduceKind.SumAbs, ReduceKind.Prod],
  [Op.GridSample]: [GridSampleArg.Mode, GridMode.Nearest, GridMode.Cubic],
};

/** The pack of an instruction with that kind. */
export const packOfKind = (op: number, kind: number): Pack => (kind >= (more[op]?.[1] ?? Number.POSITIVE_INFINITY) ? 'more' : 'core');

/** The pack that a program needs. */
export const packOf = (steps: readonly Step[]): Pack =>
  steps.some((step) => !isHost(step) && step.op in added)
    ? 'training'
    : steps.some((step) => !isHost(step) && packOfKind(step.op, Number(step.args[more[step.op]?.[0] as number])) === 'more')
      ? 'more'
      : 'core';

/** Whether an instruction's kind, if it has one, is one that there is: kernels compute nothing for others. */
export function isKnownKind({ op, args }: Instruction): boolean {
  const [word, , last] = more[op] ?? [];
  return word === undefined || last === undefined || (Number(args[word]) >= 0 && Number(args[word]) <= last);
}
