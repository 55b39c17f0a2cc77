import type { Node } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { type AveragePoolAttributes, Counting, globalWindow } from '../../ops/window/pool.ts';
import { resolveWindow, type Window, type WindowAttributes } from '../../ops/window/window.ts';
import { averagePoolGradient, maxPoolGradient } from '../ops/poolGradient.ts';
import type { Rule, Rules } from './rule.ts';

const maxRule =
  <A>(windowOf: (node: Node<A>) => Window): Rule<A> =>
  (node, [dy], tape) => {
    const x = input(node, 0);
    return [tape.add(maxPoolGradient, [dy, x, output(node)], { window: windowOf(node), dims: x.dims })];
  };

const averageRule =
  <A>(windowOf: (node: Node<A>) => Window, countingOf: (node: Node<A>) => Counting): Rule<A> =>
  (node, [dy], tape) => [
    tape.add(averagePoolGradient, [dy], { window: windowOf(node), dims: input(node, 0).dims, counting: countingOf(node) }),
  ];

const sliding = (node: Node<WindowAttributes>): Window => resolveWindow(node, input(node, 0).dims);

export const poolRules: Rules = {
  MaxPool: maxRule(sliding),
  GlobalMaxPool: maxRule(globalWindow),
  AveragePool: averageRule<AveragePoolAttributes>(sliding, ({ attributes: { countIncludePad } }) =>
    countIncludePad ? Counting.Padding : Counting.Inside,
  ),
  GlobalAveragePool: averageRule(globalWindow, () => Counting.Inside),
};
