// The arguments of the gradients of convolutions. Part of opcodes-training.ts. Those of windows begin with WindowArg's, so that
// the first of their own is WindowArg.Words, 19: a number, because bundlers compute no enum from another file's.

/** Input is X, Output is dY, which is read; channels are input channels of one group. See training/f32_weight_gradient_4x8. */
export enum WeightGradientArg {
  /** [Parts][group][tap][channels in fours][filters in eights] floats, written. */
  Sums = 19,
  Groups,
  /** Output channels of one group. */
  OutChannels,
  Parts,
  /** Blocks of one part. */
  PartBlocks,
  /** What a block holds of dY: pictures, rows and columns. */
  BlockPictures,
  BlockRows,
  BlockColumns,
  /** 0, or room for a block of X with its padding: a row of the kernel is a run of channels, whose fours are fewer. */
  Scratch,
  Words,
}

/**
 * Input is X, Output is dY, which is read; channels are input channels of one group. See
 * training/f32_winograd_weight_gradient.
 */
export enum WinogradWeightGradientArg {
  /** [Parts][group][6 × 6 points][channels in fours][filters in eights] floats, written. */
  Sums = 19,
  Groups,
  /** Output channels of one group. */
  OutChannels,
  Parts,
  /** Blocks of one part. */
  PartBlocks,
  /** Tiles of a block. */
  BlockTiles,
  /** Zeros for all channels, in fours, and all filters, in eights, of a group. */
  Zeros,
  /** WINOGRAD_PATCHES and WINOGRAD_SCRATCH bytes, then the transformed tiles of a block. */
  Scratch,
  Words,
}

/** Adds up the parts of a weight gradient. See training/f32_weight_gradient_sum. */
export enum WeightGradientSumArg {
  Input = 1,
  Output,
  Parts,
  Groups,
  /** Input channels of one group, and the rows in memory that they take. */
  Channels,
  Rows,
  /** Output channels of one group. */
  OutChannels,
  /** Taps of the kernel, and how many of them are a run: the rows of its taps follow each other. */
  Taps,
  Run,
  /** 0, or WINOGRAD_SCRATCH bytes: the input has 6 × 6 points for 3 × 3 taps. */
  Scratch,
  Words,
}

/**
 * Input is dY, Output is dX, so that the window is the transposed convolution's; channels are dY's of one group. See
 * training/f32_conv_input_gradient_4x8; the depthwise kernel has no Zeros and no SumDepth.
 */
export enum ConvInputGradientArg {
  /** Panels of gemm/f32_pack_panels, X's channels as columns, (ky, kx, dY's channels) as depth, group by group. */
  Weights = 19,
  /** `Channels` floats of zeros. */
  Zeros,
  /** 128 bytes, then 16 for each tap; of a depthwise convolution eight for each row of the kernel and for each tap. */
  Scratch,
  Groups,
  /** X's channels of one group. */
  OutChannels,
  /** Products of a partial sum. */
  SumDepth,
  Words,
}
