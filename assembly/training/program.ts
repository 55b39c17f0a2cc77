// The part of the interpreter that only the pack *training* has.

import { arg } from '../math/simd.inline';
import { EndUnlessFiniteArg, TrainingOp } from '../opcodes-training';
import { share } from '../threads.inline';
import { f32_accumulate } from './f32_accumulate';
import { f32_adamw } from './f32_adamw';
import { f32_batchnorm_apply } from './f32_batchnorm_apply';
import { f32_batchnorm_gradient_apply } from './f32_batchnorm_gradient_apply';
import { f32_batchnorm_gradient_factors } from './f32_batchnorm_gradient_factors';
import { f32_batchnorm_gradient_sums } from './f32_batchnorm_gradient_sums';
import { f32_batchnorm_moments } from './f32_batchnorm_moments';
import { f32_batchnorm_statistics } from './f32_batchnorm_statistics';
import { f32_clip } from './f32_clip';
import { f32_conv_input_gradient_4x8 } from './f32_conv_input_gradient_4x8';
import { f32_cross_entropy } from './f32_cross_entropy';
import { f32_cross_entropy_gradient } from './f32_cross_entropy_gradient';
import { f32_depthwise_input_gradient_c8 } from './f32_depthwise_input_gradient_c8';
import { f32_depthwise_weight_gradient_c4 } from './f32_depthwise_weight_gradient_c4';
import { f32_dropout } from './f32_dropout';
import { f32_element_loss, f32_element_loss_gradient } from './f32_element_loss';
import { f32_lrn_gradient } from './f32_lrn_gradient';
import { f32_pool_gradient } from './f32_pool_gradient';
import { f32_sgd } from './f32_sgd';
import { f32_softmax_gradient } from './f32_softmax_gradient';
import { f32_squares } from './f32_squares';
import { f32_unary_gradient } from './f32_unary_gradient';
import { f32_weight_gradient_4x8 } from './f32_weight_gradient_4x8';
import { f32_weight_gradient_sum } from './f32_weight_gradient_sum';
import { f32_winograd_rows } from './f32_winograd_rows';
import { f32_winograd_weight_gradient } from './f32_winograd_weight_gradient';
import { loss_sum } from './loss_sum';

/** Whether the program ends here, before its end: all threads find the same number. */
export function endsEarly(pc: usize, op: i32): bool {
  return op === TrainingOp.EndUnlessFinite && !(abs(load<f32>(<usize>arg(pc, EndUnlessFiniteArg.Input))) < <f32>Infinity);
}

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
    case TrainingOp.BatchNormStatistics:
      f32_batchnorm_statistics(pc);
      break;
    case TrainingOp.BatchNormMoments:
      f32_batchnorm_moments(pc);
      break;
    case TrainingOp.BatchNormApply:
      f32_batchnorm_apply(pc);
      break;
    case TrainingOp.BatchNormGradientSums:
      f32_batchnorm_gradient_sums(pc);
      break;
    case TrainingOp.BatchNormGradientFactors:
      f32_batchnorm_gradient_factors(pc);
      break;
    case TrainingOp.BatchNormGradientApply:
      f32_batchnorm_gradient_apply(pc);
      break;
    case TrainingOp.LrnGradient:
      if (!PACK_MORE) return false;
      f32_lrn_gradient(pc);
      break;
    case TrainingOp.MaxPoolGradient:
    case TrainingOp.AveragePoolGradient:
      f32_pool_gradient(pc);
      break;
    case TrainingOp.UnaryGradient:
      f32_unary_gradient(pc);
      break;
    case TrainingOp.EndUnlessFinite:
      // Nothing to compute, but every instruction is shared.
      share(1, 0);
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
      if (!PACK_MORE) return false;
      f32_element_loss(pc);
      break;
    case TrainingOp.ElementLossGradient:
      if (!PACK_MORE) return false;
      f32_element_loss_gradient(pc);
      break;
    case TrainingOp.Dropout:
      f32_dropout(pc);
      break;
    case TrainingOp.SoftmaxGradient:
      if (!PACK_MORE) return false;
      f32_softmax_gradient(pc);
      break;
    default:
      return false;
  }
  return true;
}
