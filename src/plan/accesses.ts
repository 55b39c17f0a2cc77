// What each argument of an instruction is, and what its kernel reads and writes by it: beside instructions.ts, for the check
// of programs from elsewhere.

import {
  BatchNormArg,
  BinaryArg,
  Col2ImArg,
  ConvArg,
  CopyArg,
  DepthwiseConvArg,
  DepthwiseRingArg,
  GatherArg,
  GEMM_SUMS,
  GemvArg,
  GridSampleArg,
  LrnArg,
  MR,
  NR,
  Op,
  PackArg,
  RANK,
  ReduceArg,
  ResampleArg,
  SoftmaxArg,
  TransposeArg,
  WINOGRAD_PATCHES,
  WINOGRAD_SCRATCH,
  WidenArg,
  WindowArg,
  WinogradArg,
  WinogradWeightsArg,
} from '../../assembly/opcodes.ts';
import { product } from '../graph/dims.ts';
import type { Word } from './instructions.ts';

/**
 * Memory behind a pointer: the pointer's position, the length of a contiguous run in bytes, and the loops over such runs,
 * each with its stride in bytes.
 */
export type Touch = readonly [at: number, bytes: number, counts?: readonly number[], strides?: readonly number[]];

/** Where the memory begins and ends, in bytes from the pointer. */
export function hullOf([, bytes, counts = [], strides = []]: Touch): [low: number, high: number] {
  if (counts.includes(0)) return [0, 0];
  let [low, high] = [0, bytes];
  counts.forEach((count, i) => {
    const reach = (count - 1) * (strides[i] ?? 0);
    if (reach < 0) low += reach;
    else high += reach;
  });
  return [low, high];
}

export interface Bounds {
  /** The product of each list is the count of the kernel's loops. */
  readonly loops: readonly (readonly number[])[];
  /** Reads may run on for OVERREAD bytes. Bytes are infinite if the kernel does not take such words. */
  readonly touches: readonly Touch[];
}

/**
 * Kinds of the arguments, one letter each, and the bounds that follow from the words. Rows that a table in memory chooses
 * (Gather, Resample) are known only to the kernel.
 *
 *   r  a pointer to what is read         n  a count, 0 or more
 *   o  as r; 0: absent                   d  1 or more: what is divided by, or a loop's step
 *   w  a pointer to what is written      s  a stride, any number
 *   p  as w; 0: absent                   k  a choice or a flag, any number
 *   x  as w, for each thread its own     f  float32
 */
export type Accesses = readonly [kinds: string, boundsOf: (word: Word) => Bounds];

export const list = (word: Word, first: number, count = RANK): number[] => Array.from({ length: count }, (_, i) => word(first + i));

export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Bytes of panels of weights: `depth` rows, and one of biases. */
const panels = (groups: number, columns: number, depth: number): number => groups * roundUp(columns, NR) * (depth + 1) * 4;

/**
 * For instructions over pixels of channels: Input, Output, and at `first` Pixels, Channels, InPixelStride and
 * OutPixelStride.
 */
function pixels(word: Word, first: number, ...touches: Touch[]): Bounds {
  const [count = 0, channels = 0, inStride = 0, outStride = 0] = list(word, first, 4);
  return {
    loops: [[count, channels]],
    touches: [[1, 4 * channels, [count], [inStride]], [2, 4 * channels, [count], [outStride]], ...touches],
  };
}

export const WINDOW = 'rwnnnnnssddddnnddn';
/** A transposed convolution's padding may be negative: auto_pad SAME with a stride over the kernel. */
const SPREAD = 'rwnnnnnssddddssddn';
/** Positions, padding included, stay far below 32 bits. */
const FAR = 2 ** 29;

/**
 * For instructions whose windows slide over a picture.
 * @param inputs, outputs elements per pixel, of `inBytes` and `outBytes` each
 * @param fits whether the kernel accepts the words that only this instruction has
 */
