// The rows of the pack *training* in the tables by opcode: see src/plan/instructions.ts.

import {
  AccumulateArg,
  AccumulateKind,
  CrossEntropyArg,
  CrossEntropyGradientArg,
  DropoutArg,
  ElementLossArg,
  ElementLossGradientArg,
  ElementLossKind,
  GradientKind,
  SgdArg,
  SoftmaxGradientArg,
  TrainingOp,
  trainingWords,
  UnaryGradientArg,
} from '../../assembly/opcodes-training.ts';
import { type Added, added, type Overwrite } from '../plan/instructions.ts';

/** The output may be any of these inputs; no side has gaps. */
const overwriting = (output: number, ...inputs: number[]): readonly Overwrite[] => inputs.map((input) => [output, input, 0, 0, 0]);

const named =
  (names: Readonly<Record<number, string>>, arg: number): Added['form'] =>
  (word) =>
    (names[word(arg)] ?? '').toLowerCase();

const rows: Readonly<Record<TrainingOp, Omit<Added, 'words'>>> = {
  [TrainingOp.UnaryGradient]: {
    kernel: 'f32_unary_gradient',
    overwrites: overwriting(UnaryGradientArg.Output, UnaryGradientArg.Gradient, UnaryGradientArg.Value),
    form: named(GradientKind, UnaryGradientArg.Kind),
  },
  [TrainingOp.CrossEntropy]: { kernel: 'f32_cross_entropy' },
  [TrainingOp.CrossEntropyGradient]: {
    kernel: 'f32_cross_entropy_gradient',
    overwrites: overwriting(CrossEntropyGradientArg.Output, CrossEntropyArg.Input),
  },
  [TrainingOp.LossSum]: { kernel: 'loss_sum' },
  [TrainingOp.ElementLoss]: { kernel: 'f32_element_loss', form: named(ElementLossKind, ElementLossArg.Kind) },
  [TrainingOp.ElementLossGradient]: {
    kernel: 'f32_element_loss',
    overwrites: overwriting(ElementLossGradientArg.Output, ElementLossArg.Input),
    form: named(ElementLossKind, ElementLossArg.Kind),
  },
  [TrainingOp.Dropout]: { kernel: 'f32_dropout', overwrites: overwriting(DropoutArg.Output, DropoutArg.Input) },
  [TrainingOp.SoftmaxGradient]: {
    kernel: 'f32_softmax_gradient',
    overwrites: overwriting(SoftmaxGradientArg.Output, SoftmaxGradientArg.Gradient, SoftmaxGradientArg.Value),
    form: (word) => (word(SoftmaxGradientArg.Log) ? 'log' : ''),
  },
  // What changes is a state, which no output takes the place of.
  [TrainingOp.Sgd]: { kernel: 'f32_sgd', form: (word) => (word(SgdArg.Nesterov) ? 'nesterov' : word(SgdArg.Buffer) ? 'momentum' : '') },
  [TrainingOp.Adamw]: { kernel: 'f32_adamw' },
  [TrainingOp.Accumulate]: { kernel: 'f32_accumulate', form: named(AccumulateKind, AccumulateArg.Kind) },
  [TrainingOp.Squares]: { kernel: 'f32_squares' },
  [TrainingOp.Clip]: { kernel: 'f32_clip' },
};

/** Adds the pack's instructions to the tables. */
export function addInstructions(): void {
  for (const [op, row] of Object.entries(rows)) added[Number(op)] = { ...row, words: trainingWords(Number(op)) };
}
