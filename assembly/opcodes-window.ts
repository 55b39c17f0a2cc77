// The arguments of convolutions and pools. Part of opcodes.ts.

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
  /** A kernel row of zeros, `Channels` floats, which padded pixels read. */
  Zeros,
  /**
   * GEMM_SUMS bytes; packed input pixels, BlockPixels * BlockDepth floats and 48 bytes; then BlockPixels * NR floats if
   * OutChannels is no multiple of NR.
   */
  Scratch,
  /** Added before the clamp; 0: none. May be the output. */
  Residual,
  ResidualPixelStride,
  Groups,
  /** Output channels of one group. */
  OutChannels,
  /** Output pixels packed at a time, a multiple of MR. */
  BlockPixels,
  /** Depth (kernel height * width * channels) packed at a time: a multiple of SumDepth, or all of it. */
  BlockDepth,
  /** Products of a partial sum, 1 or more: see gemm/f32_gemm_4x8. */
  SumDepth,
  Min,
  Max,
  /** 0, or `Channels` floats that multiply the input as it is packed: see conv/f32_pack_normalized_4. */
  InScale,
  InShift,
  InMin,
  InMax,
  Words,
}

/** The convolution of one pixel. Channels are input channels of one group. See gemm/f32_gemv_1x16. */
export enum GemvArg {
  Input = 1,
  Output,
  Weights,
  /** Added before the clamp; 0: none. May be the output. */
  Residual,
  Groups,
  Channels,
  /** Output channels of one group. */
  OutChannels,
  /** Products of a partial sum, 1 or more: see gemm/f32_gemm_4x8. */
  SumDepth,
  Min,
  Max,
  Words,
}

/** Channels are input channels of one group. See winograd/f32_winograd. */
export enum WinogradArg {
  Weights = WindowArg.Words,
  /** At least `Channels` and at least eight floats of zeros. */
  Zeros,
  Scratch,
  /** Added before the clamp; 0: none. May be the output. */
  Residual,
  ResidualPixelStride,
  Groups,
  /** Output channels of one group. */
  OutChannels,
  /** 6 or 4: TileSize + taps - 1. */
  Points,
  /** Output pixels of a tile along each axis. */
  TileSize,
  /** Tiles transformed at a time, a multiple of MR. */
  BlockTiles,
  /** Channels of a partial sum, 1 or more: see gemm/f32_gemm_4x8. */
  SumDepth,
  Min,
  Max,
  Words,
}

/** Transforms panels of weights into those of winograd/f32_winograd. See winograd/f32_winograd_weights. */
export enum WinogradWeightsArg {
  Input = 1,
  Output,
  Scratch,
  Panels,
  Channels,
  Points,
  Taps,
  Words,
}

/** Channels are all channels. See conv/f32_dwconv_c8. */
export enum DepthwiseConvArg {
  Weights = WindowArg.Words,
  Min,
  Max,
  Words,
}

/** DepthwiseConv's arguments, and one more. See conv/f32_dwconv_ring_c4. */
export enum DepthwiseRingArg {
  /** The buffer for rows of the input. */
  Ring = DepthwiseConvArg.Words,
  Words,
}

export enum MaxPoolArg {
  Words = WindowArg.Words,
}

export enum AveragePoolArg {
  /** 1: padding counts in the divisor; 2: there is no divisor, the output is the sum. */
  CountIncludePad = WindowArg.Words,
  PadBottom,
  PadRight,
  Words,
}

/**
 * The input is the columns, one pixel for each pixel of the input picture. Channels are output channels of one group. See
 * conv/f32_col2im_c4.
 */
export enum Col2ImArg {
  Bias = WindowArg.Words,
  Min,
  Max,
  Words,
}
