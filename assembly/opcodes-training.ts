// The opcodes of the pack *training*, and their arguments: as opcodes.ts, which the core needs. No compiled model holds them, so
// they may change with any version.

import { ConvInputGradientArg, WeightGradientArg, WeightGradientSumArg, WinogradWeightGradientArg } from './opcodes-training-conv';
import {
  CrossEntropyArg,
  CrossEntropyGradientArg,
  DropoutArg,
  ElementLossArg,
  ElementLossGradientArg,
  LossSumArg,
  SoftmaxGradientArg,
  UnaryGradientArg,
} from './opcodes-training-elements';
import {
  AveragePoolGradientArg,
  BatchNormApplyArg,
  BatchNormGradientApplyArg,
  BatchNormGradientFactorsArg,
  BatchNormGradientSumsArg,
  BatchNormMomentsArg,
  BatchNormStatisticsArg,
  LrnGradientArg,
  MaxPoolGradientArg,
} from './opcodes-training-norms';
import { AccumulateArg, AdamwArg, ClipArg, SgdArg, SquaresArg } from './opcodes-training-updates';
import { WinogradArg } from './opcodes-window';

export * from './opcodes-training-conv';
export * from './opcodes-training-elements';
export * from './opcodes-training-norms';
export * from './opcodes-training-updates';

/** A family's numbers follow each other. None has the bit WIDE (opcodes.ts). */
export enum TrainingOp {
  // Convolutions: 64 to 79.
  WeightGradient = 64,
  DepthwiseWeightGradient = 65,
  WeightGradientSum = 66,
  WinogradWeightGradient = 67,
  /** Op.Winograd, faster. */
  Winograd = 68,
  ConvInputGradient = 69,
  DepthwiseInputGradient = 70,
  // Normalisations and pools: 80 to 95.
  BatchNormStatistics = 80,
  BatchNormMoments,
  BatchNormApply,
  BatchNormGradientSums,
  BatchNormGradientFactors,
  BatchNormGradientApply,
  MaxPoolGradient,
  AveragePoolGradient,
  LrnGradient,
  // Elements, losses, random numbers, updates of weights: 128 to 143.
  UnaryGradient = 128,
  CrossEntropy = 129,
  CrossEntropyGradient = 130,
  LossSum = 131,
  ElementLoss = 132,
  ElementLossGradient = 133,
  Dropout = 134,
  SoftmaxGradient = 135,
  Sgd = 136,
  Adamw = 137,
  Accumulate = 138,
  Squares = 139,
  Clip = 140,
  // Moves: 144 to 159.
  // The course of a program.
  EndUnlessFinite = 192,
}

/** Ends the program, as if it were done, if a number is NaN or infinite. */
export enum EndUnlessFiniteArg {
  Input = 1,
  Words,
}

/** Words of an instruction of the pack, its opcode included; 0 for invalid opcodes. */
export function trainingWords(op: i32): i32 {
  switch (op) {
    case TrainingOp.WeightGradient:
    case TrainingOp.DepthwiseWeightGradient:
      return WeightGradientArg.Words;
    case TrainingOp.ConvInputGradient:
    case TrainingOp.DepthwiseInputGradient:
      return ConvInputGradientArg.Words;
    case TrainingOp.Winograd:
      return WinogradArg.Words;
    case TrainingOp.WinogradWeightGradient:
      return WinogradWeightGradientArg.Words;
    case TrainingOp.WeightGradientSum:
      return WeightGradientSumArg.Words;
    case TrainingOp.BatchNormStatistics:
      return BatchNormStatisticsArg.Words;
    case TrainingOp.BatchNormMoments:
      return BatchNormMomentsArg.Words;
    case TrainingOp.BatchNormApply:
      return BatchNormApplyArg.Words;
    case TrainingOp.BatchNormGradientSums:
      return BatchNormGradientSumsArg.Words;
    case TrainingOp.BatchNormGradientFactors:
      return BatchNormGradientFactorsArg.Words;
    case TrainingOp.BatchNormGradientApply:
      return BatchNormGradientApplyArg.Words;
    case TrainingOp.MaxPoolGradient:
      return MaxPoolGradientArg.Words;
    case TrainingOp.AveragePoolGradient:
      return AveragePoolGradientArg.Words;
    case TrainingOp.LrnGradient:
      return LrnGradientArg.Words;
    case TrainingOp.UnaryGradient:
      return UnaryGradientArg.Words;
    case TrainingOp.EndUnlessFinite:
      return EndUnlessFiniteArg.Words;
    case TrainingOp.Sgd:
      return SgdArg.Words;
    case TrainingOp.Adamw:
      return AdamwArg.Words;
    case TrainingOp.Accumulate:
      return AccumulateArg.Words;
    case TrainingOp.Squares:
      return SquaresArg.Words;
    case TrainingOp.Clip:
      return ClipArg.Words;
    case TrainingOp.CrossEntropy:
      return CrossEntropyArg.Words;
    case TrainingOp.CrossEntropyGradient:
      return CrossEntropyGradientArg.Words;
    case TrainingOp.LossSum:
      return LossSumArg.Words;
    case TrainingOp.ElementLoss:
      return ElementLossArg.Words;
    case TrainingOp.ElementLossGradient:
      return ElementLossGradientArg.Words;
    case TrainingOp.Dropout:
      return DropoutArg.Words;
    case TrainingOp.SoftmaxGradient:
      return SoftmaxGradientArg.Words;
    default:
      return 0;
  }
}
