import type { Value } from '../../graph/value.ts';
import type { Operator } from '../../ops/operator.ts';
import { type CrossEntropyAttributes, crossEntropyGradient, crossEntropyLoss } from '../ops/crossEntropy.ts';
import { type ElementLossAttributes, elementLoss, elementLossGradient } from '../ops/elementLoss.ts';
import type { Rule } from './rule.ts';

const crossEntropyRule: Rule<CrossEntropyAttributes> = ({ inputs, outputs, attributes }, [gradient], tape) =>
  gradient ? [tape.add(crossEntropyGradient, [...inputs, outputs[2] as Value, gradient], attributes)] : [];

const elementRule: Rule<ElementLossAttributes> = ({ inputs, attributes }, [gradient], tape) =>
  gradient ? [tape.add(elementLossGradient, [...inputs, gradient], attributes)] : [];

/** Of the losses' operators. */
export const lossRules: readonly (readonly [Operator, Rule])[] = [
  [crossEntropyLoss as Operator, crossEntropyRule as Rule],
  [elementLoss as Operator, elementRule as Rule],
];
