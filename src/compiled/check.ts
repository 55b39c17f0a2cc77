// What a compiled model has to hold so that its run ends, and its loads too. Checksums find damage; this finds what somebody has changed on purpose
// far enough that every loop has an end: no instruction counts more than memory has room for, none steps by 0, and none writes over the program.

import {
  AveragePoolArg,
  BatchNormArg,
  BinaryArg,
  ClampArg,
  ConvArg,
  CopyArg,
  DepthwiseConvArg,
  GatherArg,
  GridSampleArg,
  instructionWords,
  LrnArg,
  Op,
  PackArg,
  RANK,
  ReduceArg,
  ResampleArg,
  SoftmaxArg,
  STATIC_BYTES,
  TransposeArg,
  UnaryArg,
  WidenArg,
  WindowArg,
  WinogradArg,
  WinogradWeightsArg,
} from '../../assembly/opcodes.ts';
import { product } from '../graph/dims.ts';
import { arrayTypes } from '../graph/tensor.ts';
import { align } from '../plan/place.ts';
import type { Instruction } from '../plan/plan.ts';
import { programBytes } from '../plan/program.ts';
import type { Meta, PortMeta, Segment } from './format.ts';

/** What an instruction may do, from its words. */
interface Bounds {
  /** Loops: what each list multiplies must fit into memory. */
  readonly loops: readonly (readonly number[])[];
  /** By what loops step, and what is divided by: 1 or more. */
  readonly steps?: readonly number[];
  /** Where it writes: an address, and how far from there the last row begins. */
  readonly writes: readonly (readonly [address: number, extent: number])[];
}

/** Beyond it the 32 bits that positions have could overflow. */
const MOST_COUNT = 2 ** 30;

type Word = (index: number) => number;

const list = (word: Word, first: number, count = RANK): number[] => Array.from({ length: count }, (_, i) => word(first + i));

/** How far from the first the last of so many elements lies. */
const extent = (counts: readonly number[], strides: readonly number[]): number =>
  counts.reduce((sum, count, i) => sum + Math.max(0, count - 1) * (strides[i] ?? 0), 0);

/** Of instructions over pixels of channels, whose arguments have the same names. */
const pixels = (word: Word, arg: { Output: number; Pixels: number; Channels: number; OutPixelStride: number }): Bounds => ({
  loops: [[word(arg.Pixels), word(arg.Channels)]],
  writes: [[word(arg.Output), extent([word(arg.Pixels)], [word(arg.OutPixelStride)])]],
});

/** Of instructions whose windows slide over a picture. */
function window(word: Word, channels: readonly number[], taps: readonly number[], more: Partial<Bounds> = {}): Bounds {
  const out = list(word, WindowArg.Batch, 1).concat(list(word, WindowArg.OutHeight, 2));
  return {
    loops: [[...out, ...channels], list(word, WindowArg.Batch, 3), taps, ...(more.loops ?? [])],
    steps: [...list(word, WindowArg.KernelHeight, 4), ...list(word, WindowArg.DilationHeight, 2), ...(more.steps ?? [])],
    writes: [[word(WindowArg.Output), extent([product(out)], [word(WindowArg.OutPixelStride)])], ...(more.writes ?? [])],
  };
}

/** The loops of a convolution's windows over their depth. */
const kernelOf = (word: Word): number[] => [...list(word, WindowArg.KernelHeight, 2), word(WindowArg.Channels)];

const winogradForm = (points: number, other: number): number[] => [points === 4 || points === 6 ? 1 : 0, other <= points ? other : 0];

