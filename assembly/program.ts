// The interpreter: runs the instructions between two addresses, one kernel call each.

import { f32_conv_igemm_4x8 } from './conv/f32_conv_igemm_4x8';
import { f32_dwconv_c8 } from './conv/f32_dwconv_c8';
import { f32_add } from './elementwise/f32_add';
import { f32_clamp } from './elementwise/f32_clamp';
import { f32_pack_panels } from './gemm/f32_pack_panels';
import { f32_batchnorm_c4 } from './norm/f32_batchnorm_c4';
import { f32_softmax } from './norm/f32_softmax';
import {
  AddArg,
  AveragePoolArg,
  BatchNormArg,
  ClampArg,
  ConvArg,
  DepthwiseConvArg,
  MaxPoolArg,
  Op,
  PackArg,
  SoftmaxArg,
  TransposeArg,
} from './opcodes';
import { f32_avgpool_c4 } from './pool/f32_avgpool_c4';
import { f32_maxpool_c4 } from './pool/f32_maxpool_c4';
import { f32_transpose_4x4 } from './shape/f32_transpose_4x4';

/**
 * Runs the instructions from byte address `from` until `to` or an End instruction.
 * @returns the address where it stopped: `to`, or the End's; the address of a word that is no opcode, where there is one
 */
export function run(from: usize, to: usize): usize {
  let pc = from;
  while (pc < to) {
    switch (load<i32>(pc)) {
      case Op.PackPanels:
        f32_pack_panels(pc);
        pc += PackArg.Words << 2;
        break;
      case Op.Conv:
        f32_conv_igemm_4x8(pc);
        pc += ConvArg.Words << 2;
        break;
      case Op.DepthwiseConv:
        f32_dwconv_c8(pc);
        pc += DepthwiseConvArg.Words << 2;
        break;
      case Op.MaxPool:
        f32_maxpool_c4(pc);
        pc += MaxPoolArg.Words << 2;
        break;
      case Op.AveragePool:
        f32_avgpool_c4(pc);
        pc += AveragePoolArg.Words << 2;
        break;
      case Op.BatchNorm:
        f32_batchnorm_c4(pc);
        pc += BatchNormArg.Words << 2;
        break;
      case Op.Clamp:
        f32_clamp(pc);
        pc += ClampArg.Words << 2;
        break;
      case Op.Add:
        f32_add(pc);
        pc += AddArg.Words << 2;
        break;
      case Op.Softmax:
        f32_softmax(pc);
        pc += SoftmaxArg.Words << 2;
        break;
      case Op.Transpose:
        f32_transpose_4x4(pc);
        pc += TransposeArg.Words << 2;
        break;
      default:
        return pc;
    }
  }
  return pc;
}
