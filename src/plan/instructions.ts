// Facts about instructions by opcode, in tables that bundles take one by one: here, which kernel runs an instruction and
// what it may overwrite; in accesses.ts what each argument is and what the kernel reads and writes by it; in forms.ts how
// profiles describe it. Lengths and argument names are in assembly/opcodes.ts.

import {
  BatchNormArg,
  BinaryArg,
  ClampArg,
  ConvArg,
  GemvArg,
  instructionWords,
  LrnArg,
  Op,
  RANK,
  SoftmaxArg,
  UnaryArg,
  WIDE,
  WindowArg,
  WinogradArg,
} from '../../assembly/opcodes.ts';
import { isHost, type Step } from './plan.ts';

/** The instruction's word at a position, as a number. */
export type Word = (index: number) => number;

/** The kernel that runs a step: a file under assembly/. */
export const kernelOf = (step: Step): string => (isHost(step) ? `host ${step.host}` : (added[step.op]?.kernel ?? kernelNames[step.op]));

/** What the tables have for the opcodes of a pack that is a chunk of its own. */
export interface Added {
  /** Default: training. */
  readonly pack?: 'quantized';
  readonly kernel: string;
  /** The instruction's length, its opcode included. */
  readonly words: number;
  readonly overwrites?: readonly Overwrite[];
  /** Whether it brings weights from the order of compiled models to that of the binary, when they are loaded. */
  readonly arranges?: true;
  /** The word and the least number in it for which the instruction belongs to the pack *training-more*: [0, 0] if it always does. */
  readonly more?: readonly [word: number, first: number];
}

/** Opcodes that are not in the tables here: the chunk fills it in when it is loaded. */
export const added: Partial<Record<number, Added>> = {};

/** Opcodes that networks whose weights a run computes have in place of others, with the same arguments; from that chunk, too. */
export const replacements: Partial<Record<Op, Op>> = {};

/** Words of an instruction, its opcode included. */
export const wordsOf = (op: Op): number => added[op]?.words ?? instructionWords(op);

/** The kernel of each opcode. */
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
  [Op.Gemv]: 'f32_gemv_1x16',
  [Op.DepthwiseRing]: 'f32_dwconv_ring_c4',
};

/** The opcode in memory. @param wide whether the engine has registers for the wide tile: see WIDE */
export const opcodeWord = (op: Op, wide: boolean): number => (wide && (op === Op.Conv || op === Op.Winograd) ? op | WIDE : op);

/**
 * The positions of an output and of an input that it may overwrite if their strides are the same: how many strides, and the
 * first of each; and further conditions.
 */
export type Overwrite = readonly [
  output: number,
  input: number,
  count: number,
  outStrides: number,
  inStrides: number,
  holds?: (word: Word) => boolean,
];

/** As the kernels' headers say: "output may be input". */
export const overwrites: Readonly<Partial<Record<Op, readonly Overwrite[]>>> = {
  [Op.BatchNorm]: [[BatchNormArg.Output, BatchNormArg.Input, 1, BatchNormArg.OutPixelStride, BatchNormArg.InPixelStride]],
  [Op.Clamp]: [[ClampArg.Output, ClampArg.Input, 1, ClampArg.OutPixelStride, ClampArg.InPixelStride]],
  [Op.Lrn]: [[LrnArg.Output, LrnArg.Input, 1, LrnArg.OutPixelStride, LrnArg.InPixelStride]],
  [Op.Unary]: [[UnaryArg.Output, UnaryArg.Input, 1, UnaryArg.OutPixelStride, UnaryArg.InPixelStride]],
  // Neither side has gaps.
  [Op.Softmax]: [[SoftmaxArg.Output, SoftmaxArg.Input, 0, 0, 0]],
  [Op.Binary]: [
    [BinaryArg.Output, BinaryArg.A, RANK, BinaryArg.OutputStrides, BinaryArg.AStrides],
    [BinaryArg.Output, BinaryArg.B, RANK, BinaryArg.OutputStrides, BinaryArg.BStrides],
  ],
  [Op.Conv]: [
    [
      WindowArg.Output,
      ConvArg.Residual,
      1,
      WindowArg.OutPixelStride,
      ConvArg.ResidualPixelStride,
      // Between blocks of the depth the output holds partial sums.
      (word) => word(ConvArg.BlockDepth) >= word(WindowArg.KernelHeight) * word(WindowArg.KernelWidth) * word(WindowArg.Channels),
    ],
  ],
  [Op.Winograd]: [[WindowArg.Output, WinogradArg.Residual, 1, WindowArg.OutPixelStride, WinogradArg.ResidualPixelStride]],
  [Op.Gemv]: [[GemvArg.Output, GemvArg.Residual, 0, 0, 0]],
};
