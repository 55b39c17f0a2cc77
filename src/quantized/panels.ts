// Panels of int8 weights in compiled models, which any binary may run.

import { NR, type Op } from '../../assembly/opcodes.ts';
import { ArrangePanelsArg, DEPTH_STEP, QuantizedOp, QuantizedPackArg } from '../../assembly/opcodes-quantized.ts';
import type { Instruction, Resident } from '../plan/plan.ts';

/**
 * The step that brings a resident's panels from the order that files have to that of the binary; undefined for other residents.
 * It turns the four bits of the position among sixteen pairs of weights by one place, or does nothing, so that three more times
 * bring the order of files back.
 */
export function arrangedPanels({
  buffer,
  load,
}: Resident): { readonly copies: readonly []; readonly instruction: Instruction } | undefined {
  let [count, depth] = [0, 0];
  for (const { instruction } of load()) {
    if (instruction?.op !== (QuantizedOp.PackPanels as number)) continue;
    const word = (at: QuantizedPackArg): number => instruction.args[at] as number;
    count += word(QuantizedPackArg.Groups) * Math.ceil(word(QuantizedPackArg.Columns) / NR);
    const row = word(QuantizedPackArg.Depth1) * word(QuantizedPackArg.Depth2);
    depth = word(QuantizedPackArg.Depth0) * Math.ceil(row / DEPTH_STEP) * DEPTH_STEP;
  }
  if (count === 0) return undefined;
  const args = {
    [ArrangePanelsArg.Panels]: { buffer, offset: 0 },
    [ArrangePanelsArg.Count]: count,
    [ArrangePanelsArg.Depth]: depth,
  };
  return { copies: [], instruction: { op: QuantizedOp.ArrangePanels as number as Op, args, node: 'weights', macs: 0 } };
}
