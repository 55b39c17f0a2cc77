// onnxruntime's own spellings of what is here, a chunk of its own for files that its optimiser has written.

import { otherOperators } from '../ops/index.ts';
import { contribOperators } from './operators.ts';

/** Makes the operators of the domain com.microsoft known. */
export function addContrib(): void {
  for (const operator of contribOperators) otherOperators.set(operator.name, operator);
}
