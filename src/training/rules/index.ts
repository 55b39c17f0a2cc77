// One gradient rule per operator, by family.

import { operators } from '../../ops/index.ts';
import type { Operator } from '../../ops/operator.ts';
import { elementwiseRules } from './elementwise.ts';
import { matrixRules } from './matrix.ts';
import { moveRules } from './move.ts';
import { reduceRules } from './reduce.ts';
import { resampleRules } from './resample.ts';
import type { Rule, Rules } from './rule.ts';

/** By ONNX's op_type. */
export const rules: Rules = { ...elementwiseRules, ...matrixRules, ...moveRules, ...reduceRules, ...resampleRules };

/** Operators that layers write and that need no rule: why. */
export const withoutGradient: Readonly<Record<string, string>> = {
  Constant: 'it has no input',
};

/** Operators of `lanewise.training` that have a rule. */
const own = new Map<Operator, Rule>([]);

/** The rule of an operator; a user's operator of ONNX's name does not have ONNX's rule. */
export function ruleOf(op: Operator): Rule | undefined {
  const operator = op.original ?? op;
  return own.get(operator) ?? (operators.get(operator.name) === operator ? rules[operator.name] : undefined);
}
