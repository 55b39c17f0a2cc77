import { batchNormalization } from './batchNormalization.ts';
import { add, div, max, min, mul, prelu, sub, sum } from './binary.ts';
import { cast } from './cast.ts';
import { concat } from './concat.ts';
import { constant, constantOfShape, shape, size } from './constants.ts';
import { conv } from './conv.ts';
import { convTranspose } from './convTranspose.ts';
import { depthToSpace, spaceToDepth } from './depthToSpace.ts';
import { expand, tile } from './expand.ts';
import { gather } from './gather.ts';
import { gemm } from './gemm.ts';
import { dropout, identity } from './identity.ts';
import { lrn } from './lrn.ts';
import { matMul } from './matmul.ts';
import type { Operator } from './operator.ts';
import { pad } from './pad.ts';
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './pool.ts';
import { reduceMean } from './reduce.ts';
import { clip, relu } from './relu.ts';
import { flatten, reshape, squeeze, unsqueeze } from './reshape.ts';
import { resize } from './resize.ts';
import { slice } from './slice.ts';
import { logSoftmax, softmax } from './softmax.ts';
import { split } from './split.ts';
import { transpose } from './transpose.ts';
import { unaries } from './unary.ts';

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
  depthToSpace,
  div,
  dropout,
  expand,
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
  prelu,
  reduceMean,
  relu,
  reshape,
  resize,
  shape,
  size,
  slice,
  softmax,
  spaceToDepth,
  split,
  squeeze,
  sub,
  sum,
  tile,
  transpose,
  ...unaries,
  unsqueeze,
];

/** ONNX's newest opset whose definitions are known: that of ONNX 1.23. */
export const NEWEST_OPSET = 28;

/** ONNX's operators by op_type: those that most CNNs are made of, and once a network needs one of the others all (`more/index.ts`). */
export const operators: Map<string, Operator> = new Map(list.map((operator) => [operator.name, operator]));

/** Those that stand for others or run programs of their own, once a model has had one, by domain and op_type: src/control, src/contrib. */
export const otherOperators = new Map<string, Operator>();
