import type { SoftmaxAttributes } from '../../../ops/norm/softmax.ts';
import { output } from '../../../ops/shapes.ts';
import { softmaxGradient } from '../../ops/softmaxGradient.ts';
import type { Rule, Rules } from '../rule.ts';

const rule =
  (log: boolean): Rule<SoftmaxAttributes> =>
  (node, [dy], tape) => [tape.add(softmaxGradient, [output(node), dy], { ...node.attributes, log })];

export const softmaxRules: Rules = {
  LogSoftmax: rule(true),
  Softmax: rule(false),
};
