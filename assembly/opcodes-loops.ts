// The arguments of instructions that loop over the dimensions of any shape. Part of opcodes.ts.

/** Loops of the instructions over any shape, outermost first; shapes with fewer are filled with ones. */
export const RANK = 8;

export enum BinaryKind {
  Add = 0,
  Sub = 1,
  Mul = 2,
  Div = 3,
  Min = 4,
  Max = 5,
  /** A if it is positive, else A * B. */
  PRelu = 6,
  Pow = 7,
  /** C's fmod. */
  Mod = 8,
}

export enum BinaryArg {
  Output = 1,
  A,
  B,
  Kind,
  /** RANK sizes, then RANK strides each of the output, A and B (0: broadcast). */
  Dims,
  OutputStrides = Dims + 8, // RANK; const enums take literals only
  AStrides = OutputStrides + 8,
  BStrides = AStrides + 8,
  Min = BStrides + 8,
  Max,
  Words,
}

/** RANK loops with strides of both sides. See move/copy. */
export enum CopyArg {
  Input = 1,
  Output,
  ElementBytes,
  Dims,
  InStrides = Dims + 8, // RANK
  OutStrides = InStrides + 8,
  Words = OutStrides + 8,
}

/** See move/gather. */
export enum GatherArg {
  Input = 1,
  Output,
  Indices,
  Outer,
  Count,
  RowBytes,
  InOuterStride,
  InRowStride,
  OutOuterStride,
  OutRowStride,
  Words,
}

/** See resample/f32_resample. */
export enum ResampleArg {
  Input = 1,
  Output,
  Indices,
  Weights,
  Outer,
  OutLength,
  Taps,
  Inner,
  InOuterStride,
  InRowStride,
  OutOuterStride,
  OutRowStride,
  Words,
}

export enum ReduceKind {
  Sum = 0,
  SumAbs = 1,
  SumSquare = 2,
  Max = 3,
  Min = 4,
  Prod = 5,
}

/** See reduce/f32_reduce. */
export enum ReduceArg {
  Input = 1,
  Output,
  Kind,
  /** The factor of sums, float32 bits. */
  Scale,
  OutDims,
  InStrides = OutDims + 8, // RANK
  OutStrides = InStrides + 8,
  ReducedDims = OutStrides + 8,
  ReducedStrides = ReducedDims + 8,
  Words = ReducedStrides + 8,
}
