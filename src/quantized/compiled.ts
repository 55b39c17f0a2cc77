// What compiled models of integers need: a chunk that their reader fetches.

import { addAccesses } from './accesses.ts';
import { addInstructions } from './instructions.ts';
import { addPack } from './pack.ts';

/** Adds binaries, instructions and what these access. */
export function addCompiled(): void {
  addPack();
  addInstructions();
  addAccesses();
}
