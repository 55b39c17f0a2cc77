// The rows of the pack *training* in the tables by opcode: see src/plan/instructions.ts.

import {
  AccumulateArg,
  AccumulateKind,
  GradientKind,
  SgdArg,
  TrainingOp,
  trainingWords,
  UnaryGradientArg,
} from '../../assembly/opcodes-training.ts';
import { type Added, added } from '../plan/instructions.ts';

const rows: Readonly<Record<TrainingOp, Omit<Added, 'words'>>> = {
  [TrainingOp.WeightGradient]: { kernel: 'f32_weight_gradient_4x8' },
  [TrainingOp.DepthwiseWeightGradient]: { kernel: 'f32_depthwise_weight_gradient_c4' },
  [TrainingOp.WeightGradientSum]: { kernel: 'f32_weight_gradient_sum' },
  [TrainingOp.UnaryGradient]: {
    kernel: 'f32_unary_gradient',
    // No side has gaps.
    overwrites: [
      [UnaryGradientArg.Output, UnaryGradientArg.Gradient, 0, 0, 0],
      [UnaryGradientArg.Output, UnaryGradientArg.Value, 0, 0, 0],
    ],
    form: (word) => (GradientKind[word(UnaryGradientArg.Kind)] ?? '').toLowerCase(),
  },
  [TrainingOp.EndUnlessFinite]: {
    kernel: 'end unless finite',
  },
  // What changes is a state, which no output takes the place of.
  [TrainingOp.Sgd]: { kernel: 'f32_sgd', form: (word) => (word(SgdArg.Nesterov) ? 'nesterov' : word(SgdArg.Buffer) ? 'momentum' : '') },
  [TrainingOp.Adamw]: { kernel: 'f32_adamw' },
  [TrainingOp.Accumulate]: {
    kernel: 'f32_accumulate',
    form: (word) => (AccumulateKind[word(AccumulateArg.Kind)] ?? '').toLowerCase(),
  },
  [TrainingOp.Squares]: { kernel: 'f32_squares' },
  [TrainingOp.Clip]: { kernel: 'f32_clip' },
};

/** Adds the pack's instructions to the tables. */
export function addInstructions(): void {
  for (const [op, row] of Object.entries(rows)) added[Number(op)] = { ...row, words: trainingWords(Number(op)) };
}
