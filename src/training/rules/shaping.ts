// What rules write often: other dimensions, sums over broadcast axes, numbers.

import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import { mul } from '../../ops/elementwise/binary.ts';
import { reshape } from '../../ops/shape/reshape.ts';
import { constantValue } from '../../ops/shapes.ts';
import { sum } from '../ops/sum.ts';
import type { Tape } from '../tape.ts';

/** A list of sizes or axes, for operators that read it from an input. */
export const ints = (values: readonly number[]): Value =>
  constantValue({ name: `[${values}]`, type: 'int64', dims: [values.length], read: () => BigInt64Array.from(values, BigInt) });

/** A tensor of one number, by default a scalar. Its name tells it from others, because equal names share memory. */
export const filled = (number: number, dims: readonly number[] = []): Value =>
  constantValue({
    name: `gradient/${number} [${dims}]`,
    type: 'float32',
    dims,
    read: () => new Float32Array(product(dims)).fill(number),
  });

const same = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join();

/** The same elements in other dimensions. */
export const reshaped = (tape: Tape, value: Value, dims: readonly number[]): Value =>
  same(value.dims, dims) ? value : tape.add(reshape, [value, ints(dims)], { allowZero: true });

/** The sum over some axes, which stay with size 1. */
export const summed = (tape: Tape, value: Value, axes: readonly number[]): Value =>
  axes.length === 0 ? value : tape.add(sum, [value], { keepDims: true, axes, noopWithEmptyAxes: false });

/** A value times a number. */
export const scaled = (tape: Tape, value: Value, factor: number): Value =>
  factor === 1 ? value : tape.add(mul, [value, filled(factor)], {});

/** The gradient of what was broadcast: the sum over the axes along which `dims` repeated. */
export function unbroadcast(tape: Tape, gradient: Value, dims: readonly number[]): Value {
  const missing = gradient.dims.length - dims.length;
  const axes = gradient.dims.flatMap((size, axis) => (axis < missing || dims[axis - missing] !== size ? [axis] : []));
  return reshaped(tape, summed(tape, gradient, axes), dims);
}
