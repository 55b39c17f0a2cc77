import { ElementLossArg, ElementLossGradientArg, type ElementLossKind, LOSS_PART, TrainingOp } from '../../../assembly/opcodes-training.ts';
import { product } from '../../graph/dims.ts';
import type { Lowering, Node, Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import type { Layout } from '../../plan/place.ts';
import type { Ruled } from '../rules/rule.ts';
import { emitLossSum, sumsOf } from './crossEntropy.ts';
import { emitTraining } from './emit.ts';

export interface ElementLossAttributes {
  readonly kind: ElementLossKind;
  readonly alpha?: number;
}

const scalar = { type: 'float32', dims: [] } as const;

function sharedArgs(node: Node<ElementLossAttributes>, lowering: Lowering) {
  const { kind, alpha = 1 } = node.attributes;
  return {
    [ElementLossArg.Input]: lowering.place(input(node, 0)).pointer,
    [ElementLossArg.Target]: lowering.place(input(node, 1)).pointer,
    [ElementLossArg.Kind]: kind,
    [ElementLossArg.Count]: product(input(node, 0).dims),
    [ElementLossArg.Alpha]: { float: alpha },
  };
}

/** The target lies as the output does. */
const layouts = (layout: Layout): readonly Layout[] => [layout, layout, 'rowMajor'];

/** The mean of an element-wise loss. Inputs: float32 output and target of one shape. Outputs: the loss [], how many are right []. */
export const elementLoss: Ruled<ElementLossAttributes> = {
  name: 'ElementLoss',
  rule: ({ inputs, attributes }, [gradient], tape) => (gradient ? [tape.add(elementLossGradient, [...inputs, gradient], attributes)] : []),
  since: 1,
  inputs: [2, 2],
  outputs: [1, 2],
  inferShape: ({ outputCount }) => [scalar, scalar].slice(0, outputCount),
  layout: (node, layoutOf) => ({ inputs: layouts(layoutOf(input(node, 0))), output: 'rowMajor' }),
  lower(node, lowering) {
    const count = product(input(node, 0).dims);
    const parts = Math.ceil(count / LOSS_PART);
    const sums = sumsOf(lowering, parts);
    emitTraining(lowering, TrainingOp.ElementLoss, { ...sharedArgs(node, lowering), [ElementLossArg.Sums]: sums });
    emitLossSum(lowering, sums, parts, count, node.outputs);
  },
};

/** The gradient of `elementLoss` for the output. Inputs: its own, then the gradient of the loss. */
export const elementLossGradient: Operator<ElementLossAttributes> = {
  name: 'ElementLossGradient',
  since: 1,
  inputs: [3, 3],
  inferShape: (node) => [{ type: 'float32', dims: input(node, 0).dims }],
  layout(node, layoutOf) {
    const layout = layoutOf(input(node, 0));
    return { inputs: layouts(layout), output: layout };
  },
  lower(node, lowering) {
    emitTraining(lowering, TrainingOp.ElementLossGradient, {
      ...sharedArgs(node, lowering),
      [ElementLossGradientArg.Gradient]: lowering.place(input(node, 2)).pointer,
      [ElementLossGradientArg.Scale]: { float: 1 / product(input(node, 0).dims) },
      [ElementLossGradientArg.Output]: lowering.define(output(node)).pointer,
    });
  },
};
