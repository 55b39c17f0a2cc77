// The border between the two compilers: TypeScript writes programs, AssemblyScript runs them, and both read this file.
//
// A program is a sequence of instructions of 32-bit words in linear memory. Word 0 of an instruction is its opcode; the
// rest are arguments at the positions that its enum gives. `Words` is the instruction's length. Pointers are byte
// addresses, 0 meaning absent; strides are in bytes unless the name says otherwise; Min and Max are float32 bits.

/** Output pixels of one GEMM tile. */
export const MR = 4;
/** Output channels of one GEMM tile, and of one panel of packed weights. */
export const NR = 8;
/** Bytes after the last tensor that kernels may read (never write): vector loads run past the last channels. */
export const OVERREAD = 64;

export enum Op {
  End = 0,
  PackPanels = 1,
  Conv = 2,
  DepthwiseConv = 3,
  MaxPool = 4,
  AveragePool = 5,
  BatchNorm = 6,
  Clamp = 7,
  Add = 8,
  Softmax = 9,
  Transpose = 10,
}

/** Weights into panels: see gemm/f32_pack_panels. Counts in elements, strides in elements. */
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
  /** Scales of the weights and of the bias, float32 bits. */
  Alpha,
  Beta,
  Words,
}

/** The geometry that sliding windows share; convolution and pooling instructions start with it. */
export enum WindowArg {
  Input = 1,
  Output,
  Batch,
  InHeight,
  InWidth,
  OutHeight,
  OutWidth,
  InPixelStride,
  OutPixelStride,
  KernelHeight,
  KernelWidth,
  StrideHeight,
  StrideWidth,
  PadTop,
  PadLeft,
  DilationHeight,
  DilationWidth,
  Channels,
  Words,
}

/** Channels are input channels of one group. See conv/f32_conv_igemm_4x8. */
export enum ConvArg {
  Weights = WindowArg.Words,
  /** Zeros, `Channels` floats: what a padded pixel reads. */
  Zeros,
  /** Packed input pixels, BlockPixels * BlockDepth floats. */
  Scratch,
  /** Added before the clamp; 0: none. May be the output. */
  Residual,
  ResidualPixelStride,
  Groups,
  /** Output channels of one group. */
  OutChannels,
  /** Output pixels packed at a time, a multiple of MR. */
  BlockPixels,
  /** Depth (kernel height * width * channels) packed at a time. */
  BlockDepth,
  Min,
  Max,
  Words,
}

/** Channels are all channels. See conv/f32_dwconv_c8. */
export enum DepthwiseConvArg {
  Weights = WindowArg.Words,
  Min,
  Max,
  Words,
}

export enum MaxPoolArg {
  Words = WindowArg.Words,
}

export enum AveragePoolArg {
  /** 1: padding counts in the divisor. */
  CountIncludePad = WindowArg.Words,
  PadBottom,
  PadRight,
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

/** Dimensions of the Add instruction, outermost first; shapes with fewer are filled with ones. */
export const ADD_RANK = 6;

export enum AddArg {
  Output = 1,
  A,
  B,
  /** ADD_RANK sizes, then ADD_RANK strides each of the output, A and B (0: broadcast). */
  Dims,
  OutputStrides = Dims + 6, // ADD_RANK; const enums take literals only
  AStrides = OutputStrides + 6,
  BStrides = AStrides + 6,
  /** B's factor, float32 bits. */
  BScale = BStrides + 6,
  Min,
  Max,
  Words,
}

/** Row-major [Outer, Length, Inner], softmax over Length. */
export enum SoftmaxArg {
  Input = 1,
  Output,
  Outer,
  Length,
  Inner,
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

/** Words of an instruction, its opcode included; 0 for what is no opcode and for End, which ends a program. */
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
    case Op.Add:
      return AddArg.Words;
    case Op.Softmax:
      return SoftmaxArg.Words;
    case Op.Transpose:
      return TransposeArg.Words;
    default:
      return 0;
  }
}
