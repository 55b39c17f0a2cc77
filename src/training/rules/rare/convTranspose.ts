import { at } from '../../../graph/at.ts';
import type { Value } from '../../../graph/value.ts';
import { conv } from '../../../ops/window/conv.ts';
import { type ConvTransposeAttributes, transposedWindow } from '../../../ops/window/convTranspose.ts';
import { convWeightGradient } from '../../ops/convWeightGradient.ts';
import { biasGradient, each, kernelOf, windowed } from '../conv.ts';
import type { Rule } from '../rule.ts';

/** A transposed convolution is the input's gradient of a convolution: its own input's gradient is that convolution. */
export const convTransposeRule: Rule<ConvTransposeAttributes> = (node, [dy], tape) => {
  const [x, w, bias] = node.inputs as [Value, Value, Value | undefined];
  if (!dy) return [];
  const { group } = node.attributes;
  const window = transposedWindow(node);
  const rank = x.dims.length - 2;
  // What the end of the output has beyond the last window is no padding of the convolution.
  const end = each((axis) => {
    const size = at(x.dims, Math.max(0, axis + rank - 2) + 2);
    const out = at(dy.dims, Math.max(0, axis + rank - 2) + 2);
    if (axis + rank < 2) return 0;
    return (
      at(window.stride, axis) * (size - 1) + (at(window.kernel, axis) - 1) * at(window.dilation, axis) + 1 - out - at(window.padBegin, axis)
    );
  });
  return [
    tape.wants(x) ? tape.add(conv, [dy, w], { ...windowed(rank, window, window.padBegin, end), group }) : undefined,
    tape.wants(w) ? tape.add(convWeightGradient, [dy, x], { window, group, kernel: kernelOf(w) }) : undefined,
    tape.wants(bias) ? biasGradient(tape, dy) : undefined,
  ];
};
