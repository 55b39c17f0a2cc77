// The arguments of normalisations and pools that learn. Part of opcodes-training.ts.

/** See training/f32_batchnorm_statistics. */
export enum BatchNormStatisticsArg {
  Input = 1,
  /** Of every block: 3 rows of Channels floats, rounded up to whole vectors. */
  Partials,
  Pixels,
  Channels,
  InPixelStride,
  BlockPixels,
  Words,
}

/** See training/f32_batchnorm_moments. */
export enum BatchNormMomentsArg {
  Partials = 1,
  Scale,
  Bias,
  /** [2, Channels]: the mean, and what its rounding left. */
  Mean,
  InvStd,
  /** 3 rows of Channels floats, rounded up to whole vectors: mean, factor, offset. */
  Factors,
  /** New running statistics; 0: none. They may be the old ones. */
  NewMean,
  NewVariance,
  OldMean,
  OldVariance,
  Pixels,
  Channels,
  BlockPixels,
  Epsilon,
  /** The share of the new in the running statistics. */
  Momentum,
  Words,
}

/** See training/f32_batchnorm_apply. */
export enum BatchNormApplyArg {
  Input = 1,
  Output,
  /** Added before the clamp; 0: none. */
  Residual,
  Factors,
  Pixels,
  Channels,
  InPixelStride,
  OutPixelStride,
  ResidualPixelStride,
  BlockPixels,
  Min,
  Max,
  Words,
}

/** See training/f32_batchnorm_gradient_sums. */
export enum BatchNormGradientSumsArg {
  Input = 1,
  Gradient,
  /** What the forward pass gave, from which the mask follows; 0: no clamp. */
  Output,
  /** Where to write the masked gradient; 0: nowhere. */
  Masked,
  Mean,
  /** Of every block: 2 rows of Channels floats, rounded up to whole vectors. */
  Partials,
  Pixels,
  Channels,
  InPixelStride,
  GradientPixelStride,
  OutPixelStride,
  MaskedPixelStride,
  BlockPixels,
  Min,
  Max,
  Words,
}

/** See training/f32_batchnorm_gradient_factors. */
export enum BatchNormGradientFactorsArg {
  Partials = 1,
  Scale,
  Mean,
  InvStd,
  /** 4 rows of Channels floats, rounded up to whole vectors: mean, and the factors of f32_batchnorm_gradient_apply. */
  Factors,
  ScaleGradient,
  BiasGradient,
  Pixels,
  Channels,
  BlockPixels,
  Words,
}

/** See training/f32_batchnorm_gradient_apply. */
export enum BatchNormGradientApplyArg {
  Input = 1,
  Gradient,
  /** The input's gradient. */
  Result,
  Factors,
  Pixels,
  Channels,
  InPixelStride,
  GradientPixelStride,
  ResultPixelStride,
  BlockPixels,
  Words,
}

// Explicit, because transpilers that see one file at a time cannot count on from another file's enum.

/** The window's input is the gradient that is made, its output the gradient that is given. See training/f32_pool_gradient. */
export enum MaxPoolGradientArg {
  /** Whether windows overlap or leave gaps, so that gradients are added to zeros. */
  Adds = 19,
  /** The forward pass's input and output. */
  X,
  Y,
  XPixelStride,
  YPixelStride,
  Words,
}

/** As MaxPoolGradientArg; and as AveragePoolArg. */
export enum AveragePoolGradientArg {
  Adds = 19,
  CountIncludePad,
  PadBottom,
  PadRight,
  Words,
}

/** See training/f32_lrn_gradient. */
export enum LrnGradientArg {
  Input = 1,
  Gradient,
  Result,
  Scratch,
  Pixels,
  Channels,
  InPixelStride,
  GradientPixelStride,
  ResultPixelStride,
  Size,
  Alpha,
  Beta,
  Bias,
  Words,
}
