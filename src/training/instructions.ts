// The rows of the pack *training* in the tables by opcode: see src/plan/instructions.ts.

import {
  BatchNormApplyArg,
  BatchNormGradientApplyArg,
  BatchNormGradientSumsArg,
  BatchNormMomentsArg,
  GradientKind,
  LrnGradientArg,
  TrainingOp,
  trainingWords,
  UnaryGradientArg,
} from '../../assembly/opcodes-training.ts';
import { type Added, added } from '../plan/instructions.ts';

const rows: Readonly<Record<TrainingOp, Omit<Added, 'words'>>> = {
  [TrainingOp.BatchNormStatistics]: { kernel: 'f32_batchnorm_statistics' },
  [TrainingOp.BatchNormMoments]: {
    kernel: 'f32_batchnorm_moments',
    overwrites: [
      [BatchNormMomentsArg.NewMean, BatchNormMomentsArg.OldMean, 0, 0, 0],
      [BatchNormMomentsArg.NewVariance, BatchNormMomentsArg.OldVariance, 0, 0, 0],
    ],
  },
  [TrainingOp.BatchNormApply]: {
    kernel: 'f32_batchnorm_apply',
    overwrites: [
      [BatchNormApplyArg.Output, BatchNormApplyArg.Input, 1, BatchNormApplyArg.OutPixelStride, BatchNormApplyArg.InPixelStride],
      [BatchNormApplyArg.Output, BatchNormApplyArg.Residual, 1, BatchNormApplyArg.OutPixelStride, BatchNormApplyArg.ResidualPixelStride],
    ],
  },
  [TrainingOp.BatchNormGradientSums]: {
    kernel: 'f32_batchnorm_gradient_sums',
    overwrites: [
      [
        BatchNormGradientSumsArg.Masked,
        BatchNormGradientSumsArg.Gradient,
        1,
        BatchNormGradientSumsArg.MaskedPixelStride,
        BatchNormGradientSumsArg.GradientPixelStride,
      ],
    ],
  },
  [TrainingOp.BatchNormGradientFactors]: { kernel: 'f32_batchnorm_gradient_factors' },
  [TrainingOp.BatchNormGradientApply]: {
    kernel: 'f32_batchnorm_gradient_apply',
    overwrites: [
      [
        BatchNormGradientApplyArg.Result,
        BatchNormGradientApplyArg.Gradient,
        1,
        BatchNormGradientApplyArg.ResultPixelStride,
        BatchNormGradientApplyArg.GradientPixelStride,
      ],
      [
        BatchNormGradientApplyArg.Result,
        BatchNormGradientApplyArg.Input,
        1,
        BatchNormGradientApplyArg.ResultPixelStride,
        BatchNormGradientApplyArg.InPixelStride,
      ],
    ],
  },
  [TrainingOp.MaxPoolGradient]: { kernel: 'f32_pool_gradient' },
  [TrainingOp.AveragePoolGradient]: { kernel: 'f32_pool_gradient' },
  [TrainingOp.LrnGradient]: {
    kernel: 'f32_lrn_gradient',
    overwrites: [[LrnGradientArg.Result, LrnGradientArg.Gradient, 1, LrnGradientArg.ResultPixelStride, LrnGradientArg.GradientPixelStride]],
  },
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
  for (const [op, row] of Object.entries(rows)) added[Number(op)] = { ...row, words: trainingWords(Number(op)) };
}
