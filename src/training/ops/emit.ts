import type { Op } from '../../../assembly/opcodes.ts';
import type { TrainingOp } from '../../../assembly/opcodes-training.ts';
import type { Lowering } from '../../ops/operator.ts';
import type { Args } from '../../plan/place.ts';

/** Writes an instruction of the pack *training*, which the core's types do not know. */
export const emitTraining = (lowering: Lowering, op: TrainingOp, args: Args, macs = 0): void =>
  lowering.emit(op as number as Op, args, macs);
