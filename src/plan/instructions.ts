import { DepthwiseConvArg, Op, WindowArg } from '../../assembly/opcodes.ts';
import { isHost, type Step } from './plan.ts';

/** The kernel that runs a step: a file under assembly/, as the interpreter there picks it. */
export function kernelOf(step: Step): string {
  if (isHost(step)) return `host ${step.host}`;
  // Where there is a ring its address is not 0.
  if (step.op === Op.DepthwiseConv && step.args[DepthwiseConvArg.Ring]) return 'f32_dwconv_ring_c4';
  if (step.op === Op.Conv && vectorProduct.every(([word, value]) => step.args[word] === value)) return 'f32_gemv_1x16';
  return kernelNames[step.op];
}

/** One pixel of a 1×1 convolution. */
const vectorProduct: readonly (readonly [WindowArg, number])[] = [
  [WindowArg.Batch, 1],
  [WindowArg.InHeight, 1],
  [WindowArg.InWidth, 1],
  [WindowArg.OutHeight, 1],
  [WindowArg.OutWidth, 1],
  [WindowArg.KernelHeight, 1],
  [WindowArg.KernelWidth, 1],
  [WindowArg.PadTop, 0],
  [WindowArg.PadLeft, 0],
];

/** Labels of the opcodes; `kernelOf` tells which kernel of those that an opcode stands for. */
export const kernelNames: Readonly<Record<Op, string>> = {
  [Op.End]: 'end',
  [Op.PackPanels]: 'f32_pack_panels',
  [Op.Conv]: 'f32_conv_igemm_4x8',
  [Op.DepthwiseConv]: 'f32_dwconv_c8',
  [Op.MaxPool]: 'f32_maxpool_c4',
  [Op.AveragePool]: 'f32_avgpool_c4',
  [Op.BatchNorm]: 'f32_batchnorm_c4',
  [Op.Clamp]: 'f32_clamp',
  [Op.Binary]: 'f32_binary',
  [Op.Softmax]: 'f32_softmax',
  [Op.Transpose]: 'f32_transpose_4x4',
  [Op.Unary]: 'f32_unary',
  [Op.Copy]: 'copy',
  [Op.Gather]: 'gather',
  [Op.Resample]: 'f32_resample',
  [Op.Reduce]: 'f32_reduce',
  [Op.Lrn]: 'f32_lrn',
  [Op.Col2Im]: 'f32_col2im_c4',
  [Op.GridSample]: 'f32_gridsample',
  [Op.Winograd]: 'f32_winograd',
  [Op.WinogradWeights]: 'f32_winograd_weights',
  [Op.Widen]: 'f16_widen',
};
