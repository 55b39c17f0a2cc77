// The arguments of the pack's instructions for elements, softmax, dropout and losses. As in opcodes.ts.

/** The functions whose derivative f32_unary_gradient takes: what V is, and f'. */
export enum GradientKind {
  /** Of the output: 1 between Alpha and Beta, 0 at them and outside, as PyTorch's relu and hardtanh. */
  Clamp = 0,
  /** Of the input, or the output if Alpha is positive: 1 above 0, Alpha elsewhere. */
  LeakyRelu = 1,
  /** Of the output: Alpha between 0 and 1, 0 at them. */
  HardSigmoid = 2,
  /** Of the input: 0 up to -3, V / 3 + ½ up to 3, then 1. */
  HardSwish = 3,
  /** Of the output: V·(1 - V). */
  Sigmoid = 4,
  /** Of the input: s + Alpha·V·s·(1 - s), s = sigmoid(Alpha·V). */
  Swish = 5,
  /** Of the output: 1 - V². */
  Tanh = 6,
  // From here on they belong to the pack *training-more*.
  /** Of the output: Beta above 0, else V + Alpha. */
  Elu = 7,
  /** Of the input: Beta above 0, else Alpha·e^V. */
  EluOfInput = 8,
  /** Of the output: 1 above 0, else Alpha·V + 1. */
  Celu = 9,
  /** Of the output: 1 - e^-V. */
  Softplus = 10,
  /** Of the output: (1 - |V|)². */
  Softsign = 11,
  /** Of the input. */
  Mish = 12,
  Gelu = 13,
  GeluTanh = 14,
  /** Of the input: 2/√π·e^-V². */
  Erf = 15,
  /** Of the output: 1 / 2V. */
  Sqrt = 16,
  /** Of the output: -V². */
  Reciprocal = 17,
  /** Of the input: its sign. */
  Abs = 18,
  /** Of the input: cos V. */
  Sin = 19,
  /** Of the input: -sin V. */
  Cos = 20,
  /** Of a difference: 1 above 0, ½ at 0, 0 below: the share that the greater of two numbers gets. */
  Greater = 21,
  /** Of the input: 1 at most 0, 0 above. */
  Below = 22,
}

/** See training/f32_unary_gradient. */
export enum UnaryGradientArg {
  /** What the function gave, or what it was given: as its kind says. */
  Value = 1,
  Gradient,
  Output,
  Kind,
  Count,
  /** Float32 bits. */
  Alpha,
  Beta,
  Words,
}

/** See training/f32_cross_entropy. */
export enum CrossEntropyArg {
  Input = 1,
  /** int32 [Outer, Inner], or if Shares is 1 float32 as the input. */
  Labels,
  Shares,
  /** float32 [Length]. */
  Weights,
  Outer,
  Length,
  Inner,
  /** 1 - smoothing and smoothing / Length, float32 bits. */
  Keep,
  Spread,
  /** The label of what does not count. */
  Ignore,
  /** Three float64 for each part. */
  Sums,
  /** Rows, or four columns, in a part. */
  PartSize,
  Words,
}

/** See training/f32_cross_entropy_gradient: the first are those of CrossEntropyArg. */
export enum CrossEntropyGradientArg {
  /** float32 [1]: what the loss was divided by. */
  Total = 11,
  /** float32 [1]: the gradient of the loss. */
  Gradient,
  Output,
  Words,
}

/** See training/loss_sum. */
export enum LossSumArg {
  /** Three float64 for each part: the loss, its weight, how many are right. */
  Sums = 1,
  Parts,
  /** float32 [1] each; Correct and Total may be absent. */
  Loss,
  Correct,
  Total,
  /** Float32 bits: what the loss is divided by; 0: by the weight. */
  Divisor,
  Words,
}

export enum ElementLossKind {
  /** -(Alpha·t·log s + (1 - t)·log(1 - s)), s = sigmoid(x). */
  BinaryCrossEntropy = 0,
  Squared = 1,
  Absolute = 2,
  /** d² / 2·Alpha for |d| below Alpha, else |d| - Alpha / 2. */
  SmoothAbsolute = 3,
}

/** See training/f32_element_loss. */
export enum ElementLossArg {
  Input = 1,
  Target,
  Kind,
  Count,
  /** Float32 bits. */
  Alpha,
  /** Three float64 for each part. */
  Sums,
  Words,
}

/** See training/f32_element_loss: the first are those of ElementLossArg. */
export enum ElementLossGradientArg {
  /** float32 [1]: the gradient of the loss. */
  Gradient = 6,
  /** Float32 bits: a factor of the gradient. */
  Scale,
  Output,
  Words,
}

/** See training/f32_dropout. */
export enum DropoutArg {
  Input = 1,
  Output,
  /** int32 [4]: seed and step, the lower half of each first. */
  Random,
  /** The second word of the counter: the node's place in the network. */
  Index,
  Count,
  /** An element stays if its random number is not below this, unsigned. */
  Threshold,
  /** Float32 bits: the factor of what stays. */
  Scale,
  /** 64 bytes for each thread. */
  Workspace,
  Words,
}

/** See training/f32_softmax_gradient: [Outer, Length, Inner] as SoftmaxArg. */
export enum SoftmaxGradientArg {
  /** What Softmax gave. */
  Value = 1,
  Gradient,
  Output,
  Outer,
  Length,
  Inner,
  /** 1: the gradient of the softmax's logarithm. */
  Log,
  Words,
}

/** Elements in a part of an element-wise loss. */
export const LOSS_PART = 4096;
