import { Op, PackArg } from '../../assembly/opcodes.ts';
import { opcodeWord, wordsOf } from './instructions.ts';
import type { Pointer } from './place.ts';
import { isHost, type Step } from './plan.ts';

/**
 * Bytes of the instructions and the End; at least those of an instruction that packs weights, because that is written in the
 * program's place at load.
 */
export const programBytes = (steps: readonly Step[]): number =>
  4 *
  (Math.max(
    PackArg.Words,
    steps.reduce((sum, step) => sum + (isHost(step) ? 0 : wordsOf(step.op)), 0),
  ) +
    1);

/**
 * Writes instructions with an End after the last. Host steps take no words.
 * @param words where they go: from byte address `base` on
 * @param wide whether the engine has registers for the wide tile
 * @returns the address of each step and of the End
 */
export function writeProgram(
  steps: readonly Step[],
  words: DataView,
  base: number,
  addressOf: (pointer: Pointer) => number,
  wide = false,
): number[] {
  let at = base;
  const starts = steps.map((step) => {
    const start = at;
    const to = start - base;
    if (isHost(step)) return start;
    const { op, args } = step;
    const length = wordsOf(op);
    for (let i = 1; i < length; i++) {
      const word = args[i] ?? 0;
      if (typeof word === 'number') words.setInt32(to + 4 * i, word, true);
      else if ('float' in word) words.setFloat32(to + 4 * i, word.float, true);
      else words.setUint32(to + 4 * i, addressOf(word), true);
    }
    words.setInt32(to, opcodeWord(op, wide), true);
    at += 4 * length;
    return start;
  });
  words.setInt32(at - base, Op.End, true);
  return [...starts, at];
}

/** If a program ends elsewhere, it is damaged. */
export function checkEnd(stopped: number, to: number): void {
  if (stopped !== to) throw new Error(`the program stopped at ${stopped} instead of ${to}: it holds no instruction there`);
}
