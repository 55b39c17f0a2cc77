import { rowMajor } from '../ops/layouts.ts';
import type { Operator } from '../ops/operator.ts';

const wrapped = new WeakMap<Operator, Operator>();

/** The operator run by its `evaluate`, row-major, whatever its kernels can do. */
export function hosted(op: Operator): Operator {
  const known = wrapped.get(op);
  if (known) return known;
  const { slices: _, clamps: __, ...rest } = op;
  const host: Operator = {
    ...rest,
    layout: rowMajor,
    lower: (node, lowering) => lowering.evaluate(node),
  };
  wrapped.set(op, host);
  return host;
}
