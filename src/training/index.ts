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
