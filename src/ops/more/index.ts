// Operators that few CNNs use: a chunk of their own, which `load` fetches for a network that needs one.

import { operators } from '../index.ts';
import { reflection } from '../move/pad.ts';
import { training } from '../norm/batchNormalization.ts';
import type { Operator } from '../operator.ts';
import { resampling } from '../resample/resizeTable.ts';
import { castLike } from './elementwise/castLike.ts';
import { comparisons } from './elementwise/compare.ts';
import { functions } from './elementwise/functions.ts';
import { mean } from './elementwise/mean.ts';
import { mod, pow } from './elementwise/powers.ts';
import { prelu } from './elementwise/prelu.ts';
import { depthToSpace, spaceToDepth } from './move/depthToSpace.ts';
import { expand, tile } from './move/expand.ts';
import { gatherElements } from './move/gatherElements.ts';
import { lowerReflection } from './move/reflection.ts';
import { lowerTraining } from './norm/batchStatistics.ts';
import { groupNormalization, instanceNormalization, layerNormalization, meanVarianceNormalization } from './norm/normalizations.ts';
import { dequantizeLinear } from './quantize/dequantizeLinear.ts';
import { reductions } from './reduce/reductions.ts';
import { gridSample } from './resample/gridSample.ts';
import { rareResampling } from './resample/resizing.ts';
import { upsample } from './resample/upsample.ts';
import { hardmax } from './select/hardmax.ts';
import { nonZero, range } from './select/indices.ts';
import { nonMaxSuppression } from './select/nonMaxSuppression.ts';
import { argMax, argMin, cumSum, topK } from './select/select.ts';
import { globalLpPool, lpPool } from './window/lpPool.ts';

const list: readonly Operator[] = [
  argMax,
  argMin,
  castLike,
  ...comparisons,
  cumSum,
  depthToSpace,
  dequantizeLinear,
  expand,
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
  prelu,
  range,
  ...reductions,
  spaceToDepth,
  tile,
  topK,
  upsample,
];

/** Adds these operators to the others. @returns every ONNX operator that runs, by op_type */
export function addOperators(): ReadonlyMap<string, Operator> {
  // The chunk of integers may have put its own in place of one.
  for (const operator of list) if (!operators.has(operator.name)) operators.set(operator.name, operator);
  training.lower = lowerTraining;
  reflection.lower = lowerReflection;
  Object.assign(resampling, rareResampling);
  return operators;
}
