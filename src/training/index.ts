// Networks learn, to the same bits everywhere: `lanewise/train`.

export { type Batch, type Batches, type InBatchesOptions, type Inputs, inBatches, type Labels } from './batches.ts';
export type { EpochReport, FitOptions, FitStep } from './fit.ts';
export type { Loss } from './loss.ts';
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
export type { TrainerOptions } from './options.ts';
export type { Evaluation, StepReport } from './report.ts';
export { type CosineOptions, constant, cosine, type Schedule, type StepsOptions, steps, type WarmupOptions } from './schedules.ts';
export { type Trainer, trainer } from './trainer.ts';
