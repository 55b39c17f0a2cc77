// The part of the interpreter that only the pack *training* has.

import { arg } from '../math/simd.inline';
import { EndUnlessFiniteArg, TrainingOp } from '../opcodes-training';
import { f32_unary_gradient } from './f32_unary_gradient';

/** Whether the program ends here, before its end: all threads find the same number. */
export function endsEarly(pc: usize, op: i32): bool {
  return op === TrainingOp.EndUnlessFinite && !isFinite<f32>(load<f32>(<usize>arg(pc, EndUnlessFiniteArg.Input)));
}

/** Runs one instruction. @returns whether the pack has it */
export function runTraining(pc: usize, op: i32): bool {
  switch (op) {
    case TrainingOp.UnaryGradient:
      f32_unary_gradient(pc);
      break;
    case TrainingOp.EndUnlessFinite:
      break;
    default:
      return false;
  }
  return true;
}
