// Arithmetic with broadcasting: gradients are summed over the axes along which an input repeated.

import type { Value } from '../../graph/value.ts';
import { alignedDims, type BinaryAttributes, mul } from '../../ops/elementwise/binary.ts';
import type { Node } from '../../ops/operator.ts';
import { input } from '../../ops/shapes.ts';
import type { Tape } from '../tape.ts';
import type { Rule, Rules } from './rule.ts';
import { reshaped, scaled, unbroadcast } from './shaping.ts';

export type Binary = Node<BinaryAttributes>;

/** An input in the dimensions in which it broadcasts. */
export const operand = (tape: Tape, node: Binary, i: number): Value => reshaped(tape, input(node, i), alignedDims(node, i));

/** The gradient of an input, from that of its repetitions. */
export const summedTo = (tape: Tape, node: Binary, i: number, gradient: Value): Value =>
  reshaped(tape, unbroadcast(tape, gradient, alignedDims(node, i)), input(node, i).dims);

/** Sums: each term's gradient is the sum's, times a factor. */
export const terms =
  (factorOf: (node: Binary, i: number) => number): Rule<BinaryAttributes> =>
  (node, [dy], tape) =>
    node.inputs.map((value, i) => (tape.wants(value) ? scaled(tape, summedTo(tape, node, i, dy as Value), factorOf(node, i)) : undefined));

const mulRule: Rule<BinaryAttributes> = (node, [dy], tape) => {
  const [a, b] = [input(node, 0), input(node, 1)];
  const part = (i: number) => summedTo(tape, node, i, tape.add(mul, [dy, operand(tape, node, 1 - i)], {}));
  const first = tape.wants(a) ? part(0) : undefined;
  return [first, a === b ? first : tape.wants(b) ? part(1) : undefined];
};

export const arithmeticRules: Rules = {
  Add: terms(() => 1),
  Mul: mulRule,
  Sub: terms((_, i) => (i === 0 ? 1 : -1)),
  Sum: terms(() => 1),
};
