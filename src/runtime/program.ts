import { instructionWords, Op, PackArg } from '../../assembly/opcodes.ts';
import type { Pointer } from '../ops/operator.ts';
import type { Instruction } from './plan.ts';

/** Bytes that the instructions and the End take; at least those of one that packs weights, which is written in the program's place at load. */
export const programBytes = (instructions: readonly Instruction[]): number =>
  4 *
  (Math.max(
    PackArg.Words,
    instructions.reduce((sum, { op }) => sum + instructionWords(op), 0),
  ) +
    1);

/**
 * Writes instructions from byte address `base` on, with an End after the last.
 * @returns the address of each instruction and of the End
 */
export function writeProgram(
  instructions: readonly Instruction[],
  memory: DataView,
  base: number,
  addressOf: (pointer: Pointer) => number,
): number[] {
  let at = base;
  const starts = instructions.map(({ op, args }) => {
    const start = at;
    for (let i = 1; i < instructionWords(op); i++) {
      const word = args[i] ?? 0;
      if (typeof word === 'number') memory.setInt32(start + 4 * i, word, true);
      else if ('float' in word) memory.setFloat32(start + 4 * i, word.float, true);
      else memory.setUint32(start + 4 * i, addressOf(word), true);
    }
    memory.setInt32(start, op, true);
    at += 4 * instructionWords(op);
    return start;
  });
  memory.setInt32(at, Op.End, true);
  return [...starts, at];
}
