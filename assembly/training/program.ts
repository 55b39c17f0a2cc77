// The part of the interpreter that only the pack *training* has.

import { TrainingOp } from '../opcodes-training';
import { f32_batchnorm_apply } from './f32_batchnorm_apply';
import { f32_batchnorm_gradient_apply } from './f32_batchnorm_gradient_apply';
import { f32_batchnorm_gradient_factors } from './f32_batchnorm_gradient_factors';
import { f32_batchnorm_gradient_sums } from './f32_batchnorm_gradient_sums';
import { f32_batchnorm_moments } from './f32_batchnorm_moments';
import { f32_batchnorm_statistics } from './f32_batchnorm_statistics';
import { f32_lrn_gradient } from './f32_lrn_gradient';
import { f32_pool_gradient } from './f32_pool_gradient';
import { f32_unary_gradient } from './f32_unary_gradient';

/** Runs one instruction. @returns whether the pack has it */
export function runTraining(pc: usize, op: i32): bool {
  switch (op) {
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
      f32_lrn_gradient(pc);
      break;
    case TrainingOp.MaxPoolGradient:
    case TrainingOp.AveragePoolGradient:
      f32_pool_gradient(pc);
      break;
    case TrainingOp.UnaryGradient:
      f32_unary_gradient(pc);
      break;
    default:
      return false;
  }
  return true;
}
