// The rules of operators that few networks have: a chunk of its own, which is fetched if a network has one.

import type { Rules } from '../rule.ts';
import { rareArithmeticRules } from './arithmetic.ts';
import { convTransposeRule } from './convTranspose.ts';
import { rareElementwiseRules } from './elementwise.ts';
import { lrnRule } from './lrn.ts';
import { matMulRule } from './matMul.ts';
import { rareMoveRules } from './move.ts';
import { normalizationRules } from './normalizations.ts';
import { reduceRules } from './reduce.ts';
import { resampleRules } from './resample.ts';
import { softmaxRules } from './softmax.ts';

/** By ONNX's op_type. */
export const rareRules: Rules = {
  ...rareArithmeticRules,
  ...rareElementwiseRules,
  ...rareMoveRules,
  ...normalizationRules,
  ...reduceRules,
  ...resampleRules,
  ...softmaxRules,
  ConvTranspose: convTransposeRule,
  LRN: lrnRule,
  MatMul: matMulRule,
};