const bounds: Readonly<Record<Op, (word: Word) => Bounds>> = {
  [Op.End]: () => ({ loops: [], steps: [0], writes: [] }),
  [Op.PackPanels]: (word) => ({
    loops: [list(word, PackArg.Groups, 5)],
    writes: [[word(PackArg.Output), 0]],
  }),
  [Op.Conv]: (word) => {
    const block = [word(ConvArg.BlockPixels), word(ConvArg.BlockDepth)];
    return window(word, [word(ConvArg.Groups), word(ConvArg.OutChannels)], kernelOf(word), {
      steps: block,
      writes: [[word(ConvArg.Scratch), 4 * product(block)]],
    });
  },
  [Op.DepthwiseConv]: (word) => {
    const row = (word(WindowArg.OutWidth) - 1) * word(WindowArg.StrideWidth) + word(WindowArg.KernelWidth);
    const ring = word(DepthwiseConvArg.Ring);
    return window(word, [word(WindowArg.Channels)], kernelOf(word), {
      writes: ring ? [[ring, 64 * word(WindowArg.KernelHeight) * row]] : [],
    });
  },
  // Their windows see nothing outside the picture, however large they are.
  [Op.MaxPool]: (word) => window(word, [word(WindowArg.Channels)], []),
  [Op.AveragePool]: (word) => window(word, [word(WindowArg.Channels)], [word(AveragePoolArg.CountIncludePad)]),
  [Op.Col2Im]: (word) => window(word, [word(WindowArg.Channels)], kernelOf(word)),
  [Op.BatchNorm]: (word) => {
    const { loops, writes } = pixels(word, BatchNormArg);
    return { loops, writes: [...writes, [word(BatchNormArg.Scratch), 8 * word(BatchNormArg.Channels)]] };
  },
  [Op.Clamp]: (word) => pixels(word, ClampArg),
  [Op.Unary]: (word) => pixels(word, UnaryArg),
  [Op.Binary]: (word) => {
    const dims = list(word, BinaryArg.Dims);
    return { loops: [dims], writes: [[word(BinaryArg.Output), extent(dims, list(word, BinaryArg.OutputStrides))]] };
  },
  [Op.Copy]: (word) => {
    const dims = list(word, CopyArg.Dims);
    return {
      loops: [dims],
      steps: [word(CopyArg.ElementBytes)],
      writes: [[word(CopyArg.Output), extent(dims, list(word, CopyArg.OutStrides))]],
    };
  },
  [Op.Softmax]: (word) => ({ loops: [list(word, SoftmaxArg.Outer, 3)], writes: [[word(SoftmaxArg.Output), 0]] }),
  [Op.Transpose]: (word) => ({
    loops: [list(word, TransposeArg.Batch, 3)],
    // Matrices may lie between each other, as those of SpaceToDepth do: no more than where the last row begins is theirs alone.
    writes: [
      [word(TransposeArg.Output), extent([word(TransposeArg.Batch) * word(TransposeArg.Columns)], [word(TransposeArg.OutRowStride)])],
    ],
  }),
  [Op.Gather]: (word) => {
    const counts = list(word, GatherArg.Outer, 2);
    return {
      loops: [[...counts, word(GatherArg.RowBytes)]],
      writes: [[word(GatherArg.Output), extent(counts, list(word, GatherArg.OutOuterStride, 2))]],
    };
  },
  [Op.Resample]: (word) => {
    const counts = list(word, ResampleArg.Outer, 2);
    return {
      loops: [
        [...counts, word(ResampleArg.Inner)],
        [word(ResampleArg.OutLength), word(ResampleArg.Taps)],
      ],
      writes: [[word(ResampleArg.Output), extent(counts, list(word, ResampleArg.OutOuterStride, 2))]],
    };
  },
  [Op.Reduce]: (word) => {
    const dims = list(word, ReduceArg.OutDims);
    return {
      loops: [[...dims, ...list(word, ReduceArg.ReducedDims)]],
      writes: [[word(ReduceArg.Output), extent(dims, list(word, ReduceArg.OutStrides))]],
    };
  },
  [Op.Lrn]: (word) => {
    const { loops, writes } = pixels(word, LrnArg);
    return {
      loops: [...loops, [word(LrnArg.Size)]],
      writes: [...writes, [word(LrnArg.Scratch), 4 * (word(LrnArg.Channels) + word(LrnArg.Size))]],
    };
  },
  [Op.GridSample]: (word) => {
    const out = [word(GridSampleArg.Batch), word(GridSampleArg.OutPixels)];
    return {
      loops: [
        [...out, word(GridSampleArg.Channels)],
        [...list(word, GridSampleArg.Batch, 3), word(GridSampleArg.Channels)],
      ],
      writes: [
        [word(GridSampleArg.Output), extent([product(out)], [word(GridSampleArg.OutPixelStride)])],
        [word(GridSampleArg.Scratch), 0],
      ],
    };
  },
  [Op.Winograd]: (word) => {
    const points = word(WinogradArg.Points);
    const block = [word(WinogradArg.BlockTiles), word(WindowArg.Channels)];
    return window(word, [word(WinogradArg.Groups), word(WinogradArg.OutChannels)], kernelOf(word), {
      steps: [word(WinogradArg.BlockTiles), ...winogradForm(points, word(WinogradArg.TileSize))],
      loops: [block],
      writes: [[word(WinogradArg.Scratch), 4 * points ** 2 * product(block)]],
    });
  },
  [Op.WinogradWeights]: (word) => ({
    loops: [list(word, WinogradWeightsArg.Panels, 2)],
    steps: winogradForm(word(WinogradWeightsArg.Points), word(WinogradWeightsArg.Taps)),
    writes: list(word, WinogradWeightsArg.Output, 2).map((address) => [address, 0]),
  }),
  [Op.Widen]: (word) => ({ loops: [[word(WidenArg.Count)]], writes: [[word(WidenArg.Data), 0]] }),
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Whether an instruction ends, and writes to addresses from `first` to `end` only. */
function isBounded(op: Op, words: ArrayLike<number>, first: number, end: number): boolean {
  const { loops, steps = [], writes } = bounds[op]((index) => words[index] ?? 0);
  return (
    // An empty loop may hold others, and be held by them.
    loops.every(
      (counts) => counts.every((count) => count >= 0 && count <= MOST_COUNT) && product(counts.map((n) => Math.max(1, n))) <= end,
    ) &&
    steps.every((step) => step >= 1 && step <= MOST_COUNT) &&
    writes.every(([address, size]) => address >>> 0 >= first && size >= 0 && (address >>> 0) + size <= end)
  );
}

/**
 * Whether the meta and the instructions fit each other and the memory that they ask for.
 * @param file how many bytes it says the program and the body have
 */
export function makesSense(
  { inputs, outputs, memory, relayouts, segments }: Meta,
  steps: readonly Instruction[],
  file: { readonly programBytes: number; readonly bodyBytes: number },
): boolean {
  const [weights, constants, arena, workspace] = memory;
  if (memory.length !== 4 || ![...memory, relayouts].every(isCount) || (weights | constants) % 64) return false;
  const program = STATIC_BYTES + weights;
  const first = program + align(programBytes(steps));
  const end = first + constants + arena + workspace;
  const inside = (address: number, bytes: number) => isCount(address) && address >= STATIC_BYTES && address + bytes <= end;
  const isPort = ({ name, type, dims, address, face }: PortMeta): boolean => {
    if (typeof name !== 'string' || !Object.hasOwn(arrayTypes, type) || !dims.every(isCount)) return false;
    if (face !== undefined && (type !== 'float32' || !/^float(16|64)$/.test(face))) return false;
    const size = arrayTypes[type].BYTES_PER_ELEMENT;
    return address === undefined || (address % size === 0 && inside(address, size * product(dims)));
  };
  const isSegment = ([address, bytes, , half, ...words]: Segment): boolean => {
    const { WinogradWeights } = Op;
    const transforms =
      words.length === 0 ||
      (words[0] === WinogradWeights &&
        words.length === instructionWords(WinogradWeights) &&
        words.every(Number.isSafeInteger) &&
        isBounded(WinogradWeights, words, STATIC_BYTES, end));
    return isCount(bytes) && bytes > 0 && bytes % 16 === 0 && address % 4 === 0 && inside(address, half ? 2 * bytes : bytes) && transforms;
  };
  return (
    // As the writer pads it.
    Math.ceil(programBytes(steps) / 16) * 16 === file.programBytes &&
    [...inputs, ...outputs].every(isPort) &&
    outputs.every(({ address }) => address !== undefined) &&
    segments.every(isSegment) &&
    segments.reduce((sum, [, bytes]) => sum + bytes, 0) === file.bodyBytes &&
    steps.every(({ op, args }) => isBounded(op, args as ArrayLike<number>, first, end))
  );
}
