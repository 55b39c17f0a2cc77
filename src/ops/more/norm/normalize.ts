// Normalisation by statistics of the input itself, composed of reductions and element-wise instructions.

import { BinaryKind, ReduceKind, UnaryKind } from '../../../../assembly/opcodes.ts';
import { product } from '../../../graph/dims.ts';
import { emitBinary, emitReduce, emitUnary, type Operand } from '../../emit.ts';
import type { Lowering } from '../../operator.ts';
import { stridesOf } from '../../strides.ts';

/** A tensor like `x` in scratch space, without gaps. */
const scratchLike = (to: Lowering, x: Operand, axes: readonly number[] = []): Operand => {
  const dims = x.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return { dims, pointer: to.scratch(product(dims) * 4), strides: stridesOf('rowMajor', dims, 4) };
};

interface Affine {
  readonly scale?: Operand | undefined;
  readonly bias?: Operand | undefined;
  /** Where the mean and 1 / sqrt(variance + epsilon) are wanted. */
  readonly mean?: Operand | undefined;
  readonly inverse?: Operand | undefined;
}

/** y = (x - mean) / sqrt(variance + epsilon) * scale + bias, mean and variance (of the whole set, not an estimate) over `axes`. */
export function emitNormalize(to: Lowering, y: Operand, x: Operand, axes: readonly number[], epsilon: number, affine: Affine = {}): void {
  const count = product(axes.map((axis) => x.dims[axis] ?? 1));
  const mean = affine.mean ?? scratchLike(to, x, axes);
  const inverse = affine.inverse ?? scratchLike(to, x, axes);
  emitReduce(to, ReduceKind.Sum, mean, x, axes, 1 / count);
  emitBinary(to, BinaryKind.Sub, y, x, mean);
  // Of what the mean's own rounding leaves, which is much where the mean is large beside the deviation (`inverse` is free until then).
  emitReduce(to, ReduceKind.Sum, inverse, y, axes, 1 / count);
  emitBinary(to, BinaryKind.Sub, y, y, inverse);
  emitReduce(to, ReduceKind.SumSquare, inverse, y, axes, 1 / count);
  emitUnary(to, UnaryKind.Scale, inverse, inverse, 1, epsilon);
  emitUnary(to, UnaryKind.Sqrt, inverse, inverse);
  emitUnary(to, UnaryKind.Reciprocal, inverse, inverse);
  emitBinary(to, BinaryKind.Mul, y, y, inverse);
  if (affine.scale) emitBinary(to, BinaryKind.Mul, y, y, affine.scale);
  if (affine.bias) emitBinary(to, BinaryKind.Add, y, y, affine.bias);
}

/** [C] as it broadcasts to [N, C, ...]. */
export const perChannel = (vector: Operand, rank: number): Operand => ({
  ...vector,
  dims: [vector.dims[0] ?? 1, ...new Array<number>(rank - 2).fill(1)],
  strides: [4, ...new Array<number>(rank - 2).fill(0)],
});
