// The border between the two compilers: TypeScript writes programs, AssemblyScript runs them, and both read this file.
//
// A program is a sequence of instructions of 32-bit words in linear memory. Word 0 of an instruction is its opcode; the
// rest are arguments at the positions that its enum gives. `Words` is the instruction's length. Pointers are byte
// addresses, 0 meaning absent; strides are in bytes unless the name says otherwise; Min and Max are float32 bits.

import { BinaryArg, CopyArg, GatherArg, ReduceArg, ResampleArg } from './opcodes-loops';
import {
  AveragePoolArg,
  Col2ImArg,
  ConvArg,
  DepthwiseConvArg,
  DepthwiseRingArg,
  GemvArg,
  MaxPoolArg,
  WinogradArg,
  WinogradWeightsArg,
} from './opcodes-window';

export * from './opcodes-loops';
export * from './opcodes-window';

/**
 * Compiled models hold programs and packed weights, so they run only where these mean the same. Raise it with every change
 * of an opcode, of an argument, of STATIC_BYTES or of the packing of weights: tests/compiled/version.test.ts fails
 * then, by the hash of all that.
 */
export const PROGRAM_VERSION = 3; // hash 43c0c1b259ebf265

/** Output pixels of one GEMM tile. */
export const MR = 4;
/** Output channels of one GEMM tile, and of one panel of packed weights. */
export const NR = 8;
/** Bytes in which gemm/f32_gemm_4x8 and its wider tile keep partial sums. */
export const GEMM_SUMS = 6 * NR * 4;
/** Bytes after the last tensor that kernels may read (never write), because vector loads run past the last channels. */
export const OVERREAD = 64;

/** Bytes at the start of Winograd's scratch: addresses of four tiles' patches, and the transforms' intermediate results. */
export const WINOGRAD_PATCHES = 4 * 36 * 4;
export const WINOGRAD_SCRATCH = 36 * 16 * 4 * 5;

/**
 * Memory's first bytes: address 0, which means absent, and the tables of the scalar functions. Everything else starts after
 * them.
 */
export const STATIC_BYTES = 1024;

/** Words at the start of a memory that threads share, by address: see threads.inline.ts. All are 0 before a run. */
export enum TeamWord {
  /** How many threads have finished the instruction. */
  Arrived = 8,
  /** Counts instructions; threads wait here. */
  Turn = 12,
  /** Not 0: the run shall end before the next instruction. */
  Stop = 16,
  /** The turn before which the run ended, because of Stop. */
  Stopped = 20,
  /** Set by the worker of the first thread when it has run the program; the next word is where that stopped. */
  Done = 24,
}

/**
 * Added to the opcodes of Conv and Winograd as a program is written into memory, if the engine does not move loads, so that
 * large tiles have enough registers: gemm/f32_gemm_6x8. Plans and compiled models do not have it, because they are the same
 * on every machine.
 */
export const WIDE = 32;

/**
 * Behind the arena every thread has a counter of parts, in a cache line of 1 << COUNTER_SHIFT bytes; then come the
 * workspaces of all threads but the first.
 */
export const COUNTER_SHIFT = 6;

export enum Op {
  End = 0,
  PackPanels = 1,
  Conv = 2,
  DepthwiseConv = 3,
  MaxPool = 4,
  AveragePool = 5,
  BatchNorm = 6,
  Clamp = 7,
  Binary = 8,
  Softmax = 9,
  Transpose = 10,
  Unary = 11,
  Copy = 12,
  Gather = 13,
  Resample = 14,
  Reduce = 15,
  Lrn = 16,
  Col2Im = 17,
  GridSample = 18,
  Winograd = 19,
  WinogradWeights = 20,
  Widen = 21,
  Gemv = 22,
  DepthwiseRing = 23,
}

/** Packs weights into panels: see gemm/f32_pack_panels. Counts and strides are in elements. */
export enum PackArg {
  Source = 1,
  /** Bias, `Groups * Columns` floats apart by BiasStride elements; 0: no bias. */
  Bias,
  Output,
  Groups,
  Columns,
  Depth0,
  Depth1,
  Depth2,
  GroupStride,
  ColumnStride,
  Stride0,
  Stride1,
  Stride2,
  BiasStride,
  /** Factors of the weights and of the bias, float32 bits. */
  Alpha,
  Beta,
  Words,
}

export enum BatchNormArg {
  Input = 1,
  Output,
  /** Scale, bias, mean and variance: `Channels` floats each. */
  Scale,
  Bias,
  Mean,
  Variance,
  /** 2 * Channels floats, rounded up to a whole vector each. */
  Scratch,
  Pixels,
  Channels,
  InPixelStride,
  OutPixelStride,
  Epsilon,
  Min,
  Max,
  Words,
}

