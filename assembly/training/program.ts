// The part of the interpreter that only the pack *training* has.

import { TrainingOp } from '../opcodes-training';
import { f32_accumulate } from './f32_accumulate';
import { f32_adamw } from './f32_adamw';
import { f32_clip } from './f32_clip';
import { f32_cross_entropy } from './f32_cross_entropy';
import { f32_cross_entropy_gradient } from './f32_cross_entropy_gradient';
import { f32_dropout } from './f32_dropout';
import { f32_element_loss, f32_element_loss_gradient } from './f32_element_loss';
import { f32_sgd } from './f32_sgd';
import { f32_softmax_gradient } from './f32_softmax_gradient';
import { f32_squares } from './f32_squares';
import { f32_unary_gradient } from './f32_unary_gradient';
import { loss_sum } from './loss_sum';

/** Runs one instruction. @returns whether the pack has it */
export function runTraining(pc: usize, op: i32): bool {
  switch (op) {
    case TrainingOp.UnaryGradient:
      f32_unary_gradient(pc);
      break;
    case TrainingOp.CrossEntropy:
      f32_cross_entropy(pc);
      break;
    case TrainingOp.CrossEntropyGradient:
      f32_cross_entropy_gradient(pc);
      break;
    case TrainingOp.LossSum:
      loss_sum(pc);
      break;
    case TrainingOp.ElementLoss:
      f32_element_loss(pc);
      break;
    case TrainingOp.ElementLossGradient:
      f32_element_loss_gradient(pc);
      break;
    case TrainingOp.Dropout:
      f32_dropout(pc);
      break;
    case TrainingOp.SoftmaxGradient:
      f32_softmax_gradient(pc);
      break;
    case TrainingOp.Sgd:
      f32_sgd(pc);
      break;
    case TrainingOp.Adamw:
      f32_adamw(pc);
      break;
    case TrainingOp.Accumulate:
      f32_accumulate(pc);
      break;
    case TrainingOp.Squares:
      f32_squares(pc);
      break;
    case TrainingOp.Clip:
      f32_clip(pc);
      break;
    default:
      return false;
  }
  return true;
}
