import { QuantizedConvArg, QuantizedType } from '../../../assembly/opcodes-quantized.ts';
import { at } from '../../graph/at.ts';
import { convMacs } from '../../ops/cost.ts';
import { rowMajor } from '../../ops/layouts.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { type ConvAttributes, convWindow } from '../../ops/window/conv.ts';
import { readWindow } from '../../ops/window/window.ts';
import { checkBytes, checkCount, zeroOf } from '../scales.ts';
import { convSums } from '../sums.ts';
import { isKnown } from '../weights.ts';
import { emitQConv, qWeights } from './conv.ts';

/**
 * ONNX ConvInteger: the int32 sums of a convolution of bytes. X [N, C, ...], W [M, C / group, ...], their zero points: one for
 * X, one or M for W; 0 where left out. Padding is the zero point.
 */
export const convInteger: Operator<ConvAttributes> = {
  name: 'ConvInteger',
  since: 10,
  pack: 'quantized',
  inputs: [2, 4],
  types: ['any'],
  slices: true,
  attributes: (reader) => ({ ...readWindow(reader), group: reader.positive('group', 1) }),
  inferShape(node) {
    const [x, w, xZero, wZero] = node.inputs;
    checkBytes(node, x, w);
    checkCount(node, xZero, input(node, 0).type, 1);
    checkCount(node, wZero, input(node, 1).type, 1, at(input(node, 1).dims, 0));
    const { out } = convWindow(asConv(node));
    return [{ type: 'int32', dims: [at(input(node, 0).dims, 0), at(input(node, 1).dims, 0), ...out] }];
  },
  layout: (node) => (hasKernel(node) ? { inputs: ['channelsLast', 'rowMajor'], output: 'channelsLast' } : rowMajor()),
  macs: (node) => convMacs(output(node).dims, input(node, 1).dims),
  evaluate: (node, [x, w, xZero, wZero]) => [
    convSums(node, convWindow(asConv(node)), node.attributes.group, [x as Int8Array, xZero], [w as Int8Array, wZero]),
  ],
  lower(node, lowering) {
    if (!hasKernel(node)) return lowering.evaluate(node);
    const [x, w, y, xZero] = [input(node, 0), input(node, 1), output(node), node.inputs[2]];
    const window = convWindow(asConv(node));
    const { group: groups } = node.attributes;
    emitQConv(lowering, {
      window,
      from: x,
      to: y,
      source: lowering.place(x),
      ...qWeights(lowering, w, node.inputs[3], undefined, window, groups),
      target: lowering.define(y),
      groups,
      inZero: zeroOf(lowering, xZero),
      stored: { [QuantizedConvArg.Type]: QuantizedType.Int32 },
      macs: convMacs(y.dims, w.dims),
    });
  },
};

/** The node with the inputs of a Conv. */
const asConv = <N extends Pick<Node, 'inputs'>>(node: N): N => ({ ...node, inputs: node.inputs.slice(0, 2) });

const hasKernel = (node: Node<ConvAttributes>): boolean => isKnown(input(node, 1), node.inputs[3]);
