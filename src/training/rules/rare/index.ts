// The rules of operators that few networks have: a chunk of its own, which is fetched if a network has one.

import { rules } from '../index.ts';
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

/** Adds them to the others. */
export function addRareRules(): void {
  Object.assign(rules, {
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
  });
}
