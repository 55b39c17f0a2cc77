import { GradientKind } from '../../../../assembly/opcodes-training.ts';
import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import type { Value } from '../../../graph/value.ts';
import { add, alignedDims, type BinaryAttributes, div, max, min, mul, sub } from '../../../ops/elementwise/binary.ts';
import { pow } from '../../../ops/more/elementwise/powers.ts';
import { constantValue, input, output, unsupported } from '../../../ops/shapes.ts';
import { unaryGradient } from '../../ops/unaryGradient.ts';
import { operand, summedTo, terms } from '../arithmetic.ts';
import type { Rule, Rules } from '../rule.ts';
import { scaled, unbroadcast } from '../shaping.ts';

/** d(a / b) = dy / b for a, and for b that times -y. */
const divRule: Rule<BinaryAttributes> = (node, [dy], tape) => {
  const quotient = tape.add(div, [dy, operand(tape, node, 1)], {});
  return [
    tape.wants(node.inputs[0]) ? summedTo(tape, node, 0, quotient) : undefined,
    tape.wants(node.inputs[1]) ? scaled(tape, summedTo(tape, node, 1, tape.add(mul, [quotient, output(node)], {})), -1) : undefined,
  ];
};

/**
 * To the greater (or less) of two, half to each where they are equal, as torch.maximum; of more than two, the last one against
 * the extreme of the others.
 */
const extremeRule =
  (op: typeof max, sign: 1 | -1): Rule<BinaryAttributes> =>
  (node, [dy], tape) => {
    const gradients: Value[] = [];
    let rest = dy as Value;
    for (let i = node.inputs.length - 1; i > 0; i--) {
      const others = node.inputs.slice(0, i).map((_, j) => operand(tape, node, j));
      const before = i === 1 ? at(others, 0) : tape.add(op, others, {});
      const own = operand(tape, node, i);
      const difference = tape.add(sub, sign > 0 ? [before, own] : [own, before], {});
      const share = tape.add(unaryGradient, [difference, rest], { kind: GradientKind.Greater });
      gradients[i] = summedTo(tape, node, i, tape.add(sub, [rest, share], {}));
      rest = unbroadcast(tape, share, before.dims);
    }
    gradients[0] = summedTo(tape, node, 0, rest);
    return gradients;
  };

/** n·x^(n - 1), n known. */
const powRule: Rule<BinaryAttributes> = (node, [dy], tape) => {
  const exponent = input(node, 1);
  if (!exponent.constant) throw unsupported(node, 'an exponent that a run computes has no gradient');
  const x = operand(tape, node, 0);
  const powers = Array.from(exponent.constant.read() as ArrayLike<number | bigint>, Number);
  const [n] = powers;
  const back = (gradient: Value) => [summedTo(tape, node, 0, gradient)];
  if (n !== undefined && powers.every((power) => power === n)) {
    if (n === 0) return [];
    if (n === 1) return back(dy as Value);
    if (n === 0.5) return back(tape.add(unaryGradient, [output(node), dy], { kind: GradientKind.Sqrt }));
    const power = n === 2 ? x : tape.add(pow, [x, list([n - 1], [])], {});
    return back(scaled(tape, tape.add(mul, [dy, power], {}), n));
  }
  const dims = alignedDims(node, 1);
  // Where n is 0 the product is 0, whatever x is.
  const power = tape.add(
    pow,
    [
      x,
      list(
        powers.map((power) => (power === 0 ? 0 : power - 1)),
        dims,
      ),
    ],
    {},
  );
  return back(tape.add(mul, [tape.add(mul, [dy, power], {}), list(powers, dims)], {}));
};

/** Numbers as a tensor; equal names share memory. */
const list = (values: readonly number[], dims: readonly number[]): Value =>
  constantValue({ name: `gradient/${values} [${dims}]`, type: 'float32', dims, read: () => Float32Array.from(values) });

/** Above 0 the gradient passes, elsewhere it is the slope times it; the slope's is x times it. */
const preluRule: Rule<BinaryAttributes> = (node, [dy], tape) => {
  const x = input(node, 0);
  const slope = input(node, 1);
  if (slope.constant && product(slope.dims) === 1) {
    return [tape.add(unaryGradient, [x, dy], { kind: GradientKind.LeakyRelu, alpha: Number(slope.constant.read()[0]) })];
  }
  const below = tape.add(unaryGradient, [x, dy], { kind: GradientKind.Below });
  const scaledBelow = () => tape.add(mul, [below, operand(tape, node, 1)], {});
  return [
    tape.wants(x) ? tape.add(add, [tape.add(sub, [dy, below], {}), scaledBelow()], {}) : undefined,
    tape.wants(slope) ? summedTo(tape, node, 1, tape.add(mul, [below, x], {})) : undefined,
  ];
};

export const rareArithmeticRules: Rules = {
  Div: divRule,
  Max: extremeRule(max, 1),
  Mean: terms((node) => 1 / node.inputs.length),
  Min: extremeRule(min, -1),
  PRelu: preluRule,
  Pow: powRule,
};