export function window(
  word: Word,
  inputs: number,
  outputs: number,
  { loops, touches, fits = true, inBytes = 4, outBytes = 4 }: Partial<Bounds> & { fits?: boolean; inBytes?: number; outBytes?: number },
): Bounds {
  const [batch = 0, inHeight = 0, inWidth = 0, outHeight = 0, outWidth = 0] = list(word, WindowArg.Batch, 5);
  const reaches = [0, 1].every((axis) => {
    const at = (arg: WindowArg) => word(arg + axis);
    const furthest = [
      at(WindowArg.OutHeight) * at(WindowArg.StrideHeight),
      at(WindowArg.KernelHeight) * at(WindowArg.DilationHeight),
      Math.abs(at(WindowArg.PadTop)),
    ];
    return Math.max(...furthest) <= FAR;
  });
  return {
    loops: [[batch, outHeight, outWidth, outputs], [batch, inHeight, inWidth], ...(loops ?? [])],
    touches: [
      [WindowArg.Input, inBytes * inputs, [batch * inHeight * inWidth], [word(WindowArg.InPixelStride)]],
      [WindowArg.Output, outBytes * outputs, [batch * outHeight * outWidth], [word(WindowArg.OutPixelStride)]],
      [WindowArg.Input, reaches && fits ? 0 : Number.POSITIVE_INFINITY],
      ...(touches ?? []),
    ],
  };
}

export const kernel = (word: Word): number[] => [...list(word, WindowArg.KernelHeight, 2), word(WindowArg.Channels)];

/** For pools; however large their windows are, they see nothing outside the picture. */
const pool = (word: Word): Bounds => window(word, word(WindowArg.Channels), word(WindowArg.Channels), {});

function depthwise(word: Word, more: Partial<Bounds> & { fits?: boolean } = {}): Bounds {
  const channels = word(WindowArg.Channels);
  const taps = word(WindowArg.KernelHeight) * word(WindowArg.KernelWidth);
  const touches: Touch[] = [[DepthwiseConvArg.Weights, panels(1, channels, taps)], ...(more.touches ?? [])];
  return window(word, channels, channels, { ...more, loops: [kernel(word)], touches });
}

/** F(4, 3), F(2, 3) and F(2, 5), as points and taps. */
const isWinograd = (points: number, taps: number): boolean => ['6,3', '4,3', '6,5'].includes(`${points},${taps}`);

