// The rows of the pack *quantized* in the tables by opcode: see src/plan/instructions.ts.

import { BinaryArg, RANK } from '../../assembly/opcodes.ts';
import {
  ArrangePanelsArg,
  DequantizeArg,
  LookupArg,
  QuantizeArg,
  QuantizedAveragePoolArg,
  QuantizedBinaryArg,
  QuantizedConvArg,
  QuantizedMaxPoolArg,
  QuantizedOp,
  QuantizedPackArg,
  QuantizedWinogradArg,
  RangeArg,
} from '../../assembly/opcodes-quantized.ts';
import { type Added, added } from '../plan/instructions.ts';

const rows: Readonly<Partial<Record<QuantizedOp, Omit<Added, 'pack'>>>> = {
  [QuantizedOp.PackPanels]: { kernel: 'i8_pack_panels', words: QuantizedPackArg.Words },
  [QuantizedOp.ArrangePanels]: { kernel: 'i8_pack_panels', words: ArrangePanelsArg.Words, arranges: true },
  [QuantizedOp.Conv]: { kernel: 'u8_conv_igemm_4x8', words: QuantizedConvArg.Words },
  [QuantizedOp.DepthwiseConv]: { kernel: 'u8_dwconv_c8', words: QuantizedConvArg.Words },
  [QuantizedOp.Range]: { kernel: 'f32_range', words: RangeArg.Words },
  [QuantizedOp.PackPanels16]: { kernel: 'i8_pack_panels', words: QuantizedPackArg.Words },
  [QuantizedOp.Conv16]: { kernel: 'u8_conv_igemm_4x8', words: QuantizedConvArg.Words },
  [QuantizedOp.MaxPool]: { kernel: 'u8_maxpool_c16', words: QuantizedMaxPoolArg.Words },
  [QuantizedOp.AveragePool]: { kernel: 'u8_avgpool_c8', words: QuantizedAveragePoolArg.Words },
  [QuantizedOp.Winograd]: { kernel: 'u8_winograd', words: QuantizedWinogradArg.Words },
  [QuantizedOp.Quantize]: { kernel: 'f32_quantize', words: QuantizeArg.Words },
  [QuantizedOp.Dequantize]: { kernel: 'u8_dequantize', words: DequantizeArg.Words },
  [QuantizedOp.Binary]: {
    kernel: 'u8_binary',
    words: QuantizedBinaryArg.Words,
    overwrites: [
      [BinaryArg.Output, BinaryArg.A, RANK, BinaryArg.OutputStrides, BinaryArg.AStrides],
      [BinaryArg.Output, BinaryArg.B, RANK, BinaryArg.OutputStrides, BinaryArg.BStrides],
    ],
  },
  [QuantizedOp.Lookup]: {
    kernel: 'u8_lookup',
    words: LookupArg.Words,
    overwrites: [[LookupArg.Output, LookupArg.Input, 1, LookupArg.OutPixelStride, LookupArg.InPixelStride]],
  },
};

/** Adds the pack's instructions to the tables. */
export function addInstructions(): void {
  for (const [op, row] of Object.entries(rows)) added[Number(op)] = { ...row, pack: 'quantized' };
}
