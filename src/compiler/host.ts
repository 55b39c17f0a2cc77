import { rowMajor } from '../ops/layouts.ts';
import type { Operator } from '../ops/operator.ts';

/** The operator run by its `evaluate`, row-major, even if it has kernels. */
export const hosted = (op: Operator): Operator => ({
  ...op,
  original: op,
  slices: false,
  clamps: false,
  layout: rowMajor,
  lower: (node, lowering) => lowering.evaluate(node),
});
