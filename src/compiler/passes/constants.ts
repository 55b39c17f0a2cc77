import type { Constant } from '../../graph/graph.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { constantValue } from '../../ops/shapes.ts';

/** The number in a constant of one element. */
export function numberOf(value: Value | undefined): number | undefined {
  if (!value?.constant || value.dims.some((dim) => dim !== 1)) return undefined;
  return Number(value.constant.read()[0]);
}

/** Whether two numbers are as close as float32 can express. */
export const isAbout = (x: number | undefined, expected: number): boolean =>
  x !== undefined && Math.abs(x - expected) <= 1e-6 * Math.max(1, Math.abs(expected));

/** A function that fills arrays with elements of a constant: part by part from a file, or from the whole constant, read once. */
export function filler(constant: Constant): (target: TypedArray, from: number) => void {
  if (constant.fill) return (target, from) => constant.fill?.(target, from);
  let all: TypedArray | undefined;
  return (target, from) => {
    all ??= constant.read();
    target.set(all.subarray(from, from + target.length) as never);
  };
}

/**
 * A float32 constant that is computed from others when it is read.
 * @param name a name that no other value has, because weights are distinguished by their names
 * @param from the other constants: it is the same for every shape of the inputs if they all are
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
