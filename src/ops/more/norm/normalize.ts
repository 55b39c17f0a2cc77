// Normalisation by statistics of the input itself, composed of reductions and element-wise instructions.

import { BinaryKind, ReduceKind, UnaryKind } from '../../../../assembly/opcodes.ts';
import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import { emitBinary, emitReduce, emitUnary, type Operand } from '../../emit.ts';
import type { Lowering } from '../../operator.ts';
import { stridesOf } from '../../strides.ts';

/** A tensor like `x` in scratch space, without gaps. */
const scratchLike = (lowering: Lowering, x: Operand, axes: readonly number[] = []): Operand => {
  const dims = x.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return { dims, pointer: lowering.scratch(product(dims)), strides: stridesOf('rowMajor', dims, 4) };
};

interface NormalizeOperands {
  readonly scale?: Operand | undefined;
  readonly bias?: Operand | undefined;
  /** Where to put the mean and 1 / sqrt(variance + epsilon), if they are wanted. */
  readonly mean?: Operand | undefined;
  readonly inverse?: Operand | undefined;
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) * scale + bias, mean and variance (of the whole set, not an estimate) over
 * `axes`.
 */
export function emitNormalize(
  lowering: Lowering,
  y: Operand,
  x: Operand,
  axes: readonly number[],
  epsilon: number,
  affine: NormalizeOperands = {},
): void {
  const count = product(axes.map((axis) => at(x.dims, axis)));
  const mean = affine.mean ?? scratchLike(lowering, x, axes);
  const inverse = affine.inverse ?? scratchLike(lowering, x, axes);
  emitReduce(lowering, ReduceKind.Sum, mean, x, axes, 1 / count);
  emitBinary(lowering, BinaryKind.Sub, y, x, mean);
  // Subtracts the rounding error of the mean, which is large if the mean is large beside the deviation (`inverse` is free
  // until then).
  emitReduce(lowering, ReduceKind.Sum, inverse, y, axes, 1 / count);
  emitBinary(lowering, BinaryKind.Sub, y, y, inverse);
  emitReduce(lowering, ReduceKind.SumSquare, inverse, y, axes, 1 / count);
  emitUnary(lowering, UnaryKind.Scale, inverse, inverse, 1, epsilon);
  emitUnary(lowering, UnaryKind.Sqrt, inverse, inverse);
  emitUnary(lowering, UnaryKind.Reciprocal, inverse, inverse);
  emitBinary(lowering, BinaryKind.Mul, y, y, inverse);
  if (affine.scale) emitBinary(lowering, BinaryKind.Mul, y, y, affine.scale);
  if (affine.bias) emitBinary(lowering, BinaryKind.Add, y, y, affine.bias);
}

/** [C] in a shape that broadcasts to [N, C, ...]. */
export const perChannel = (vector: Operand, rank: number): Operand => ({
  ...vector,
  dims: [at(vector.dims, 0), ...new Array<number>(rank - 2).fill(1)],
  strides: [4, ...new Array<number>(rank - 2).fill(0)],
});
