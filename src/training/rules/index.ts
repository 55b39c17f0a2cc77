// One gradient rule per operator, by family.

import { type FindOperator, neededPack } from '../../compiler/bind.ts';
import { allNodes, type Graph, type GraphNode } from '../../graph/graph.ts';
import { operators } from '../../ops/index.ts';
import type { Operator } from '../../ops/operator.ts';
import type { Pack } from '../../plan/packs.ts';
import type { Loss } from '../loss.ts';
import { arithmeticRules } from './arithmetic.ts';
import { convRules } from './conv.ts';
import { elementwiseRules } from './elementwise.ts';
import { matrixRules } from './matrix.ts';
import { moveRules } from './move.ts';
import { poolRules } from './pool.ts';
import type { Rule, Ruled, Rules } from './rule.ts';

/** Those of most CNNs, by ONNX's op_type; their kernels are in the pack *training*. */
const usual: Rules = {
  ...arithmeticRules,
  ...convRules,
  ...elementwiseRules,
  ...matrixRules,
  ...moveRules,
  ...poolRules,
};

/** All that are there: once rare/index.ts has added those of rare operators, these, too. */
export const rules: Record<string, Rule> = { ...usual };

/** Operators that need no rule: training has another form of it, or they compute shapes. */
const ruleless: ReadonlySet<string> = new Set(['BatchNormalization', 'Constant', 'ConstantOfShape', 'Shape']);

/**
 * Fetches the rules of rare operators if a graph has one.
 * @returns the pack whose kernels it may need to learn
 */
export async function prepareRules(graph: Graph, find: FindOperator, loss: Loss): Promise<Pack> {
  const isRare = ({ op }: GraphNode) => !Object.hasOwn(usual, op) && !ruleless.has(op);
  if ([...allNodes(graph)].some(isRare)) Object.assign(rules, (await import('./rare/index.ts')).rareRules);
  else if (!loss.rare && neededPack(graph, find) === 'core') return 'training';
  return 'training-more';
}

/** Operators that layers write and that need no rule: why. */
export const withoutGradient: Readonly<Record<string, string>> = {
  Constant: 'it has no input',
};

/** The rule of an operator; a user's operator of ONNX's name does not have ONNX's rule. */
export function ruleOf(op: Operator): Rule | undefined {
  const operator = op.original ?? op;
  return (operator as Partial<Ruled<never>>).rule ?? (operators.get(operator.name) === operator ? rules[operator.name] : undefined);
}
