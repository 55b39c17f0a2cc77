import { UnaryKind } from '../../../../assembly/opcodes.ts';
import { GradientKind } from '../../../../assembly/opcodes-training.ts';
import type { Value } from '../../../graph/value.ts';
import { div, mul } from '../../../ops/elementwise/binary.ts';
import type { UnaryAttributes } from '../../../ops/elementwise/unary.ts';
import { input, output } from '../../../ops/shapes.ts';
import { type Given, kind, ofInput } from '../elementwise.ts';
import type { Rule, Rules } from '../rule.ts';
import { scaled } from '../shaping.ts';

const elu = ({ alpha, beta }: UnaryAttributes): Given =>
  alpha > 0 && beta > 0
    ? { kind: GradientKind.Elu, alpha: alpha * beta, beta }
    : { kind: GradientKind.EluOfInput, alpha: alpha * beta, beta, of: 'input' };

/** Constant almost everywhere. */
const flat: Rule = () => [];

export const rareElementwiseRules: Rules = {
  Abs: kind(ofInput(GradientKind.Abs)),
  Ceil: flat,
  Celu: kind(({ alpha }) => ({ kind: GradientKind.Celu, alpha: 1 / alpha })),
  Cos: kind(ofInput(GradientKind.Cos)),
  Elu: kind(elu),
  Erf: kind(ofInput(GradientKind.Erf)),
  Exp: (node, [dy], tape) => [tape.add(mul, [dy, output(node)], {})],
  Floor: flat,
  Gelu: kind((attributes) => ofInput(attributes.kind === UnaryKind.GeluTanh ? GradientKind.GeluTanh : GradientKind.Gelu)),
  Log: (node, [dy], tape) => [tape.add(div, [dy, input(node, 0)], {})],
  Mish: kind(ofInput(GradientKind.Mish)),
  Neg: (_, [dy], tape) => [scaled(tape, dy as Value, -1)],
  Reciprocal: kind(GradientKind.Reciprocal),
  Round: flat,
  Selu: kind(elu),
  Sign: flat,
  Sin: kind(ofInput(GradientKind.Sin)),
  Softplus: kind(GradientKind.Softplus),
  Softsign: kind(GradientKind.Softsign),
  Sqrt: kind(GradientKind.Sqrt),
  // Of the input where a negative number may pass, because the output is 0 both there and where none passes.
  ThresholdedRelu: kind(({ alpha }) => ({
    kind: GradientKind.Clamp,
    alpha,
    beta: Number.POSITIVE_INFINITY,
    ...(alpha < 0 ? { of: 'input' } : {}),
  })),
};
