// The part of the interpreter that only the pack *quantized* has.

import { QuantizedOp } from '../opcodes-quantized';
import { mine, share } from '../threads.inline';
import { f32_quantize } from './f32_quantize';
import { i8_arrange_panels, i8_pack_panels } from './i8_pack_panels';
import { u8_conv_igemm_4x8 } from './u8_conv_igemm_4x8';
import { u8_dequantize } from './u8_dequantize';

/** Runs one instruction. @returns whether the pack has it */
export function runQuantized(pc: usize, op: i32): bool {
  switch (op) {
    case QuantizedOp.PackPanels:
      share(1, 0);
      if (mine()) i8_pack_panels(pc);
      break;
    case QuantizedOp.ArrangePanels:
      share(1, 0);
      if (mine()) i8_arrange_panels(pc);
      break;
    case QuantizedOp.Conv:
      u8_conv_igemm_4x8(pc);
      break;
    case QuantizedOp.Quantize:
      f32_quantize(pc);
      break;
    case QuantizedOp.Dequantize:
      u8_dequantize(pc);
      break;
    default:
      return false;
  }
  return true;
}
