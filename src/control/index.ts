// Control flow and lists, a chunk of its own for models that have them.

import { addOperators } from '../ops/index.ts';
import { controlOperators } from './operators.ts';

export { Stages } from './stages.ts';

/** Makes If, Loop, Scan and the operators on sequences and optionals known. */
export const addControl = (): void => addOperators(controlOperators);
