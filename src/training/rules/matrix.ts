import type { Value } from '../../graph/value.ts';
import { type GemmAttributes, gemm } from '../../ops/gemm/gemm.ts';
import { input } from '../../ops/shapes.ts';
import type { Tape } from '../tape.ts';
import type { Rule, Rules } from './rule.ts';
import { scaled, unbroadcast } from './shaping.ts';

/** alpha · A · B of matrices, either transposed. */
export const times = (tape: Tape, a: Value, b: Value, transA: boolean, transB: boolean, alpha = 1): Value =>
  tape.add(gemm, [a, b], { transA, transB, alpha, beta: 1 });

/** Y = alpha · A · B + beta · C: dA = alpha · dY · Bᵀ, dB = alpha · Aᵀ · dY, dC = beta · dY summed to C's shape. */
const gemmRule: Rule<GemmAttributes> = (node, [dy], tape) => {
  const [a, b, c] = [input(node, 0), input(node, 1), node.inputs[2]];
  const { transA, transB, alpha, beta } = node.attributes;
  const y = dy as Value;
  return [
    tape.wants(a) ? (transA ? times(tape, b, y, transB, true, alpha) : times(tape, y, b, false, !transB, alpha)) : undefined,
    tape.wants(b) ? (transB ? times(tape, y, a, true, transA, alpha) : times(tape, a, y, !transA, false, alpha)) : undefined,
    tape.wants(c) ? scaled(tape, unbroadcast(tape, y, c.dims), beta) : undefined,
  ];
};

export const matrixRules: Rules = { Gemm: gemmRule };
