// One gradient rule per operator, by family.

import { operators } from '../../ops/index.ts';
import type { Operator } from '../../ops/operator.ts';
import { batchNormTraining } from '../ops/batchNorm.ts';
import { arithmeticRules } from './arithmetic.ts';
import { convRules } from './conv.ts';
import { dropoutRules } from './dropout.ts';
import { elementwiseRules } from './elementwise.ts';
import { lossRules } from './losses.ts';
import { matrixRules } from './matrix.ts';
import { moveRules } from './move.ts';
import { batchNormRule, normRules } from './norm.ts';
import { normalizationRules } from './normalizations.ts';
import { poolRules } from './pool.ts';
import { reduceRules } from './reduce.ts';
import { resampleRules } from './resample.ts';
import type { Rule, Rules } from './rule.ts';
import { softmaxRules } from './softmax.ts';

/** By ONNX's op_type. */
export const rules: Rules = {
  ...arithmeticRules,
  ...convRules,
  ...elementwiseRules,
  ...matrixRules,
  ...moveRules,
  ...normRules,
  ...normalizationRules,
  ...poolRules,
  ...reduceRules,
  ...resampleRules,
  ...softmaxRules,
};

/** Operators that layers write and that need no rule: why. */
export const withoutGradient: Readonly<Record<string, string>> = {
  Constant: 'it has no input',
};

/** Operators of `lanewise.training` that have a rule. */
const own = new Map<Operator, Rule>([[batchNormTraining as Operator, batchNormRule as Rule], ...dropoutRules, ...lossRules]);

/** The rule of an operator; a user's operator of ONNX's name does not have ONNX's rule. */
export function ruleOf(op: Operator): Rule | undefined {
  const operator = op.original ?? op;
  return own.get(operator) ?? (operators.get(operator.name) === operator ? rules[operator.name] : undefined);
}
