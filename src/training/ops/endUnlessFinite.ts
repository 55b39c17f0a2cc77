import { EndUnlessFiniteArg, TrainingOp } from '../../../assembly/opcodes-training.ts';
import { alike } from '../../ops/layouts.ts';
import type { Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { emitTraining } from './emit.ts';

/** Ends the program if a number is NaN or infinite; its output is the number. What comes later in the program then does not run. */
export const endUnlessFinite: Operator = {
  name: 'EndUnlessFinite',
  since: 1,
  inputs: [1, 1],
  inferShape: (node) => [{ type: 'float32', dims: input(node, 0).dims }],
  layout: alike,
  lower(node, lowering) {
    emitTraining(lowering, TrainingOp.EndUnlessFinite, { [EndUnlessFiniteArg.Input]: lowering.place(input(node, 0)).pointer });
    lowering.alias(output(node), input(node, 0));
  },
};
