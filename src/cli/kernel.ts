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
import { kernelOf } from '../plan/instructions.ts';
import { type Instruction, isHost, type Step } from '../plan/plan.ts';

/** How a step of a plan computes. */
export interface Algorithm {
  /** The kernel: a file under assembly/. */
  readonly kernel: string;
  /** What of it the instruction's arguments choose: the form of Winograd's algorithm, a window, an operation; '' where there is no choice. */
  readonly form: string;
}

/** What runs a step, as the interpreter in assembly/ picks it. */
export function algorithmOf(step: Step): Algorithm {
  const kernel = kernelOf(step);
  if (isHost(step)) return { kernel, form: '' };
  const word = (index: number): number => wordOf(step, index);
  const named = (form = '') => ({ kernel, form });
  switch (step.op) {
    case Op.Conv:
      if (kernel === 'f32_gemv_1x16') return named();
      return named(isMatrixProduct(word) ? 'matrix product' : windowOf(word, word(ConvArg.Groups)));
    case Op.Winograd: {
      const [size, taps] = [word(WinogradArg.TileSize), word(WindowArg.KernelHeight)];
      return named(`F(${size}×${size}, ${taps}×${taps})${groupsOf(word(WinogradArg.Groups))}`);
    }
    case Op.DepthwiseConv:
    case Op.MaxPool:
    case Op.AveragePool:
    case Op.Col2Im:
      return named(windowOf(word));
    case Op.Binary:
      return named(BinaryKind[word(BinaryArg.Kind)]?.toLowerCase());
    case Op.Unary:
      return named(UnaryKind[word(UnaryArg.Kind)]?.toLowerCase());
    case Op.Reduce:
      return named(ReduceKind[word(ReduceArg.Kind)]?.toLowerCase());
    case Op.GridSample:
      return named(GridMode[word(GridSampleArg.Mode)]?.toLowerCase());
    case Op.Softmax:
      return named(word(SoftmaxArg.Log) ? 'log' : '');
    default:
      return named();
  }
}

/** An argument that is a plain number; the plan leaves zeros out. */
function wordOf({ args }: Instruction, index: number): number {
  const word = args[index];
  return typeof word === 'number' ? word : 0;
}

type Word = (index: number) => number;

/** Operators of matrices take rows for pixels of one column. */
const isMatrixProduct = (word: Word): boolean =>
  word(WindowArg.Batch) === 1 && word(WindowArg.InWidth) === 1 && word(WindowArg.KernelHeight) * word(WindowArg.KernelWidth) === 1;

const groupsOf = (groups: number): string => (groups > 1 ? `, ${groups} groups` : '');

/** `3×3 /2, dilation 2, 32 groups`: a sliding window and what of it is not 1. */
function windowOf(word: Word, groups = 1): string {
  const pair = (height: WindowArg, width: WindowArg): string =>
    word(height) === word(width) ? `${word(height)}` : `${word(height)}×${word(width)}`;
  const stride = pair(WindowArg.StrideHeight, WindowArg.StrideWidth);
  const dilation = pair(WindowArg.DilationHeight, WindowArg.DilationWidth);
  const kernel = `${word(WindowArg.KernelHeight)}×${word(WindowArg.KernelWidth)}`;
  return `${kernel}${stride === '1' ? '' : ` /${stride}`}${dilation === '1' ? '' : `, dilation ${dilation}`}${groupsOf(groups)}`;
}