/** By opcode. A chunk that has instructions of its own adds theirs. */
export const accesses: Record<Op, Accesses> = {
  [Op.End]: ['', () => ({ loops: [], touches: [[0, Number.POSITIVE_INFINITY]] })],
  [Op.PackPanels]: [
    'rownnnnnssssssff',
    (word) => {
      const [groups = 0, columns = 0, ...depth] = list(word, PackArg.Groups, 5);
      const strides = list(word, PackArg.GroupStride, 5).map((stride) => 4 * stride);
      return {
        loops: [[groups, columns, ...depth]],
        touches: [
          [PackArg.Source, 4, [groups, columns, ...depth], strides],
          [PackArg.Bias, 4, [groups * columns], [4 * word(PackArg.BiasStride)]],
          [PackArg.Output, panels(groups, columns, product(depth))],
        ],
      };
    },
  ],
  [Op.Conv]: [
    `${WINDOW}rrxosnndddffooff`,
    (word) => {
      const [groups, columns] = [word(ConvArg.Groups), word(ConvArg.OutChannels)];
      const [blockPixels, blockDepth] = [word(ConvArg.BlockPixels), word(ConvArg.BlockDepth)];
      const depth = product(kernel(word));
      const count = product([word(WindowArg.Batch), ...list(word, WindowArg.OutHeight, 2)]);
      const narrow = columns % NR ? NR : 0;
      return window(word, groups * word(WindowArg.Channels), groups * columns, {
        loops: [kernel(word)],
        touches: [
          [ConvArg.Weights, panels(groups, columns, depth)],
          [ConvArg.Zeros, 4 * word(WindowArg.KernelWidth) * word(WindowArg.Channels)],
          [ConvArg.Scratch, GEMM_SUMS + roundUp(blockPixels, MR) * (blockDepth + narrow) * 4 + 48],
          [ConvArg.Residual, 4 * groups * columns, [count], [word(ConvArg.ResidualPixelStride)]],
          [ConvArg.InScale, 4 * depth],
          [ConvArg.InShift, 4 * depth],
          // The packed input is contiguous, one pixel after the other.
          ...(word(ConvArg.InScale) ? [[WindowArg.Input, 4 * depth, [count], [word(WindowArg.InPixelStride)]] as const] : []),
        ],
      });
    },
  ],
  [Op.Gemv]: [
    'rwronnndff',
    (word) => {
      const [groups = 0, channels = 0, columns = 0] = list(word, GemvArg.Groups, 3);
      return {
        loops: [[groups, channels, columns]],
        touches: [
          [GemvArg.Input, 4 * groups * channels],
          [GemvArg.Output, 4 * groups * columns],
          [GemvArg.Weights, panels(groups, columns, channels)],
          [GemvArg.Residual, 4 * groups * columns],
        ],
      };
    },
  ],
  [Op.DepthwiseConv]: [`${WINDOW}rff`, (word) => depthwise(word)],
  [Op.DepthwiseRing]: [
    `${WINDOW}rffx`,
    (word) => {
      const [outWidth, width, stride] = [word(WindowArg.OutWidth), word(WindowArg.KernelWidth), word(WindowArg.StrideWidth)];
      const dilations = product(list(word, WindowArg.DilationHeight, 2));
      return depthwise(word, {
        touches: [[DepthwiseRingArg.Ring, 64 * (word(WindowArg.KernelHeight) * ((outWidth - 1) * stride + width) + 1)]],
        fits: width > 2 && width % 2 === 1 && stride < 3 && outWidth > 4 - stride && dilations === 1,
      });
    },
  ],
  [Op.MaxPool]: [WINDOW, pool],
  [Op.AveragePool]: [`${WINDOW}knn`, pool],
  [Op.Col2Im]: [
    `${SPREAD}off`,
    (word) => {
      const channels = word(WindowArg.Channels);
      return window(word, product(kernel(word)), channels, { loops: [kernel(word)], touches: [[Col2ImArg.Bias, 4 * channels]] });
    },
  ],
  [Op.BatchNorm]: [
    'rwrrrrxnnssfff',
    (word) => {
      const channels = word(BatchNormArg.Channels);
      const vectors = [0, 1, 2, 3].map((i): Touch => [BatchNormArg.Scale + i, 4 * channels]);
      return pixels(word, BatchNormArg.Pixels, ...vectors, [BatchNormArg.Scratch, 8 * roundUp(channels, 4)]);
    },
  ],
  [Op.Clamp]: ['rwnnssff', (word) => pixels(word, 3)],
  [Op.Unary]: ['rwknnssff', (word) => pixels(word, 4)],
  [Op.Lrn]: [
    'rwxnnssdfff',
    (word) => {
      const [channels, size] = [word(LrnArg.Channels), word(LrnArg.Size)];
      const { loops, touches } = pixels(word, LrnArg.Pixels, [LrnArg.Scratch, 4 * (roundUp(channels, 4) + size - 1)]);
      return { loops: [...loops, [size]], touches };
    },
  ],
  [Op.Binary]: [
    `wrrk${'n'.repeat(RANK)}${'s'.repeat(3 * RANK)}ff`,
    (word) => {
      const dims = list(word, BinaryArg.Dims);
      return { loops: [dims], touches: [0, 1, 2].map((i) => [1 + i, 4, dims, list(word, BinaryArg.OutputStrides + i * RANK)]) };
    },
  ],
  [Op.Copy]: [
    `rwd${'n'.repeat(RANK)}${'s'.repeat(2 * RANK)}`,
    (word) => {
      const [bytes, dims] = [word(CopyArg.ElementBytes), list(word, CopyArg.Dims)];
      return { loops: [dims], touches: [0, 1].map((i) => [1 + i, bytes, dims, list(word, CopyArg.InStrides + i * RANK)]) };
    },
  ],
  [Op.Softmax]: [
    'rwnnnk',
    (word) => {
      const dims = list(word, SoftmaxArg.Outer, 3);
      const bytes = 4 * product(dims);
      return {
        loops: [dims],
        touches: [
          [SoftmaxArg.Input, bytes],
          [SoftmaxArg.Output, bytes],
        ],
      };
    },
  ],
  [Op.Transpose]: [
    'rwnnnss',
    (word) => {
      const [batch = 0, rows = 0, columns = 0, inStride = 0, outStride = 0] = list(word, TransposeArg.Batch, 5);
      return {
        loops: [[batch, rows, columns]],
        touches: [
          [TransposeArg.Input, 4 * columns, [batch * rows], [inStride]],
          [TransposeArg.Output, 4 * rows, [batch * columns], [outStride]],
        ],
      };
    },
  ],
  [Op.Gather]: [
    'rwrnnnssss',
    (word) => {
      const [outer = 0, count = 0, bytes = 0] = list(word, GatherArg.Outer, 3);
      return {
        loops: [[outer, count, bytes]],
        touches: [
          // The kernel also reads the rows that the indices select.
          [GatherArg.Input, bytes, [outer], [word(GatherArg.InOuterStride)]],
          [GatherArg.Output, bytes, [outer, count], list(word, GatherArg.OutOuterStride, 2)],
          [GatherArg.Indices, 4 * count],
        ],
      };
    },
  ],
  [Op.Resample]: [
    'rwrrnnnnssss',
    (word) => {
      const [outer = 0, length = 0, taps = 0, inner = 0] = list(word, ResampleArg.Outer, 4);
      return {
        loops: [
          [outer, length, inner],
          [length, taps],
        ],
        touches: [
          // The kernel also reads the rows that the indices select.
          [ResampleArg.Input, 4 * inner, [outer], [word(ResampleArg.InOuterStride)]],
          [ResampleArg.Output, 4 * inner, [outer, length], list(word, ResampleArg.OutOuterStride, 2)],
          [ResampleArg.Indices, 4 * length * taps],
          [ResampleArg.Weights, 4 * length * taps],
        ],
      };
    },
  ],
  [Op.Reduce]: [
    `rwkf${'n'.repeat(RANK)}${'s'.repeat(2 * RANK)}${'n'.repeat(RANK)}${'s'.repeat(RANK)}`,
    (word) => {
      const dims = list(word, ReduceArg.OutDims);
      const all = [...dims, ...list(word, ReduceArg.ReducedDims)];
      return {
        loops: [all],
        touches: [
          [ReduceArg.Input, 4, all, [...list(word, ReduceArg.InStrides), ...list(word, ReduceArg.ReducedStrides)]],
          [ReduceArg.Output, 4, dims, list(word, ReduceArg.OutStrides)],
        ],
      };
    },
  ],
  [Op.GridSample]: [
    'rrwxnnnnnsskkk',
    (word) => {
      const [batch = 0, height = 0, width = 0, channels = 0, count = 0, inStride = 0, outStride = 0] = list(word, GridSampleArg.Batch, 7);
      return {
        loops: [
          [batch, count, channels],
          [batch, height, width, channels],
        ],
        touches: [
          [GridSampleArg.Input, 4 * channels, [batch * height * width], [inStride]],
          [GridSampleArg.Grid, 8 * batch * count],
          [GridSampleArg.Output, 4 * channels, [batch * count], [outStride]],
          [GridSampleArg.Scratch, 128],
        ],
      };
    },
  ],
  [Op.Winograd]: [
    `${WINDOW}rrxosnnddddff`,
    (word) => {
      const [groups, columns, points] = [word(WinogradArg.Groups), word(WinogradArg.OutChannels), word(WinogradArg.Points)];
      const channels = word(WindowArg.Channels);
      const count = product([word(WindowArg.Batch), ...list(word, WindowArg.OutHeight, 2)]);
      const block = roundUp(word(WinogradArg.BlockTiles), MR);
      return window(word, groups * channels, groups * columns, {
        loops: [kernel(word)],
        touches: [
          // Biases unchanged, and the weights by points.
          [WinogradArg.Weights, panels(groups, columns, points ** 2 * channels)],
          [WinogradArg.Zeros, 4 * Math.max(channels, NR)],
          [WinogradArg.Scratch, WINOGRAD_PATCHES + WINOGRAD_SCRATCH + points ** 2 * block * (channels + NR) * 4],
          [WinogradArg.Residual, 4 * groups * columns, [count], [word(WinogradArg.ResidualPixelStride)]],
        ],
        fits: channels % 4 === 0 && isWinograd(points, points + 1 - word(WinogradArg.TileSize)),
      });
    },
  ],
  [Op.WinogradWeights]: [
    'rwwnndd',
    (word) => {
      const [count = 0, channels = 0, points = 0, taps = 0] = list(word, WinogradWeightsArg.Panels, 4);
      return {
        loops: [[count, channels]],
        touches: [
          [WinogradWeightsArg.Input, panels(count, NR, taps ** 2 * channels)],
          [WinogradWeightsArg.Output, panels(count, NR, points ** 2 * channels)],
          [WinogradWeightsArg.Scratch, isWinograd(points, taps) ? 16 * points * taps : Number.POSITIVE_INFINITY],
        ],
      };
    },
  ],
  [Op.Widen]: ['wn', (word) => ({ loops: [], touches: [[WidenArg.Data, 4 * roundUp(word(WidenArg.Count), 8)]] })],
};
