// The rows of the pack *training* in the tables by opcode: see src/plan/instructions.ts.

import { Op, WinogradArg } from '../../assembly/opcodes.ts';
import {
  AccumulateArg,
  AdamwArg,
  AveragePoolGradientArg,
  BatchNormApplyArg,
  BatchNormGradientApplyArg,
  BatchNormGradientFactorsArg,
  BatchNormGradientSumsArg,
  BatchNormMomentsArg,
  BatchNormStatisticsArg,
  ClipArg,
  ConvInputGradientArg,
  CrossEntropyArg,
  CrossEntropyGradientArg,
  DropoutArg,
  ElementLossArg,
  ElementLossGradientArg,
  EndUnlessFiniteArg,
  GradientKind,
  LossSumArg,
  LrnGradientArg,
  MaxPoolGradientArg,
  SgdArg,
  SoftmaxGradientArg,
  SquaresArg,
  TrainingOp,
  UnaryGradientArg,
  WeightGradientArg,
  WeightGradientSumArg,
  WinogradWeightGradientArg,
} from '../../assembly/opcodes-training.ts';
import { type Added, added, type Overwrite, overwrites, replacements } from '../plan/instructions.ts';

/** The output may be any of these inputs; no side has gaps. */
const overwriting = (output: number, ...inputs: number[]): readonly Overwrite[] => inputs.map((input) => [output, input, 0, 0, 0]);

const rows: Readonly<Record<TrainingOp, Added>> = {
  [TrainingOp.WeightGradient]: { kernel: 'f32_weight_gradient_4x8', words: WeightGradientArg.Words },
  [TrainingOp.DepthwiseWeightGradient]: { kernel: 'f32_depthwise_weight_gradient_c4', words: WeightGradientArg.Words },
  [TrainingOp.WeightGradientSum]: { kernel: 'f32_weight_gradient_sum', words: WeightGradientSumArg.Words },
  [TrainingOp.BatchNormStatistics]: { kernel: 'f32_batchnorm_statistics', words: BatchNormStatisticsArg.Words },
  [TrainingOp.BatchNormMoments]: {
    kernel: 'f32_batchnorm_moments',
    words: BatchNormMomentsArg.Words,
    overwrites: [
      [BatchNormMomentsArg.NewMean, BatchNormMomentsArg.OldMean, 0, 0, 0],
      [BatchNormMomentsArg.NewVariance, BatchNormMomentsArg.OldVariance, 0, 0, 0],
    ],
  },
  [TrainingOp.BatchNormApply]: {
    kernel: 'f32_batchnorm_apply',
    words: BatchNormApplyArg.Words,
    overwrites: [
      [BatchNormApplyArg.Output, BatchNormApplyArg.Input, 1, BatchNormApplyArg.OutPixelStride, BatchNormApplyArg.InPixelStride],
      [BatchNormApplyArg.Output, BatchNormApplyArg.Residual, 1, BatchNormApplyArg.OutPixelStride, BatchNormApplyArg.ResidualPixelStride],
    ],
  },
  [TrainingOp.BatchNormGradientSums]: {
    kernel: 'f32_batchnorm_gradient_sums',
    words: BatchNormGradientSumsArg.Words,
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
  [TrainingOp.BatchNormGradientFactors]: { kernel: 'f32_batchnorm_gradient_factors', words: BatchNormGradientFactorsArg.Words },
  [TrainingOp.BatchNormGradientApply]: {
    kernel: 'f32_batchnorm_gradient_apply',
    words: BatchNormGradientApplyArg.Words,
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
  [TrainingOp.MaxPoolGradient]: { kernel: 'f32_pool_gradient', words: MaxPoolGradientArg.Words },
  [TrainingOp.AveragePoolGradient]: { kernel: 'f32_pool_gradient', words: AveragePoolGradientArg.Words },
  [TrainingOp.LrnGradient]: {
    kernel: 'f32_lrn_gradient',
    words: LrnGradientArg.Words,
    overwrites: [[LrnGradientArg.Result, LrnGradientArg.Gradient, 1, LrnGradientArg.ResultPixelStride, LrnGradientArg.GradientPixelStride]],
    more: [0, 0],
  },
  [TrainingOp.WinogradWeightGradient]: { kernel: 'f32_winograd_weight_gradient', words: WinogradWeightGradientArg.Words },
  [TrainingOp.Winograd]: { kernel: 'f32_winograd_rows', words: WinogradArg.Words, overwrites: overwrites[Op.Winograd] ?? [] },
  [TrainingOp.ConvInputGradient]: { kernel: 'f32_conv_input_gradient_4x8', words: ConvInputGradientArg.Words },
  [TrainingOp.DepthwiseInputGradient]: { kernel: 'f32_depthwise_input_gradient_c8', words: ConvInputGradientArg.Words },
  [TrainingOp.UnaryGradient]: {
    kernel: 'f32_unary_gradient',
    words: UnaryGradientArg.Words,
    overwrites: overwriting(UnaryGradientArg.Output, UnaryGradientArg.Gradient, UnaryGradientArg.Value),
    more: [UnaryGradientArg.Kind, GradientKind.Elu],
  },
  [TrainingOp.CrossEntropy]: { kernel: 'f32_cross_entropy', words: CrossEntropyArg.Words },
  [TrainingOp.CrossEntropyGradient]: {
    kernel: 'f32_cross_entropy_gradient',
    words: CrossEntropyGradientArg.Words,
    overwrites: overwriting(CrossEntropyGradientArg.Output, CrossEntropyArg.Input),
  },
  [TrainingOp.LossSum]: { kernel: 'loss_sum', words: LossSumArg.Words },
  [TrainingOp.ElementLoss]: { kernel: 'f32_element_loss', words: ElementLossArg.Words, more: [0, 0] },
  [TrainingOp.ElementLossGradient]: {
    kernel: 'f32_element_loss',
    words: ElementLossGradientArg.Words,
    overwrites: overwriting(ElementLossGradientArg.Output, ElementLossArg.Input),
    more: [0, 0],
  },
  [TrainingOp.Dropout]: { kernel: 'f32_dropout', words: DropoutArg.Words, overwrites: overwriting(DropoutArg.Output, DropoutArg.Input) },
  [TrainingOp.SoftmaxGradient]: {
    kernel: 'f32_softmax_gradient',
    words: SoftmaxGradientArg.Words,
    overwrites: overwriting(SoftmaxGradientArg.Output, SoftmaxGradientArg.Gradient, SoftmaxGradientArg.Value),
    more: [0, 0],
  },
  [TrainingOp.EndUnlessFinite]: {
    kernel: 'end unless finite',
    words: EndUnlessFiniteArg.Words,
  },
  // What changes is a state, which no output takes the place of.
  [TrainingOp.Sgd]: { kernel: 'f32_sgd', words: SgdArg.Words },
  [TrainingOp.Adamw]: { kernel: 'f32_adamw', words: AdamwArg.Words },
  [TrainingOp.Accumulate]: { kernel: 'f32_accumulate', words: AccumulateArg.Words },
  [TrainingOp.Squares]: { kernel: 'f32_squares', words: SquaresArg.Words },
  [TrainingOp.Clip]: { kernel: 'f32_clip', words: ClipArg.Words },
};

/** Adds the pack's instructions to the tables. */
export function addInstructions(): void {
  replacements[Op.Winograd] = TrainingOp.Winograd as number as Op;
  Object.assign(added, rows);
}
