import type { Constant } from '../../graph/graph.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { constantValue } from '../../ops/shapes.ts';

/** The number that a constant of one element holds. */
export function numberOf(value: Value | undefined): number | undefined {
  if (!value?.constant || value.dims.some((dim) => dim !== 1)) return undefined;
  return Number(value.constant.read()[0]);
}

/** Whether a number is as near to another as float32 can say. */
export const isAbout = (x: number | undefined, expected: number): boolean =>
  x !== undefined && Math.abs(x - expected) <= 1e-6 * Math.max(1, Math.abs(expected));

/** How to fill arrays with elements of a constant: part after part of a file, or from all of it, read once. */
export function filler(constant: Constant): (target: TypedArray, from: number) => void {
  if (constant.fill) return (target, from) => constant.fill?.(target, from);
  let all: TypedArray | undefined;
  return (target, from) => {
    all ??= constant.read();
    target.set(all.subarray(from, from + target.length) as never);
  };
}

/**
 * A float32 constant made of others, when it is read.
 * @param name what no other value is called: weights are told apart by their names
 * @param from what it is made of: the same for every shape of the inputs where they all are
 */
export function derived(
  name: string,
  dims: readonly number[],
  from: readonly (Value | undefined)[],
  parts: Pick<Constant, 'read' | 'fill'>,
): Value {
  const constant: Constant = { name, type: 'float32', dims, ...parts };
  return constantValue(
    constant,
    name,
    from.every((value) => !value || value.fixed),
  );
}
