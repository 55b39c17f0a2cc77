// Arguments of the instructions that change weights.

/** The float32 numbers of a step that training/f32_sgd reads. */
export enum SgdNumber {
  Rate,
  Momentum,
  /** The share of the gradient that joins the momentum. */
  Share,
  Decay,
  Count,
}

/** See training/f32_sgd. Buffers are Count floats without gaps. */
export enum SgdArg {
  Weight = 1,
  Gradient,
  /** 0 without momentum. */
  Buffer,
  Numbers,
  /** Address of a float, or 0. */
  Factor,
  Count,
  /** Flags. */
  Nesterov,
  Decays,
  Words,
}

/** The float32 numbers of a step that training/f32_adamw reads. */
export enum AdamwNumber {
  Rate,
  /** What decay leaves of a weight. */
  Kept,
  Beta1,
  /** 1 - Beta1. */
  Rest1,
  Beta2,
  /** 1 - Beta2. */
  Rest2,
  /** The rate over the first moment's bias correction. */
  StepSize,
  /** 1 over the root of the second moment's bias correction. */
  Correction,
  Epsilon,
  Count,
}

/** See training/f32_adamw. */
export enum AdamwArg {
  Weight = 1,
  Gradient,
  FirstMoment,
  SecondMoment,
  Numbers,
  /** Address of a float, or 0. */
  Factor,
  Count,
  /** A flag. */
  Decays,
  Words,
}

/** What f32_accumulate does to its state. */
export enum AccumulateKind {
  /** Adds Factor times Value. */
  Accumulate = 0,
  /** Moves it towards Value by the share Factor. */
  Average = 1,
  /** Makes it 0; Value and Factor are not read. */
  Clear = 2,
  /** Makes it Value; Factor is not read. */
  Set = 3,
}

/** See training/f32_accumulate. */
export enum AccumulateArg {
  State = 1,
  Value,
  /** Address of a float. */
  Factor,
  Kind,
  Count,
  Words,
}

/** Elements of a sum of squares. */
export const SQUARES_BLOCK = 4096;

/** See training/f32_squares. */
export enum SquaresArg {
  Input = 1,
  /** A float64 for each SQUARES_BLOCK elements. */
  Output,
  Count,
  Words,
}

/** See training/f32_clip. */
export enum ClipArg {
  /** Count float64. */
  Squares = 1,
  Factor,
  Norm,
  Count,
  /** Float32 bits. */
  Max,
  Words,
}
