import { at } from '../../graph/at.ts';
import type { Value } from '../../graph/value.ts';
import type { Node } from '../../ops/operator.ts';
import { input } from '../../ops/shapes.ts';
import { type ConvAttributes, ConvInput, conv, convWindow } from '../../ops/window/conv.ts';
import type { Window } from '../../ops/window/window.ts';
import { convInputGradient } from '../ops/convInputGradient.ts';
import { convWeightGradient } from '../ops/convWeightGradient.ts';
import { rotateFilters } from '../ops/rotateFilters.ts';
import { sum } from '../ops/sum.ts';
import type { Tape } from '../tape.ts';
import type { Rule, Rules } from './rule.ts';

export type Pair = readonly [number, number];

/** The attributes of a convolution by a window whose padding is known, over `rank` dimensions. */
export function windowed(rank: number, { kernel, stride, dilation }: Window, begin: Pair, end: Pair) {
  const own = (list: readonly number[]) => list.slice(-rank);
  return {
    kernel: own(kernel),
    strides: own(stride),
    dilations: own(dilation),
    pads: [...own(begin), ...own(end)],
    autoPad: 'NOTSET',
    ceilMode: false,
  } as const;
}

export const each = (f: (axis: number) => number): Pair => [f(0), f(1)];

/** The gradient of a bias: one number per channel. */
export const biasGradient = (tape: Tape, dy: Value): Value =>
  tape.add(sum, [dy], { axes: dy.dims.flatMap((_, axis) => (axis === 1 ? [] : [axis])), keepDims: false, noopWithEmptyAxes: false });

/** The sizes of the weights' kernel. */
export const kernelOf = (w: Value): readonly number[] => w.dims.slice(2);

/**
 * The gradient of a convolution's input. With stride 1 it is a convolution by the rotated filters, which may run by Winograd's
 * algorithm.
 */
function inputGradient(node: Node<ConvAttributes>, dy: Value, tape: Tape): Value {
  const [x, w] = [input(node, ConvInput.X), input(node, ConvInput.W)];
  const { group } = node.attributes;
  const window = convWindow(node);
  const { kernel, stride, dilation, padBegin, padEnd } = window;
  const around = (pads: Pair): Pair => each((axis) => (at(kernel, axis) - 1) * at(dilation, axis) - at(pads, axis));
  const [begin, end] = [around(padBegin), around(padEnd)];
  if (Math.max(...stride) === 1 && Math.min(...begin, ...end) >= 0) {
    const rotated = tape.add(rotateFilters, [w], { group });
    return tape.add(conv, [dy, rotated], { ...windowed(x.dims.length - 2, window, begin, end), group });
  }
  return tape.add(convInputGradient, [dy, w], { window, group, dims: x.dims });
}

const convRule: Rule<ConvAttributes> = (node, [dy], tape) => {
  const [x, w, bias] = node.inputs as [Value, Value, Value | undefined];
  if (!dy) return [];
  const { group } = node.attributes;
  return [
    tape.wants(x) ? inputGradient(node, dy, tape) : undefined,
    tape.wants(w) ? tape.add(convWeightGradient, [x, dy], { window: convWindow(node), group, kernel: kernelOf(w) }) : undefined,
    tape.wants(bias) ? biasGradient(tape, dy) : undefined,
  ];
};

export const convRules: Rules = { Conv: convRule };
