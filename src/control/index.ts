// Control flow and lists, a chunk of its own for models that have them.

import { otherOperators } from '../ops/index.ts';
import { all } from './operators.ts';

export { Stages } from './stages.ts';

/** Registers If, Loop, Scan and the operators on sequences and optionals. */
export function addControl(): void {
  for (const operator of all) otherOperators.set(operator.name, operator);
}
