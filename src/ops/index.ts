import { add } from './add.ts';
import { batchNormalization } from './batchNormalization.ts';
import { conv } from './conv.ts';
import { gemm } from './gemm.ts';
import { constant, dropout, identity } from './identity.ts';
import type { Operator } from './operator.ts';
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './pool.ts';
import { relu } from './relu.ts';
import { flatten, reshape } from './reshape.ts';
import { softmax } from './softmax.ts';

/** Every ONNX operator that runs, by op_type. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  [
    add,
    averagePool,
    batchNormalization,
    constant,
    conv,
    dropout,
    flatten,
    gemm,
    globalAveragePool,
    globalMaxPool,
    identity,
    maxPool,
    relu,
    reshape,
    softmax,
  ].map((operator): [string, Operator] => [operator.name, operator]),
);
