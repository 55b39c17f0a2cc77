// The part of the interpreter that only the pack *training* has.

import { TrainingOp } from '../opcodes-training';
import { f32_conv_input_gradient_4x8 } from './f32_conv_input_gradient_4x8';
import { f32_depthwise_input_gradient_c8 } from './f32_depthwise_input_gradient_c8';
import { f32_depthwise_weight_gradient_c4 } from './f32_depthwise_weight_gradient_c4';
import { f32_unary_gradient } from './f32_unary_gradient';
import { f32_weight_gradient_4x8 } from './f32_weight_gradient_4x8';
import { f32_weight_gradient_sum } from './f32_weight_gradient_sum';
import { f32_winograd_rows } from './f32_winograd_rows';
import { f32_winograd_weight_gradient } from './f32_winograd_weight_gradient';

/** Runs one instruction. @returns whether the pack has it */
export function runTraining(pc: usize, op: i32): bool {
  switch (op) {
    case TrainingOp.WeightGradient:
      f32_weight_gradient_4x8(pc);
      break;
    case TrainingOp.DepthwiseWeightGradient:
      f32_depthwise_weight_gradient_c4(pc);
      break;
    case TrainingOp.ConvInputGradient:
      f32_conv_input_gradient_4x8(pc);
      break;
    case TrainingOp.DepthwiseInputGradient:
      f32_depthwise_input_gradient_c8(pc);
      break;
    case TrainingOp.Winograd:
      f32_winograd_rows(pc);
      break;
    case TrainingOp.WinogradWeightGradient:
      f32_winograd_weight_gradient(pc);
      break;
    case TrainingOp.WeightGradientSum:
      f32_weight_gradient_sum(pc);
      break;
    case TrainingOp.UnaryGradient:
      f32_unary_gradient(pc);
      break;
    default:
      return false;
  }
  return true;
}
