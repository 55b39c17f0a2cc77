import { DropoutArg, TrainingOp } from '../../../assembly/opcodes-training.ts';
import { product } from '../../graph/dims.ts';
import { input, output } from '../../ops/shapes.ts';
import type { Ruled } from '../rules/rule.ts';
import { emitTraining } from './emit.ts';

export interface DropoutTrainingAttributes {
  /** The share that is dropped, from 0 to 1. */
  readonly rate: number;
  /** The node's place in the network. */
  readonly index: number;
}

/**
 * Dropout (Srivastava et al. 2014): x / (1 - rate) where a random number says so, else 0. Inputs: x, and int32 [4]: the seed's
 * lower and upper half, and the step's. The random number of an element depends on these, on the node and on the element's place
 * channels last, whatever the layout around it; so the gradient is the same operator on the output's gradient, and no mask is
 * kept.
 */
export const dropoutTraining: Ruled<DropoutTrainingAttributes> = {
  name: 'DropoutTraining',
  // The same operator on the gradient: the mask is computed again.
  rule: (node, [dy], tape) => [tape.add(dropoutTraining, [dy, input(node, 1)], node.attributes)],
  since: 1,
  inputs: [2, 2],
  types: ['float32', 'int32'],
  inferShape: (node) => [{ type: 'float32', dims: input(node, 0).dims }],
  layout: () => ({ inputs: ['channelsLast', 'rowMajor'], output: 'channelsLast' }),
  lower(node, lowering) {
    const { rate, index } = node.attributes;
    emitTraining(lowering, TrainingOp.Dropout, {
      [DropoutArg.Input]: lowering.place(input(node, 0)).pointer,
      [DropoutArg.Output]: lowering.define(output(node)).pointer,
      [DropoutArg.Random]: lowering.place(input(node, 1)).pointer,
      [DropoutArg.Index]: index,
      [DropoutArg.Count]: product(output(node).dims),
      // As a signed word; one in 2³² stays at the highest, and then the factor is 0 for rate 1.
      [DropoutArg.Threshold]: Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1) | 0,
      [DropoutArg.Scale]: { float: rate === 1 ? 0 : 1 / Math.fround(1 - rate) },
      [DropoutArg.Workspace]: lowering.workspace(64),
    });
  },
};
