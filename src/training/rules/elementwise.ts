import { GradientKind } from '../../../assembly/opcodes-training.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { constantClamp } from '../../ops/elementwise/relu.ts';
import { output, unsupported } from '../../ops/shapes.ts';
import { unaryGradient } from '../ops/unaryGradient.ts';
import type { Rule, Rules } from './rule.ts';

/** Passes where the output is between the limits: the output alone tells, so that the input need not be kept. */
const clampRule: Rule<Clamped> = (node, [dy], tape) => {
  const clamp = constantClamp(node);
  if (!clamp) throw unsupported(node, 'limits that a run computes have no gradient');
  const [alpha, beta] = clamp;
  return [tape.add(unaryGradient, [output(node), dy], { kind: GradientKind.Clamp, alpha, beta })];
};

export const elementwiseRules: Rules = {
  Clip: clampRule,
  Relu: clampRule,
};
