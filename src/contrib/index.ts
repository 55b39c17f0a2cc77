// onnxruntime's own operators, expressed in ONNX's: a chunk of its own, for files that its optimiser has written.

import { otherOperators } from '../ops/index.ts';
import { contribOperators } from './operators.ts';

/** Registers the operators of the domain com.microsoft. */
export function addContrib(): void {
  for (const operator of contribOperators) otherOperators.set(operator.name, operator);
}
