import { added, overwrites } from '../plan/instructions.ts';
import { type Buffer, isPointer } from '../plan/place.ts';
import type { Instruction } from '../plan/plan.ts';

/**
 * The buffers that an instruction reads and its kernel may overwrite, each with the output buffer that could take its place:
 * of the same size, every element in the same position.
 */
export function inPlaceOf({ op, args }: Instruction): [input: Buffer, output: Buffer][] {
  const pointers = Object.values(args).filter(isPointer);
  const word = (index: number): number => (args[index] ?? 0) as number;
  const pairs = (added[op]?.overwrites ?? overwrites[op] ?? []).flatMap(
    ([output, input, count, outStrides, inStrides, holds]): [Buffer, Buffer][] => {
      const [from, to] = [args[input], args[output]];
      if (!isPointer(from) || !isPointer(to) || from.offset !== to.offset || from.buffer.bytes !== to.buffer.bytes) return [];
      for (let i = 0; i < count; i++) if (word(inStrides + i) !== word(outStrides + i)) return [];
      return holds?.(word) === false ? [] : [[from.buffer, to.buffer]];
    },
  );
  // Nothing else of that buffer may be read, because it may be overwritten by then.
  return pairs.filter(
    ([input]) => pointers.filter(({ buffer }) => buffer === input).length === pairs.filter(([other]) => other === input).length,
  );
}
