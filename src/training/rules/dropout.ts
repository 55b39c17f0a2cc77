import type { Operator } from '../../ops/operator.ts';
import { input } from '../../ops/shapes.ts';
import { type DropoutTrainingAttributes, dropoutTraining } from '../ops/dropout.ts';
import type { Rule } from './rule.ts';

/** The same operator on the gradient: the mask is computed again. */
const rule: Rule<DropoutTrainingAttributes> = (node, [dy], tape) => [tape.add(dropoutTraining, [dy, input(node, 1)], node.attributes)];

/** Of the operator that drops. */
export const dropoutRules: readonly (readonly [Operator, Rule])[] = [[dropoutTraining as Operator, rule as Rule]];
