import { product } from '../../../graph/dims.ts';
import type { Value } from '../../../graph/value.ts';
import { matMul } from '../../../ops/gemm/matmul.ts';
import { transpose } from '../../../ops/move/transpose.ts';
import { input } from '../../../ops/shapes.ts';
import type { Tape } from '../../tape.ts';
import { times } from '../matrix.ts';
import type { Rule } from '../rule.ts';
import { reshaped, unbroadcast } from '../shaping.ts';

/** The last two axes exchanged. */
function turned(tape: Tape, matrices: Value): Value {
  const rank = matrices.dims.length;
  const perm = matrices.dims.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  return tape.add(transpose, [matrices], { perm });
}

/** As Gemm's, matrix by matrix, summed over the leading axes that were broadcast. */
export const matMulRule: Rule = (node, [dy], tape) => {
  const [a, b] = [input(node, 0), input(node, 1)];
  // A vector is a row on the left, a column on the right.
  const [aDims, bDims] = [a.dims.length === 1 ? [1, ...a.dims] : a.dims, b.dims.length === 1 ? [...b.dims, 1] : b.dims];
  const [rows = 1, depth = 1] = aDims.slice(-2);
  const columns = bDims.at(-1) ?? 1;
  const batch = (dy as Value).dims.slice(0, Math.max(aDims.length, bDims.length) - 2);
  if (product(bDims) === depth * columns) {
    // One matrix on the right: all rows of the left are one matrix, and the sum over them is the product's own.
    const count = product(batch) * rows;
    const [x, w] = [reshaped(tape, a, [count, depth]), reshaped(tape, b, [depth, columns])];
    const y = reshaped(tape, dy as Value, [count, columns]);
    return [
      tape.wants(a) ? reshaped(tape, times(tape, y, w, false, true), a.dims) : undefined,
      tape.wants(b) ? reshaped(tape, times(tape, x, y, true, false), b.dims) : undefined,
    ];
  }
  const y = reshaped(tape, dy as Value, [...batch, rows, columns]);
  const part = (left: Value, right: Value, dims: readonly number[], of: Value) =>
    reshaped(tape, unbroadcast(tape, tape.add(matMul, [left, right], {}), dims), of.dims);
  return [
    tape.wants(a) ? part(y, turned(tape, reshaped(tape, b, bDims)), aDims, a) : undefined,
    tape.wants(b) ? part(turned(tape, reshaped(tape, a, aDims)), y, bDims, b) : undefined,
  ];
};
