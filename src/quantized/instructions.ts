// The rows of the pack *quantized* in the tables by opcode: see src/plan/instructions.ts.

import {
  ArrangePanelsArg,
  DequantizeArg,
  QuantizeArg,
  QuantizedConvArg,
  QuantizedOp,
  QuantizedPackArg,
} from '../../assembly/opcodes-quantized.ts';
import { type Added, added } from '../plan/instructions.ts';

const rows: Readonly<Partial<Record<QuantizedOp, Omit<Added, 'pack'>>>> = {
  [QuantizedOp.PackPanels]: { kernel: 'i8_pack_panels', words: QuantizedPackArg.Words },
  [QuantizedOp.ArrangePanels]: { kernel: 'i8_pack_panels', words: ArrangePanelsArg.Words },
  [QuantizedOp.Conv]: { kernel: 'u8_conv_igemm_4x8', words: QuantizedConvArg.Words },
  [QuantizedOp.Quantize]: { kernel: 'f32_quantize', words: QuantizeArg.Words },
  [QuantizedOp.Dequantize]: { kernel: 'u8_dequantize', words: DequantizeArg.Words },
};

/** Adds the pack's instructions to the tables. */
export function addInstructions(): void {
  for (const [op, row] of Object.entries(rows)) added[Number(op)] = { ...row, pack: 'quantized' };
}
