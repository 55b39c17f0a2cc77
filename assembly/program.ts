// The interpreter: runs the instructions between two addresses, one kernel call each.

import { f32_conv_igemm_4x8 } from './conv/f32_conv_igemm_4x8';
import { f32_dwconv_ring_c4 } from './conv/f32_dwconv_ring_c4';
import { f32_binary } from './elementwise/f32_binary';
import { f32_clamp } from './elementwise/f32_clamp';
import { f32_unary } from './elementwise/f32_unary';
import { f32_gemv_1x16 } from './gemm/f32_gemv_1x16';
import { f32_pack_panels } from './gemm/f32_pack_panels';
import { copy } from './move/copy';
import { f16_widen } from './move/f16_widen';
import { f32_transpose_4x4 } from './move/f32_transpose_4x4';
import { gather } from './move/gather';
import { f32_batchnorm_c4 } from './norm/f32_batchnorm_c4';
import { f32_lrn } from './norm/f32_lrn';
import { f32_softmax } from './norm/f32_softmax';
import { instructionWords, Op, WIDE } from './opcodes';
import { quantizedWords } from './opcodes-quantized';
import { trainingWords } from './opcodes-training';
import { runQuantized } from './quantized/program';
import { f32_reduce } from './reduce/f32_reduce';
import { f32_gridsample } from './resample/f32_gridsample';
import { f32_resample } from './resample/f32_resample';
import { joinTeam, meet, mine, more, share } from './threads.inline';
import { endsEarly, runTraining } from './training/program';
import { windowRows } from './window/rows';
import { f32_winograd } from './winograd/f32_winograd';
import { f32_winograd_weights } from './winograd/f32_winograd_weights';

/**
 * With threads: makes this instance thread `index` of `count`; all workspaces but the first thread's start at `base`,
 * `bytes` apart.
 */
export function join(index: i32, count: i32, base: usize, bytes: usize): void {
  if (ASC_FEATURE_THREADS) joinTeam(index, count, base, bytes);
}

/**
 * Runs the instructions from byte address `from` until `to` or an End instruction.
 * @returns the address where it stopped: `to`, or the End's; the address of an invalid opcode, if there is one; 0 if
 *   TeamWord.Stop ended it
 */
export function run(from: usize, to: usize): usize {
  let pc = from;
  while (pc < to) {
    const word = load<i32>(pc);
    const op = word & ~WIDE;
    if (PACK_TRAINING && endsEarly(pc, op)) return to;
    const wide = (word & WIDE) !== 0;
    do {
      switch (op) {
        case Op.PackPanels:
          share(1, 0);
          if (mine()) f32_pack_panels(pc);
          break;
        case Op.Conv:
          f32_conv_igemm_4x8(pc, wide);
          break;
        case Op.Gemv:
          f32_gemv_1x16(pc);
          break;
        case Op.DepthwiseRing:
          f32_dwconv_ring_c4(pc);
          break;
        case Op.DepthwiseConv:
        case Op.MaxPool:
        case Op.AveragePool:
        case Op.Col2Im:
          if (PACK_TRAINING && !PACK_MORE && op === Op.Col2Im) return pc;
          windowRows(pc);
          break;
        case Op.BatchNorm:
          f32_batchnorm_c4(pc);
          break;
        case Op.Clamp:
          f32_clamp(pc);
          break;
        case Op.Binary:
          f32_binary(pc);
          break;
        case Op.Unary:
          f32_unary(pc);
          break;
        case Op.Copy:
          copy(pc);
          break;
        case Op.Gather:
          if (PACK_TRAINING && !PACK_MORE) return pc;
          gather(pc);
          break;
        case Op.Resample:
          if (PACK_TRAINING && !PACK_MORE) return pc;
          f32_resample(pc);
          break;
        case Op.Reduce:
          f32_reduce(pc);
          break;
        case Op.Lrn:
          if (PACK_TRAINING && !PACK_MORE) return pc;
          f32_lrn(pc);
          break;
        case Op.GridSample:
          if (!PACK_MORE) return pc;
          f32_gridsample(pc);
          break;
        case Op.Softmax:
          if (PACK_TRAINING && !PACK_MORE) return pc;
          f32_softmax(pc);
          break;
        case Op.Transpose:
          f32_transpose_4x4(pc);
          break;
        case Op.Winograd:
          f32_winograd(pc, wide);
          break;
        case Op.WinogradWeights:
          share(1, 0);
          if (mine()) f32_winograd_weights(pc);
          break;
        case Op.Widen:
          share(1, 0);
          if (mine()) f16_widen(pc);
          break;
        default:
          if (!(PACK_TRAINING && runTraining(pc, op)) && !(PACK_QUANTIZED && runQuantized(pc, op))) return pc;
      }
    } while (ASC_FEATURE_THREADS && more());
    let words = instructionWords(op);
    if (PACK_TRAINING && words === 0) words = trainingWords(op);
    if (PACK_QUANTIZED && words === 0) words = quantizedWords(op);
    pc += (<usize>words) << 2;
    if (ASC_FEATURE_THREADS && !meet()) return 0;
  }
  return pc;
}
