// One gradient rule per operator, by family.

import { operators } from '../../ops/index.ts';
import type { Operator } from '../../ops/operator.ts';
import { arithmeticRules } from './arithmetic.ts';
import { dropoutRules } from './dropout.ts';
import { elementwiseRules } from './elementwise.ts';
import { lossRules } from './losses.ts';
import type { Rule, Rules } from './rule.ts';
import { softmaxRules } from './softmax.ts';

/** By ONNX's op_type. */
export const rules: Rules = { ...arithmeticRules, ...elementwiseRules, ...softmaxRules };

/** Operators of `lanewise.training` that have a rule. */
const own = new Map<Operator, Rule>([...dropoutRules, ...lossRules]);

/** The rule of an operator; a user's operator of ONNX's name does not have ONNX's rule. */
export function ruleOf(op: Operator): Rule | undefined {
  const operator = op.original ?? op;
  return own.get(operator) ?? (operators.get(operator.name) === operator ? rules[operator.name] : undefined);
}
