import { GradientKind } from '../../../../assembly/opcodes-training.ts';
import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import type { Value } from '../../../graph/value.ts';
import { div, max, mul, sub } from '../../../ops/elementwise/binary.ts';
import type { Attributes } from '../../../ops/elementwise/unary.ts';
import { functions } from '../../../ops/more/elementwise/functions.ts';
import type { Node, Operator } from '../../../ops/operator.ts';
import { axesOf, keptDims, type ReduceAttributes } from '../../../ops/reduce/reduce.ts';
import { input, output } from '../../../ops/shapes.ts';
import { unaryGradient } from '../../ops/unaryGradient.ts';
import type { Tape } from '../../tape.ts';
import type { Rule, Rules } from '../rule.ts';
import { filled, reshaped, scaled, summed } from '../shaping.ts';
import { expanded } from './expanded.ts';

const [exp, sign] = ['Exp', 'Sign'].map((wanted) => functions.find(({ name }) => name === wanted)) as [
  Operator<Attributes>,
  Operator<Attributes>,
];

const nothing = { alpha: 0, beta: 0 };

interface Reduced {
  readonly tape: Tape;
  readonly x: Value;
  /** The output and its gradient, the reduced axes kept with size 1. */
  readonly y: Value;
  readonly dy: Value;
  readonly axes: readonly number[];
}

/** A rule from the gradient of a reduction whose axes are kept; what it gives broadcasts to the input's shape. */
const reduced =
  (gradient: (of: Reduced) => Value): Rule<ReduceAttributes> =>
  (node: Node<ReduceAttributes>, [dy], tape) => {
    const [x, axes] = [input(node, 0), axesOf(node)];
    const kept = keptDims(x.dims, axes);
    // The output is only read where a gradient needs it.
    const of: Reduced = {
      tape,
      x,
      get y() {
        return reshaped(tape, output(node), kept);
      },
      dy: reshaped(tape, dy as Value, kept),
      axes,
    };
    return [expanded(tape, gradient(of), x.dims)];
  };

const mean = reduced(({ tape, x, dy, axes }) => scaled(tape, dy, 1 / product(axes.map((axis) => at(x.dims, axis)))));

/** The least number above 0. */
const TINY = 2 ** -149;

/** Equal extremes share the gradient evenly, as in PyTorch's amax and amin. */
const extreme = reduced(({ tape, x, y, dy, axes }) => {
  // 1 where the difference is 0.
  const difference = tape.add(sub, [x, y], {});
  const ones = expanded(tape, filled(1), x.dims);
  const ties = tape.add(unaryGradient, [difference, ones], { kind: GradientKind.Clamp, alpha: -TINY, beta: TINY });
  return tape.add(mul, [ties, tape.add(div, [dy, summed(tape, ties, axes)], {})], {});
});

/** dy · x / y; 0 where all elements are 0, as in PyTorch. */
const length = reduced(({ tape, x, y, dy }) => {
  const above = tape.add(max, [y, filled(2 ** -126)], {});
  return tape.add(mul, [tape.add(div, [x, above], {}), dy], {});
});

/** dy · e^(x - y), divided by its sum, which is 1 but for the rounding of y. */
const shares = reduced(({ tape, x, y, dy, axes }) => {
  const powers = tape.add(exp, [tape.add(sub, [x, y], {})], nothing);
  return tape.add(mul, [powers, tape.add(div, [dy, summed(tape, powers, axes)], {})], {});
});

export const reduceRules: Rules = {
  ReduceL1: reduced(({ tape, x, dy }) => tape.add(mul, [tape.add(sign, [x], nothing), dy], {})),
  ReduceL2: length,
  ReduceLogSum: reduced(({ tape, x, dy, axes }) => tape.add(div, [dy, summed(tape, x, axes)], {})),
  ReduceLogSumExp: shares,
  ReduceMax: extreme,
  ReduceMean: mean,
  ReduceMin: extreme,
  ReduceSum: reduced(({ dy }) => dy),
  ReduceSumSquare: reduced(({ tape, x, dy }) => tape.add(mul, [x, scaled(tape, dy, 2)], {})),
};
