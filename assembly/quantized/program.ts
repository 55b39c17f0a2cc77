// The part of the interpreter that only the pack *quantized* has.

import { f32_binary } from '../elementwise/f32_binary';
import { QuantizedOp } from '../opcodes-quantized';
import { mine, share } from '../threads.inline';
import { windowRows } from '../window/rows';
import { f32_quantize } from './f32_quantize';
import { f32_range } from './f32_range';
import { i8_arrange_panels, i8_pack_panels } from './i8_pack_panels';
import { u8_conv_igemm_4x8 } from './u8_conv_igemm_4x8';
import { u8_dequantize } from './u8_dequantize';
import { u8_dwconv_c8 } from './u8_dwconv_c8';
import { u8_lookup } from './u8_lookup';
import { u8_winograd } from './u8_winograd';

/** Runs one instruction. @returns whether the pack has it */
export function runQuantized(pc: usize, op: i32): bool {
  switch (op) {
    case QuantizedOp.PackPanels:
      share(1, 0);
      if (mine()) i8_pack_panels<i8>(pc);
      break;
    case QuantizedOp.ArrangePanels:
      share(1, 0);
      if (mine()) i8_arrange_panels(pc);
      break;
    case QuantizedOp.Conv:
      u8_conv_igemm_4x8<i8>(pc);
      break;
    case QuantizedOp.DepthwiseConv:
      u8_dwconv_c8(pc);
      break;
    case QuantizedOp.MaxPool:
    case QuantizedOp.AveragePool:
      windowRows(pc);
      break;
    case QuantizedOp.Quantize:
      f32_quantize(pc);
      break;
    case QuantizedOp.Dequantize:
      u8_dequantize(pc);
      break;
    case QuantizedOp.Range:
      f32_range(pc);
      break;
    case QuantizedOp.PackPanels16:
      share(1, 0);
      if (mine()) i8_pack_panels<i16>(pc);
      break;
    case QuantizedOp.Conv16:
      u8_conv_igemm_4x8<i16>(pc);
      break;
    case QuantizedOp.Binary:
      f32_binary(pc);
      break;
    case QuantizedOp.Lookup:
      u8_lookup(pc);
      break;
    case QuantizedOp.Winograd:
      // With relaxed dots the direct way is as fast.
      if (PACK_DOTS) u8_conv_igemm_4x8<i8>(pc);
      else u8_winograd(pc);
      break;
    default:
      return false;
  }
  return true;
}
