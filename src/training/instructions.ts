// The rows of the pack *training* in the tables by opcode: see src/plan/instructions.ts.

import { Op } from '../../assembly/opcodes.ts';
import {
  AccumulateArg,
  AccumulateKind,
  BatchNormApplyArg,
  BatchNormGradientApplyArg,
  BatchNormGradientSumsArg,
  BatchNormMomentsArg,
  CrossEntropyArg,
  CrossEntropyGradientArg,
  DropoutArg,
  ElementLossArg,
  ElementLossGradientArg,
  ElementLossKind,
  GradientKind,
  LrnGradientArg,
  SgdArg,
  SoftmaxGradientArg,
  TrainingOp,
  trainingWords,
  UnaryGradientArg,
} from '../../assembly/opcodes-training.ts';
import { type Added, added, type Overwrite, overwrites, replacements } from '../plan/instructions.ts';

/** The output may be any of these inputs; no side has gaps. */
const overwriting = (output: number, ...inputs: number[]): readonly Overwrite[] => inputs.map((input) => [output, input, 0, 0, 0]);

const named =
  (names: Readonly<Record<number, string>>, arg: number): Added['form'] =>
  (word) =>
    (names[word(arg)] ?? '').toLowerCase();

const rows: Readonly<Record<TrainingOp, Omit<Added, 'words'>>> = {
  [TrainingOp.WeightGradient]: { kernel: 'f32_weight_gradient_4x8' },
  [TrainingOp.DepthwiseWeightGradient]: { kernel: 'f32_depthwise_weight_gradient_c4' },
  [TrainingOp.WeightGradientSum]: { kernel: 'f32_weight_gradient_sum' },
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
  [TrainingOp.WinogradWeightGradient]: { kernel: 'f32_winograd_weight_gradient' },
  [TrainingOp.Winograd]: { kernel: 'f32_winograd_rows', overwrites: overwrites[Op.Winograd] ?? [] },
  [TrainingOp.ConvInputGradient]: { kernel: 'f32_conv_input_gradient_4x8' },
  [TrainingOp.DepthwiseInputGradient]: { kernel: 'f32_depthwise_input_gradient_c8' },
  [TrainingOp.UnaryGradient]: {
    kernel: 'f32_unary_gradient',
    overwrites: overwriting(UnaryGradientArg.Output, UnaryGradientArg.Gradient, UnaryGradientArg.Value),
    form: named(GradientKind, UnaryGradientArg.Kind),
  },
  [TrainingOp.CrossEntropy]: { kernel: 'f32_cross_entropy' },
  [TrainingOp.CrossEntropyGradient]: {
    kernel: 'f32_cross_entropy_gradient',
    overwrites: overwriting(CrossEntropyGradientArg.Output, CrossEntropyArg.Input),
  },
  [TrainingOp.LossSum]: { kernel: 'loss_sum' },
  [TrainingOp.ElementLoss]: { kernel: 'f32_element_loss', form: named(ElementLossKind, ElementLossArg.Kind) },
  [TrainingOp.ElementLossGradient]: {
    kernel: 'f32_element_loss',
    overwrites: overwriting(ElementLossGradientArg.Output, ElementLossArg.Input),
    form: named(ElementLossKind, ElementLossArg.Kind),
  },
  [TrainingOp.Dropout]: { kernel: 'f32_dropout', overwrites: overwriting(DropoutArg.Output, DropoutArg.Input) },
  [TrainingOp.SoftmaxGradient]: {
    kernel: 'f32_softmax_gradient',
    overwrites: overwriting(SoftmaxGradientArg.Output, SoftmaxGradientArg.Gradient, SoftmaxGradientArg.Value),
    form: (word) => (word(SoftmaxGradientArg.Log) ? 'log' : ''),
  },
  [TrainingOp.EndUnlessFinite]: {
    kernel: 'end unless finite',
  },
  // What changes is a state, which no output takes the place of.
  [TrainingOp.Sgd]: { kernel: 'f32_sgd', form: (word) => (word(SgdArg.Nesterov) ? 'nesterov' : word(SgdArg.Buffer) ? 'momentum' : '') },
  [TrainingOp.Adamw]: { kernel: 'f32_adamw' },
  [TrainingOp.Accumulate]: { kernel: 'f32_accumulate', form: named(AccumulateKind, AccumulateArg.Kind) },
  [TrainingOp.Squares]: { kernel: 'f32_squares' },
  [TrainingOp.Clip]: { kernel: 'f32_clip' },
};

/** Adds the pack's instructions to the tables. */
export function addInstructions(): void {
  replacements[Op.Winograd] = TrainingOp.Winograd as number as Op;
  for (const [op, row] of Object.entries(rows)) added[Number(op)] = { ...row, words: trainingWords(Number(op)) };
}
