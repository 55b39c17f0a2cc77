// The part of the interpreter that only the pack *training* has.

import { TrainingOp } from '../opcodes-training';
import { f32_unary_gradient } from './f32_unary_gradient';

/** Runs one instruction. @returns whether the pack has it */
export function runTraining(pc: usize, op: i32): bool {
  switch (op) {
    case TrainingOp.UnaryGradient:
      f32_unary_gradient(pc);
      break;
    default:
      return false;
  }
  return true;
}
