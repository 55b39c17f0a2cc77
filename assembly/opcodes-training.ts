// The opcodes of the pack *training*, and their arguments: as opcodes.ts, which the core needs. No compiled model holds them, so
// they may change with any version.

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

export * from './opcodes-training-elements';

/** A family's numbers follow each other. None has the bit WIDE (opcodes.ts). */
export enum TrainingOp {
  // Convolutions: 64 to 79.
  // Normalisations and pools: 80 to 95.
  // Elements, losses, random numbers, updates of weights: 128 to 143.
  UnaryGradient = 128,
  CrossEntropy = 129,
  CrossEntropyGradient = 130,
  LossSum = 131,
  ElementLoss = 132,
  ElementLossGradient = 133,
  Dropout = 134,
  SoftmaxGradient = 135,
  // Moves: 144 to 159.
}

/** Words of an instruction of the pack, its opcode included; 0 for invalid opcodes. */
export function trainingWords(op: i32): i32 {
  switch (op) {
    case TrainingOp.UnaryGradient:
      return UnaryGradientArg.Words;
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
