// The opcodes of the pack *quantized*, and their arguments: as opcodes.ts, which the core needs.
//
// Integers of eight bits are unsigned inside: a kernel flips the highest bit of int8 as it loads and stores (InFlip, OutFlip: 0 or
// 0x80 in each byte), and zero points are given for the flipped numbers. Scales and zero points that only a run knows are in
// memory.

/** None has the bit WIDE (opcodes.ts). */
export enum QuantizedOp {
  PackPanels = 256,
  ArrangePanels,
  Conv,
  DepthwiseConv,
  Gemv,
  MaxPool,
  AveragePool,
  Quantize,
  Dequantize,
  Binary,
  Lookup,
  /** The scale and the zero point of DynamicQuantizeLinear. */
  Range,
  /** As PackPanels, of int16 weights: those whose zero point leaves them more than int8 holds. */
  PackPanels16 = 270,
  /** As Conv, with such weights. */
  Conv16,
  /** Conv's arguments, and one more. */
  Winograd,
}

/** Bytes before the weights of a panel: eight biases and eight sums of a column's weights, int32 each. */
export const PANEL_HEAD = 64;
/** Rows of a kernel are padded to as many weights, which are 0. */
export const DEPTH_STEP = 4;

/** Packs int8 weights: see quantized/i8_pack_panels. Counts and strides are in elements. */
export enum QuantizedPackArg {
  Source = 1,
  /** int32, `Groups * Columns` of them; 0: no bias. */
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
  Words,
}

/** Brings panels from the order in which files have them to that of the binary, in place: see quantized/i8_pack_panels. */
export enum ArrangePanelsArg {
  Panels = 1,
  Count,
  /** Weights of a column, a multiple of DEPTH_STEP. */
  Depth,
  Words,
}

/** What an instruction stores. */
export enum QuantizedType {
  /** Eight bits: round(sum * scale) + OutZero, clamped to Min and Max. */
  Byte = 0,
  /** The sum, int32. */
  Int32 = 1,
  /** sum * scale + shift, clamped to FloatMin and FloatMax. */
  Float32 = 2,
}

/** Channels are input channels of one group, or all for DepthwiseConv. See quantized/u8_conv_igemm_4x8 and u8_dwconv_c8. */
export enum QuantizedConvArg {
  /** 19 is WindowArg.Words: a number, because bundlers compute no enum from another file's. */
  Weights = 19,
  /** A workspace: see the kernel. */
  Scratch,
  Groups,
  /** Output channels of one group. */
  OutChannels,
  /** Output pixels packed at a time, a multiple of four. */
  BlockPixels,
  InFlip,
  /** The input's zero point, if InZeroAt is 0. */
  InZero,
  /** 0, or where the input's zero point is: one byte, not flipped. */
  InZeroAt,
  /** QuantizedType. */
  Type,
  /** float32, ScaleStep bytes apart (4 or 0) for each output channel of all groups. */
  Scale,
  ScaleStep,
  /** float32 for each output channel, added to float32 outputs; 0: none. */
  Shift,
  OutFlip,
  OutZero,
  /** Of the byte that is stored, before it is flipped. */
  Min,
  Max,
  FloatMin,
  FloatMax,
  Words,
}

/** See quantized/u8_winograd. */
export enum QuantizedWinogradArg {
  /** Tiles of 4×4 output pixels transformed at a time. */
  BlockTiles = QuantizedConvArg.Words,
  /** Channels whose products are summed before 576 is divided away, a multiple of eight. */
  SliceChannels,
  Words,
}

/** Y = X / scale, rounded to even, + zero point. See quantized/f32_quantize. */
export enum QuantizeArg {
  Input = 1,
  Output,
  Pixels,
  Channels,
  InPixelStride,
  OutPixelStride,
  /** float32. */
  Scale,
  /** One byte, not flipped; 0: the zero point is 0. */
  Zero,
  OutFlip,
  /** 0, or 8: how many channels are stored once more, behind the others. */
  Again,
  /** Eight channels. */
  AgainChannels,
  Words = AgainChannels + 8,
}

/** Y = (X - zero point) * scale. See quantized/u8_dequantize. */
export enum DequantizeArg {
  Input = 1,
  Output,
  Pixels,
  Channels,
  InPixelStride,
  OutPixelStride,
  Scale,
  Zero,
  InFlip,
  Words,
}

/** Elements that one part of a Range reads. */
export const RANGE_PART = 4096;

/** The scale and the zero point of numbers, in two instructions that differ in Scale: see quantized/f32_range. */
export enum RangeArg {
  Input = 1,
  Count,
  /** The least and the greatest number of each part, float32. */
  Partials,
  /** Where the scale goes, float32; 0: the instruction computes the partial results. */
  Scale,
  /** Where the zero point goes, one byte. */
  Zero,
  Words,
}

/** Channels are all channels. See quantized/u8_maxpool. */
export enum QuantizedMaxPoolArg {
  /** Of both sides. 19 is WindowArg.Words, as in QuantizedConvArg. */
  Flip = 19,
  Words,
}

/** AveragePool's arguments, and more. Channels are all channels. See quantized/u8_avgpool. */
export enum QuantizedAveragePoolArg {
  CountIncludePad = 19,
  PadBottom,
  PadRight,
  /** Scales are in memory, as in QuantizeArg, and zero points. */
  InScale,
  InZero,
  OutScale,
  OutZero,
  InFlip,
  OutFlip,
  Words,
}

/** Binary's arguments up to its strides, and more. See quantized/u8_binary. */
export enum QuantizedBinaryArg {
  /** Scales are in memory, as in QuantizeArg, and zero points. 37 is BinaryArg.Min. */
  AScale = 37,
  AZero,
  BScale,
  BZero,
  OutScale,
  OutZero,
  AFlip,
  BFlip,
  OutFlip,
  /** Of the byte that is stored, before it is flipped. */
  Min,
  Max,
  Words,
}

/** Y = Table[X]. See quantized/u8_lookup. */
export enum LookupArg {
  Input = 1,
  Output,
  Pixels,
  Channels,
  InPixelStride,
  OutPixelStride,
  /** 256 bytes. */
  Table,
  Words,
}

/** Words of an instruction of the pack, its opcode included; 0 for invalid opcodes. */
export function quantizedWords(op: i32): i32 {
  switch (op) {
    case QuantizedOp.PackPanels:
      return QuantizedPackArg.Words;
    case QuantizedOp.ArrangePanels:
      return ArrangePanelsArg.Words;
    case QuantizedOp.Conv:
    case QuantizedOp.DepthwiseConv:
      return QuantizedConvArg.Words;
    case QuantizedOp.MaxPool:
      return QuantizedMaxPoolArg.Words;
    case QuantizedOp.AveragePool:
      return QuantizedAveragePoolArg.Words;
    case QuantizedOp.Winograd:
      return QuantizedWinogradArg.Words;
    case QuantizedOp.Quantize:
      return QuantizeArg.Words;
    case QuantizedOp.Dequantize:
      return DequantizeArg.Words;
    case QuantizedOp.Range:
      return RangeArg.Words;
    case QuantizedOp.PackPanels16:
      return QuantizedPackArg.Words;
    case QuantizedOp.Conv16:
      return QuantizedConvArg.Words;
    case QuantizedOp.Binary:
      return QuantizedBinaryArg.Words;
    case QuantizedOp.Lookup:
      return LookupArg.Words;
    default:
      return 0;
  }
}