export enum ClampArg {
  Input = 1,
  Output,
  Pixels,
  Channels,
  InPixelStride,
  OutPixelStride,
  Min,
  Max,
  Words,
}

export enum UnaryKind {
  LeakyRelu = 0,
  Sigmoid = 1,
  HardSigmoid = 2,
  HardSwish = 3,
  Silu = 4,
  Tanh = 5,
  Abs = 6,
  Neg = 7,
  Sqrt = 8,
  Reciprocal = 9,
  /** Alpha * x + Beta. */
  Scale = 10,
  /** Beta * (x, or Alpha * (e^x - 1) below 0). */
  Elu = 11,
  Celu = 12,
  Softplus = 13,
  Softsign = 14,
  Mish = 15,
  Gelu = 16,
  GeluTanh = 17,
  Erf = 18,
  ThresholdedRelu = 19,
  Exp = 20,
  Log = 21,
  Floor = 22,
  Ceil = 23,
  Round = 24,
  Sign = 25,
  Sin = 26,
  Cos = 27,
}

export enum UnaryArg {
  Input = 1,
  Output,
  Kind,
  Pixels,
  Channels,
  InPixelStride,
  OutPixelStride,
  /** Float32 bits. */
  Alpha,
  Beta,
  Words,
}

/** See norm/f32_lrn. */
export enum LrnArg {
  Input = 1,
  Output,
  Scratch,
  Pixels,
  Channels,
  InPixelStride,
  OutPixelStride,
  Size,
  Alpha,
  Beta,
  Bias,
  Words,
}

export enum GridMode {
  Nearest = 0,
  Linear = 1,
  Cubic = 2,
}

export enum GridPadding {
  Zeros = 0,
  Border = 1,
  Reflection = 2,
}

/** See resample/f32_gridsample. */
export enum GridSampleArg {
  Input = 1,
  Grid,
  Output,
  Scratch,
  Batch,
  Height,
  Width,
  Channels,
  OutPixels,
  InPixelStride,
  OutPixelStride,
  Mode,
  Padding,
  AlignCorners,
  Words,
}

/** The input is row-major [Outer, Length, Inner], softmax runs over Length. */
export enum SoftmaxArg {
  Input = 1,
  Output,
  Outer,
  Length,
  Inner,
  /** 1: the logarithm of the softmax. */
  Log,
  Words,
}

/** [Batch, Rows, Columns] to [Batch, Columns, Rows]; a row of either side may be wider than its elements. */
export enum TransposeArg {
  Input = 1,
  Output,
  Batch,
  Rows,
  Columns,
  InRowStride,
  OutRowStride,
  Words,
}

/** See move/f16_widen. */
export enum WidenArg {
  Data = 1,
  Count,
  Words,
}

/** Words of an instruction, its opcode included; 0 for End, which ends a program, and for invalid opcodes. */
export function instructionWords(op: i32): i32 {
  switch (op) {
    case Op.PackPanels:
      return PackArg.Words;
    case Op.Conv:
      return ConvArg.Words;
    case Op.DepthwiseConv:
      return DepthwiseConvArg.Words;
    case Op.MaxPool:
      return MaxPoolArg.Words;
    case Op.AveragePool:
      return AveragePoolArg.Words;
    case Op.BatchNorm:
      return BatchNormArg.Words;
    case Op.Clamp:
      return ClampArg.Words;
    case Op.Binary:
      return BinaryArg.Words;
    case Op.Softmax:
      return SoftmaxArg.Words;
    case Op.Transpose:
      return TransposeArg.Words;
    case Op.Unary:
      return UnaryArg.Words;
    case Op.Copy:
      return CopyArg.Words;
    case Op.Gather:
      return GatherArg.Words;
    case Op.Resample:
      return ResampleArg.Words;
    case Op.Reduce:
      return ReduceArg.Words;
    case Op.Lrn:
      return LrnArg.Words;
    case Op.Col2Im:
      return Col2ImArg.Words;
    case Op.GridSample:
      return GridSampleArg.Words;
    case Op.Winograd:
      return WinogradArg.Words;
    case Op.WinogradWeights:
      return WinogradWeightsArg.Words;
    case Op.Widen:
      return WidenArg.Words;
    case Op.Gemv:
      return GemvArg.Words;
    case Op.DepthwiseRing:
      return DepthwiseRingArg.Words;
    default:
      return 0;
  }
}
