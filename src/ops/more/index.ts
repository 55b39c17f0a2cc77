// Operators that few CNNs have: a chunk of their own, which `load` fetches for a network that needs one.

import { training } from '../batchNormalization.ts';
import { operators } from '../index.ts';
import type { Operator } from '../operator.ts';
import { lowerTraining } from './batchStatistics.ts';
import { castLike } from './castLike.ts';
import { comparisons } from './compare.ts';
import { dequantizeLinear } from './dequantizeLinear.ts';
import { functions } from './functions.ts';
import { gatherElements } from './gatherElements.ts';
import { gridSample } from './gridSample.ts';
import { hardmax } from './hardmax.ts';
import { nonZero, range } from './indices.ts';
import { globalLpPool, lpPool } from './lpPool.ts';
import { mean } from './mean.ts';
import { nonMaxSuppression } from './nonMaxSuppression.ts';
import { groupNormalization, instanceNormalization, layerNormalization, meanVarianceNormalization } from './normalizations.ts';
import { mod, pow } from './powers.ts';
import { reductions } from './reductions.ts';
import { argMax, argMin, cumSum, topK } from './select.ts';
import { upsample } from './upsample.ts';

const list: readonly Operator[] = [
  argMax,
  argMin,
  castLike,
  ...comparisons,
  cumSum,
  dequantizeLinear,
  ...functions,
  gatherElements,
  globalLpPool,
  gridSample,
  groupNormalization,
  hardmax,
  instanceNormalization,
  layerNormalization,
  lpPool,
  mean,
  meanVarianceNormalization,
  mod,
  nonMaxSuppression,
  nonZero,
  pow,
  range,
  ...reductions,
  topK,
  upsample,
];

/** Adds them to the others. @returns every ONNX operator that runs, by op_type */
export function addOperators(): ReadonlyMap<string, Operator> {
  for (const operator of list) operators.set(operator.name, operator);
  training.lower = lowerTraining;
  return operators;
}
