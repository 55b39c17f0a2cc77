// Functions of one number.

import { GradientKind } from '../../../assembly/opcodes-training.ts';
import type { Value } from '../../graph/value.ts';
import { sub } from '../../ops/elementwise/binary.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { constantClamp } from '../../ops/elementwise/relu.ts';
import type { Attributes, UnaryAttributes } from '../../ops/elementwise/unary.ts';
import type { Node } from '../../ops/operator.ts';
import { input, output, unsupported } from '../../ops/shapes.ts';
import { type UnaryGradientAttributes, unaryGradient } from '../ops/unaryGradient.ts';
import type { Tape } from '../tape.ts';
import type { Rule, Rules } from './rule.ts';

/** Passes where the output is between the limits: the output alone tells, so that the input need not be kept. */
const clampRule: Rule<Clamped> = (node, [dy], tape) => {
  const clamp = constantClamp(node);
  if (clamp) return [tape.add(unaryGradient, [output(node), dy], { kind: GradientKind.Clamp, alpha: clamp[0], beta: clamp[1] })];
  const [, low, high] = node.inputs;
  if (tape.wants(low) || tape.wants(high)) throw unsupported(node, 'its limits cannot learn: freeze what computes them');
  const above = (dy: Value, a: Value, b: Value) =>
    tape.add(unaryGradient, [tape.add(sub, [a, b], {}), dy], { kind: GradientKind.Clamp, alpha: 0, beta: Number.POSITIVE_INFINITY });
  const raised = low ? above(dy as Value, output(node), low) : (dy as Value);
  return [high ? above(raised, high, output(node)) : raised];
};

export type Given = UnaryGradientAttributes & { readonly of?: 'input' };

const derive = (node: Node<never>, dy: Value | undefined, tape: Tape, { of, ...attributes }: Given) => [
  tape.add(unaryGradient, [of ? input(node, 0) : output(node), dy], attributes),
];

/** The derivative is a kind of the kernel: of the output unless it says otherwise, because often the next layer keeps that. */
export const kind =
  (given: GradientKind | Given | ((attributes: Attributes) => Given)): Rule<Attributes> =>
  (node, [dy], tape) =>
    derive(
      node as Node<never>,
      dy,
      tape,
      typeof given === 'object' ? given : typeof given === 'number' ? { kind: given } : given(node.attributes),
    );

export const ofInput = (kind: GradientKind): Given => ({ kind, of: 'input' });

/** An increasing function of the output's sign; if the part below 0 falls, only the input tells. */
const leakyRelu = ({ alpha }: UnaryAttributes): Given => ({ kind: GradientKind.LeakyRelu, alpha, ...(alpha > 0 ? {} : { of: 'input' }) });

export const elementwiseRules: Rules = {
  Clip: clampRule,
  HardSigmoid: kind(({ alpha }) => ({ kind: GradientKind.HardSigmoid, alpha })),
  HardSwish: kind(ofInput(GradientKind.HardSwish)),
  LeakyRelu: kind(leakyRelu),
  Relu: clampRule,
  Sigmoid: kind(GradientKind.Sigmoid),
  Swish: kind(({ alpha }) => ({ kind: GradientKind.Swish, alpha, of: 'input' })),
  Tanh: kind(GradientKind.Tanh),
};
