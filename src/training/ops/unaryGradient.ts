import { type GradientKind, TrainingOp, UnaryGradientArg } from '../../../assembly/opcodes-training.ts';
import { product } from '../../graph/dims.ts';
import { alike } from '../../ops/layouts.ts';
import type { Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { emitTraining } from './emit.ts';

export interface UnaryGradientAttributes {
  readonly kind: GradientKind;
  readonly alpha?: number;
  readonly beta?: number;
}

/** The gradient of an element-wise function of one tensor: the value that its kind wants, the output's gradient. */
export const unaryGradient: Operator<UnaryGradientAttributes> = {
  name: 'UnaryGradient',
  since: 1,
  inputs: [2, 2],
  elementwise: true,
  inferShape: (node) => [{ type: 'float32', dims: input(node, 0).dims }],
  layout: alike,
  lower(node, lowering) {
    const { kind, alpha = 0, beta = 0 } = node.attributes;
    emitTraining(lowering, TrainingOp.UnaryGradient, {
      [UnaryGradientArg.Value]: lowering.place(input(node, 0)).pointer,
      [UnaryGradientArg.Gradient]: lowering.place(input(node, 1)).pointer,
      [UnaryGradientArg.Output]: lowering.define(output(node)).pointer,
      [UnaryGradientArg.Kind]: kind,
      [UnaryGradientArg.Count]: product(output(node).dims),
      [UnaryGradientArg.Alpha]: { float: alpha },
      [UnaryGradientArg.Beta]: { float: beta },
    });
  },
};
