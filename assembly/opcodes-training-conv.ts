// The arguments of the gradients of convolutions. Part of opcodes-training.ts.

import { WindowArg } from './opcodes-window';

/** Input is X, Output is dY, which is read; channels are input channels of one group. See training/f32_weight_gradient_4x8. */
export enum WeightGradientArg {
  /** [Parts][group][tap][channels in fours][filters in eights] floats, written. */
  Sums = WindowArg.Words,
  Groups = WindowArg.Words + 1,
  /** Output channels of one group. */
  OutChannels = WindowArg.Words + 2,
  Parts = WindowArg.Words + 3,
  /** Blocks of one part. */
  PartBlocks = WindowArg.Words + 4,
  /** What a block holds of dY: pictures, rows and columns. */
  BlockPictures = WindowArg.Words + 5,
  BlockRows = WindowArg.Words + 6,
  BlockColumns = WindowArg.Words + 7,
  Words = WindowArg.Words + 8,
}

/**
 * Input is X, Output is dY, which is read; channels are input channels of one group. See
 * training/f32_winograd_weight_gradient.
 */
export enum WinogradWeightGradientArg {
  /** [Parts][group][6 × 6 points][channels in fours][filters in eights] floats, written. */
  Sums = WindowArg.Words,
  Groups = WindowArg.Words + 1,
  /** Output channels of one group. */
  OutChannels = WindowArg.Words + 2,
  Parts = WindowArg.Words + 3,
  /** Blocks of one part. */
  PartBlocks = WindowArg.Words + 4,
  /** Tiles of a block. */
  BlockTiles = WindowArg.Words + 5,
  /** Zeros for all channels, in fours, and all filters, in eights, of a group. */
  Zeros = WindowArg.Words + 6,
  /** WINOGRAD_PATCHES and WINOGRAD_SCRATCH bytes, then the transformed tiles of a block. */
  Scratch = WindowArg.Words + 7,
  Words = WindowArg.Words + 8,
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
  /** Taps of the kernel. */
  Taps,
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
  Weights = WindowArg.Words,
  /** `Channels` floats of zeros. */
  Zeros = WindowArg.Words + 1,
  /** 128 bytes, then 16 for each tap; of a depthwise convolution eight for each row of the kernel and for each tap. */
  Scratch = WindowArg.Words + 2,
  Groups = WindowArg.Words + 3,
  /** X's channels of one group. */
  OutChannels = WindowArg.Words + 4,
  /** Products of a partial sum. */
  SumDepth = WindowArg.Words + 5,
  Words = WindowArg.Words + 6,
}
