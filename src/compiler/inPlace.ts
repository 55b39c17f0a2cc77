import {
  BatchNormArg,
  BinaryArg,
  ClampArg,
  ConvArg,
  LrnArg,
  Op,
  RANK,
  SoftmaxArg,
  UnaryArg,
  WindowArg,
  WinogradArg,
} from '../../assembly/opcodes.ts';
import { type Buffer, isPointer } from '../plan/place.ts';
import type { Instruction } from '../plan/plan.ts';

/** The words of an output and of an input that it may overwrite where strides are the same: of those, how many and the first of each. */
type Overwritable = readonly [output: number, input: number, count: number, outStrides: number, inStrides: number];

/** As the kernels' files have it: "output may be input". */
const overwritable: Partial<Record<Op, readonly Overwritable[]>> = {
  [Op.BatchNorm]: [[BatchNormArg.Output, BatchNormArg.Input, 1, BatchNormArg.OutPixelStride, BatchNormArg.InPixelStride]],
  [Op.Clamp]: [[ClampArg.Output, ClampArg.Input, 1, ClampArg.OutPixelStride, ClampArg.InPixelStride]],
  [Op.Lrn]: [[LrnArg.Output, LrnArg.Input, 1, LrnArg.OutPixelStride, LrnArg.InPixelStride]],
  [Op.Unary]: [[UnaryArg.Output, UnaryArg.Input, 1, UnaryArg.OutPixelStride, UnaryArg.InPixelStride]],
  // Neither side has gaps.
  [Op.Softmax]: [[SoftmaxArg.Output, SoftmaxArg.Input, 0, 0, 0]],
  [Op.Binary]: [
    [BinaryArg.Output, BinaryArg.A, RANK, BinaryArg.OutputStrides, BinaryArg.AStrides],
    [BinaryArg.Output, BinaryArg.B, RANK, BinaryArg.OutputStrides, BinaryArg.BStrides],
  ],
  [Op.Conv]: [[WindowArg.Output, ConvArg.Residual, 1, WindowArg.OutPixelStride, ConvArg.ResidualPixelStride]],
  [Op.Winograd]: [[WindowArg.Output, WinogradArg.Residual, 1, WindowArg.OutPixelStride, WinogradArg.ResidualPixelStride]],
};

/**
 * The buffers that an instruction reads and may overwrite, as far as its kernel is concerned, each with the output's that could lie
 * there: of the same size, every element in the same place.
 */
export function inPlaceOf({ op, args }: Instruction): [input: Buffer, output: Buffer][] {
  const pointers = Object.values(args).filter(isPointer);
  const word = (index: number): number => (args[index] ?? 0) as number;
  // Between blocks of the depth a convolution's output holds what has been summed so far.
  const depth = word(WindowArg.KernelHeight) * word(WindowArg.KernelWidth) * word(WindowArg.Channels);
  if (op === Op.Conv && word(ConvArg.BlockDepth) < depth) return [];
  const pairs = (overwritable[op] ?? []).flatMap(([output, input, count, outStrides, inStrides]): [Buffer, Buffer][] => {
    const [from, to] = [args[input], args[output]];
    if (!isPointer(from) || !isPointer(to) || from.offset !== to.offset || from.buffer.bytes !== to.buffer.bytes) return [];
    for (let i = 0; i < count; i++) if (word(inStrides + i) !== word(outStrides + i)) return [];
    return [[from.buffer, to.buffer]];
  });
  // Nothing else of that buffer may be read, for it may be gone by then.
  return pairs.filter(
    ([input]) => pointers.filter(({ buffer }) => buffer === input).length === pairs.filter(([other]) => other === input).length,
  );
}
