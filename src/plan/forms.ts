// How profiles describe instructions: beside instructions.ts, for what displays them.

import {
  BinaryArg,
  BinaryKind,
  ConvArg,
  GridMode,
  GridSampleArg,
  Op,
  ReduceArg,
  ReduceKind,
  SoftmaxArg,
  UnaryArg,
  UnaryKind,
  WindowArg,
  WinogradArg,
} from '../../assembly/opcodes.ts';
import {
  AccumulateArg,
  AccumulateKind,
  ElementLossArg,
  ElementLossKind,
  GradientKind,
  SgdArg,
  SoftmaxGradientArg,
  TrainingOp,
  UnaryGradientArg,
} from '../../assembly/opcodes-training.ts';
import { kernelOf, type Word } from './instructions.ts';
import { isHost, type Step } from './plan.ts';

/** How a step of a plan is computed. */
export interface Algorithm {
  /** The kernel: a file under assembly/. */
  readonly kernel: string;
  /**
   * What the instruction's arguments select in the kernel: the form of Winograd's algorithm, a window, an operation; '' if
   * there is no choice.
   */
  readonly form: string;
}

/** The kernel that runs a step, and its form. */
export function algorithmOf(step: Step): Algorithm {
  const kernel = kernelOf(step);
  if (isHost(step)) return { kernel, form: '' };
  const form = forms[step.op]?.((index) => {
    const word = step.args[index];
    // The plan omits words that are 0.
    return typeof word === 'number' ? word : 0;
  });
  return { kernel, form: form ?? '' };
}

const window = (word: Word): string => windowOf(word);
const elementLoss = (word: Word): string => lower(ElementLossKind[word(ElementLossArg.Kind)]);

/** Kernels that are not here have no choice. */
const forms: Readonly<Partial<Record<Op | TrainingOp, (word: Word) => string>>> = {
  [Op.Conv]: (word) => (isMatrixProduct(word) ? 'matrix product' : windowOf(word, word(ConvArg.Groups))),
  [Op.DepthwiseConv]: window,
  [Op.DepthwiseRing]: window,
  [Op.MaxPool]: window,
  [Op.AveragePool]: window,
  [Op.Col2Im]: window,
  [Op.Binary]: (word) => lower(BinaryKind[word(BinaryArg.Kind)]),
  [Op.Unary]: (word) => lower(UnaryKind[word(UnaryArg.Kind)]),
  [Op.Reduce]: (word) => lower(ReduceKind[word(ReduceArg.Kind)]),
  [Op.GridSample]: (word) => lower(GridMode[word(GridSampleArg.Mode)]),
  [Op.Softmax]: (word) => (word(SoftmaxArg.Log) ? 'log' : ''),
  [Op.Winograd]: (word) => {
    const [size, taps] = [word(WinogradArg.TileSize), word(WindowArg.KernelHeight)];
    return `F(${size}×${size}, ${taps}×${taps})${groupsOf(word(WinogradArg.Groups))}`;
  },
  [TrainingOp.UnaryGradient]: (word) => lower(GradientKind[word(UnaryGradientArg.Kind)]),
  [TrainingOp.ElementLoss]: elementLoss,
  [TrainingOp.ElementLossGradient]: elementLoss,
  [TrainingOp.SoftmaxGradient]: (word) => (word(SoftmaxGradientArg.Log) ? 'log' : ''),
  [TrainingOp.Sgd]: (word) => (word(SgdArg.Nesterov) ? 'nesterov' : word(SgdArg.Buffer) ? 'momentum' : ''),
  [TrainingOp.Accumulate]: (word) => lower(AccumulateKind[word(AccumulateArg.Kind)]),
};

const lower = (name = ''): string => name.toLowerCase();

/** Operators on matrices treat rows as pixels of one column. */
const isMatrixProduct = (word: Word): boolean =>
  word(WindowArg.Batch) === 1 && word(WindowArg.InWidth) === 1 && word(WindowArg.KernelHeight) * word(WindowArg.KernelWidth) === 1;

const groupsOf = (groups: number): string => (groups > 1 ? `, ${groups} groups` : '');

/** `3×3 /2, dilation 2, 32 groups`: a sliding window, with what is not 1. */
function windowOf(word: Word, groups = 1): string {
  const pair = (height: WindowArg, width: WindowArg): string =>
    word(height) === word(width) ? `${word(height)}` : `${word(height)}×${word(width)}`;
  const stride = pair(WindowArg.StrideHeight, WindowArg.StrideWidth);
  const dilation = pair(WindowArg.DilationHeight, WindowArg.DilationWidth);
  const kernel = `${word(WindowArg.KernelHeight)}×${word(WindowArg.KernelWidth)}`;
  return `${kernel}${stride === '1' ? '' : ` /${stride}`}${dilation === '1' ? '' : `, dilation ${dilation}`}${groupsOf(groups)}`;
}
