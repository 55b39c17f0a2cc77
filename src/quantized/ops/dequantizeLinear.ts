import type { Op } from '../../../assembly/opcodes.ts';
import { DequantizeArg, QuantizedOp } from '../../../assembly/opcodes-quantized.ts';
import { rowMajor } from '../../ops/layouts.ts';
import { dequantizeLinear as folded } from '../../ops/more/quantize/dequantizeLinear.ts';
import type { Node } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { rowArgs } from '../rows.ts';
import { flipOf, isByte, isSingle } from '../scales.ts';

/** ONNX DequantizeLinear, with a kernel for bytes of one scale that a run computes. */
export const dequantizeLinear: typeof folded = {
  ...folded,
  // One of constants becomes a constant.
  pack: ({ inputs }, _, { constants }) => (inputs.every((name) => !name || constants.has(name)) ? 'core' : 'quantized'),
  types: ['any', 'float32', 'any'],
  slices: true,
  layout: (node) => (hasKernel(node) ? { inputs: ['any', 'rowMajor'], output: 'any' } : rowMajor()),
  lower(node, lowering) {
    if (!hasKernel(node)) return lowering.evaluate(node);
    const [x, y, zero] = [input(node, 0), output(node), node.inputs[2]];
    const [source, target] = [lowering.place(x), lowering.define(y)];
    lowering.emit(QuantizedOp.Dequantize as number as Op, {
      ...rowArgs(x, source, y, target),
      [DequantizeArg.Scale]: lowering.place(input(node, 1)).pointer,
      [DequantizeArg.Zero]: zero ? lowering.place(zero).pointer : 0,
      [DequantizeArg.InFlip]: flipOf(x.type),
    });
  },
};

const hasKernel = (node: Node<unknown>): boolean => isByte(input(node, 0)) && isSingle(input(node, 1));
