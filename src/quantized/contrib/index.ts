// onnxruntime's own quantized operators (com.microsoft), with kernels or expressed in ONNX's, and operators of this library.

import type { Operator } from '../../ops/operator.ts';
import { qLinearAveragePool, qLinearGlobalAveragePool } from '../ops/averagePool.ts';
import { qLinearAdd, qLinearMul } from '../ops/binary.ts';
import { lookup } from '../ops/lookup.ts';
import { qGemm } from '../ops/qGemm.ts';
import { expanded } from './expanded.ts';

/** Operators of other domains than ONNX's. */
export const others: readonly Operator[] = [
  lookup,
  qGemm,
  qLinearAdd,
  qLinearAveragePool,
  qLinearGlobalAveragePool,
  qLinearMul,
  ...expanded,
];
