// The opcodes of the pack *training*, and their arguments: as opcodes.ts, which the core needs. No compiled model holds them, so
// they may change with any version.

import { ConvInputGradientArg, WeightGradientArg, WeightGradientSumArg, WinogradWeightGradientArg } from './opcodes-training-conv';
import { WinogradArg } from './opcodes-window';

export * from './opcodes-training-conv';

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
  // Elements, losses, random numbers, updates of weights: 128 to 143.
  UnaryGradient = 128,
  // Moves: 144 to 159.
}

/** The functions whose derivative f32_unary_gradient takes. */
export enum GradientKind {
  /** Of the output: 1 between Alpha and Beta, 0 at them and outside, as PyTorch's relu and hardtanh. */
  Clamp = 0,
}

/** See training/f32_unary_gradient. */
export enum UnaryGradientArg {
  /** What the function gave, or what it was given: as its kind says. */
  Value = 1,
  Gradient,
  Output,
  Kind,
  Count,
  /** Float32 bits. */
  Alpha,
  Beta,
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
    case TrainingOp.UnaryGradient:
      return UnaryGradientArg.Words;
    default:
      return 0;
  }
}
