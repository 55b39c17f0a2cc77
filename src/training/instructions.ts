// The rows of the pack *training* in the tables by opcode: see src/plan/instructions.ts.

import { Op } from '../../assembly/opcodes.ts';
import { GradientKind, TrainingOp, trainingWords, UnaryGradientArg } from '../../assembly/opcodes-training.ts';
import { type Added, added, overwrites, replacements } from '../plan/instructions.ts';

const rows: Readonly<Record<TrainingOp, Omit<Added, 'words'>>> = {
  [TrainingOp.WeightGradient]: { kernel: 'f32_weight_gradient_4x8' },
  [TrainingOp.DepthwiseWeightGradient]: { kernel: 'f32_depthwise_weight_gradient_c4' },
  [TrainingOp.WeightGradientSum]: { kernel: 'f32_weight_gradient_sum' },
  [TrainingOp.WinogradWeightGradient]: { kernel: 'f32_winograd_weight_gradient' },
  [TrainingOp.Winograd]: { kernel: 'f32_winograd_rows', overwrites: overwrites[Op.Winograd] ?? [] },
  [TrainingOp.ConvInputGradient]: { kernel: 'f32_conv_input_gradient_4x8' },
  [TrainingOp.DepthwiseInputGradient]: { kernel: 'f32_depthwise_input_gradient_c8' },
  [TrainingOp.UnaryGradient]: {
    kernel: 'f32_unary_gradient',
    // No side has gaps.
    overwrites: [
      [UnaryGradientArg.Output, UnaryGradientArg.Gradient, 0, 0, 0],
      [UnaryGradientArg.Output, UnaryGradientArg.Value, 0, 0, 0],
    ],
    form: (word) => (GradientKind[word(UnaryGradientArg.Kind)] ?? '').toLowerCase(),
  },
};

/** Adds the pack's instructions to the tables. */
export function addInstructions(): void {
  replacements[Op.Winograd] = TrainingOp.Winograd as number as Op;
  for (const [op, row] of Object.entries(rows)) added[Number(op)] = { ...row, words: trainingWords(Number(op)) };
}
