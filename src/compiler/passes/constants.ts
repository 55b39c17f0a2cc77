import type { Constant } from '../../graph/graph.ts';
import type { Value } from '../../ops/operator.ts';
import { constantValue } from '../../ops/shapes.ts';

/** The number that a constant of one element holds. */
export function numberOf(value: Value | undefined): number | undefined {
  if (!value?.constant || value.dims.some((dim) => dim !== 1)) return undefined;
  return Number(value.constant.read()[0]);
}

/** Whether a number is as near to another as float32 can say. */
export const isAbout = (x: number | undefined, expected: number): boolean =>
  x !== undefined && Math.abs(x - expected) <= 1e-6 * Math.max(1, Math.abs(expected));

/**
 * A float32 constant made of others, when it is read.
 * @param name what no other value is called: weights are told apart by their names
 * @param from what it is made of: the same for every shape of the inputs where they all are
 */
export function derived(name: string, dims: readonly number[], from: readonly (Value | undefined)[], read: () => Float32Array): Value {
  const constant: Constant = { name, type: 'float32', dims, read };
  return constantValue(
    constant,
    name,
    from.every((value) => !value || value.fixed),
  );
}
