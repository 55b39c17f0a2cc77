import { SoftmaxGradientArg, TrainingOp } from '../../../assembly/opcodes-training.ts';
import { alike, rowMajor } from '../../ops/layouts.ts';
import { around, type SoftmaxAttributes } from '../../ops/norm/softmax.ts';
import type { Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { emitTraining } from './emit.ts';

export interface SoftmaxGradientAttributes extends SoftmaxAttributes {
  readonly log: boolean;
}

/** The gradient of Softmax or LogSoftmax. Inputs: what it gave, and the gradient of that. */
export const softmaxGradient: Operator<SoftmaxGradientAttributes> = {
  name: 'SoftmaxGradient',
  since: 1,
  inputs: [2, 2],
  inferShape: (node) => [{ type: 'float32', dims: input(node, 0).dims }],
  layout: (node) => (node.attributes.flatten ? rowMajor() : alike()),
  lower(node, lowering) {
    const value = lowering.place(input(node, 0));
    const { outer, length, inner } = around(node, value.layout);
    emitTraining(lowering, TrainingOp.SoftmaxGradient, {
      [SoftmaxGradientArg.Value]: value.pointer,
      [SoftmaxGradientArg.Gradient]: lowering.place(input(node, 1)).pointer,
      [SoftmaxGradientArg.Output]: lowering.define(output(node)).pointer,
      [SoftmaxGradientArg.Outer]: outer,
      [SoftmaxGradientArg.Length]: length,
      [SoftmaxGradientArg.Inner]: inner,
      [SoftmaxGradientArg.Log]: Number(node.attributes.log),
    });
  },
};
