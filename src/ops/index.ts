import { add, div, max, min, mul, sub, sum } from './elementwise/binary.ts';
import { cast } from './elementwise/cast.ts';
import { clip, relu } from './elementwise/relu.ts';
import { unaries } from './elementwise/unary.ts';
import { gemm } from './gemm/gemm.ts';
import { matMul } from './gemm/matmul.ts';
import { concat } from './move/concat.ts';
import { gather } from './move/gather.ts';
import { pad } from './move/pad.ts';
import { slice } from './move/slice.ts';
import { split } from './move/split.ts';
import { transpose } from './move/transpose.ts';
import { batchNormalization } from './norm/batchNormalization.ts';
import { lrn } from './norm/lrn.ts';
import { logSoftmax, softmax } from './norm/softmax.ts';
import type { Operator } from './operator.ts';
import { reduceMean } from './reduce/reduce.ts';
import { resize } from './resample/resize.ts';
import { constant, constantOfShape, shape, size } from './shape/constants.ts';
import { dropout, identity } from './shape/identity.ts';
import { flatten, reshape, squeeze, unsqueeze } from './shape/reshape.ts';
import { conv } from './window/conv.ts';
import { convTranspose } from './window/convTranspose.ts';
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './window/pool.ts';

const list: readonly Operator[] = [
  add,
  averagePool,
  batchNormalization,
  cast,
  clip,
  concat,
  constant,
  constantOfShape,
  conv,
  convTranspose,
  div,
  dropout,
  flatten,
  gather,
  gemm,
  globalAveragePool,
  globalMaxPool,
  identity,
  logSoftmax,
  lrn,
  matMul,
  max,
  maxPool,
  min,
  mul,
  pad,
  reduceMean,
  relu,
  reshape,
  resize,
  shape,
  size,
  slice,
  softmax,
  split,
  squeeze,
  sub,
  sum,
  transpose,
  ...unaries,
  unsqueeze,
];

/** ONNX's newest opset whose definitions are known, from ONNX 1.23. */
export const NEWEST_OPSET = 28;

/**
 * ONNX's operators by op_type: those of most CNNs at first, and all (`more/index.ts`) once a network needs one of the
 * others.
 */
export const operators: Map<string, Operator> = new Map(list.map((operator) => [operator.name, operator]));

/**
 * Operators that stand for others or run programs of their own, added once a model has had one, by domain and op_type:
 * src/control, src/contrib.
 */
export const otherOperators = new Map<string, Operator>();
