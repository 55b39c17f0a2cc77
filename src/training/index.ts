// lanewise/train.

export { addInstructions } from './instructions.ts';
export type { Loss, LossValues } from './loss.ts';
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropy,
  type CrossEntropyOptions,
  crossEntropy,
  l1,
  meanSquaredError,
  outputLoss,
  type SmoothL1Options,
  smoothL1,
} from './losses.ts';
export type { Optimizer } from './optimizer.ts';
export { type AdamwOptions, adamw, type SgdOptions, sgd } from './optimizers.ts';
export { type CosineOptions, constant, cosine, type Schedule, type StepsOptions, steps, type WarmupOptions } from './schedules.ts';
