import { batchNormalization } from './batchNormalization.ts';
import { add, div, max, mean, min, mod, mul, pow, prelu, sub, sum } from './binary.ts';
import { cast } from './cast.ts';
import { comparisons } from './compare.ts';
import { concat } from './concat.ts';
import { constant, constantOfShape, nonZero, range, shape, size } from './constants.ts';
import { conv } from './conv.ts';
import { convTranspose } from './convTranspose.ts';
import { depthToSpace, spaceToDepth } from './depthToSpace.ts';
import { dequantizeLinear } from './dequantizeLinear.ts';
import { expand, tile } from './expand.ts';
import { gather, gatherElements } from './gather.ts';
import { gemm } from './gemm.ts';
import { gridSample } from './gridSample.ts';
import { dropout, identity } from './identity.ts';
import { lrn } from './lrn.ts';
import { matMul } from './matmul.ts';
import { nonMaxSuppression } from './nonMaxSuppression.ts';
import { groupNormalization, instanceNormalization, layerNormalization, meanVarianceNormalization } from './normalize.ts';
import type { Operator } from './operator.ts';
import { pad } from './pad.ts';
import { averagePool, globalAveragePool, globalLpPool, globalMaxPool, lpPool, maxPool } from './pool.ts';
import { reductions } from './reduce.ts';
import { clip, relu } from './relu.ts';
import { flatten, reshape, squeeze, unsqueeze } from './reshape.ts';
import { resize, upsample } from './resize.ts';
import { argMax, argMin, cumSum, topK } from './select.ts';
import { slice } from './slice.ts';
import { hardmax, logSoftmax, softmax } from './softmax.ts';
import { split } from './split.ts';
import { transpose } from './transpose.ts';
import { unaries } from './unary.ts';

const list: readonly Operator[] = [
  add,
  argMax,
  argMin,
  averagePool,
  batchNormalization,
  cast,
  clip,
  ...comparisons,
  concat,
  constant,
  constantOfShape,
  conv,
  convTranspose,
  cumSum,
  dequantizeLinear,
  depthToSpace,
  div,
  dropout,
  expand,
  flatten,
  gather,
  gatherElements,
  gemm,
  globalAveragePool,
  globalLpPool,
  globalMaxPool,
  gridSample,
  groupNormalization,
  hardmax,
  identity,
  instanceNormalization,
  layerNormalization,
  logSoftmax,
  lpPool,
  lrn,
  matMul,
  max,
  maxPool,
  mean,
  meanVarianceNormalization,
  min,
  mod,
  mul,
  nonMaxSuppression,
  nonZero,
  pad,
  pow,
  prelu,
  range,
  ...reductions,
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
  topK,
  transpose,
  ...unaries,
  unsqueeze,
  upsample,
];

const registry = new Map<string, Operator>();

/** Operators of a chunk that is fetched when a model has one of them. */
export function addOperators(list: readonly Operator[]): void {
  for (const operator of list) registry.set(operator.name, operator);
}

addOperators(list);

/** Every ONNX operator that runs, by op_type. */
export const operators: ReadonlyMap<string, Operator> = registry;
