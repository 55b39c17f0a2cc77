// The rows of the pack *quantized* for the check of programs from elsewhere: see src/plan/accesses.ts.

import { BinaryArg, MR, NR, type Op, RANK, WindowArg } from '../../assembly/opcodes.ts';
import {
  ArrangePanelsArg,
  DEPTH_STEP,
  DequantizeArg,
  LookupArg,
  PANEL_HEAD,
  QuantizeArg,
  QuantizedAveragePoolArg,
  QuantizedBinaryArg,
  QuantizedConvArg,
  QuantizedOp,
  QuantizedPackArg,
  QuantizedType,
  QuantizedWinogradArg,
  RANGE_PART,
  RangeArg,
} from '../../assembly/opcodes-quantized.ts';
import { product } from '../graph/dims.ts';
import { type Accesses, accesses, type Bounds, kernel, list, roundUp, type Touch, WINDOW, window } from '../plan/accesses.ts';
import type { Word } from '../plan/instructions.ts';

/** Bytes of packed weights. @param rows of a kernel @param depth of each, which is padded @param bytes of a weight */
const panelBytes = (groups: number, columns: number, rows: number, depth: number, bytes = 1): number =>
  groups * Math.ceil(columns / NR) * (PANEL_HEAD + NR * rows * roundUp(depth, DEPTH_STEP) * bytes);

/** For instructions over pixels of channels: Input, Output, and at 3 Pixels, Channels, InPixelStride and OutPixelStride. */
function rows(word: Word, inBytes: number, outBytes: number, ...touches: Touch[]): Bounds {
  const [count = 0, channels = 0, inStride = 0, outStride = 0] = list(word, 3, 4);
  return {
    loops: [[count, channels]],
    touches: [[1, inBytes * channels, [count], [inStride]], [2, outBytes * channels, [count], [outStride]], ...touches],
  };
}

const pool = (word: Word, ...touches: Touch[]): Bounds =>
  window(word, word(WindowArg.Channels), word(WindowArg.Channels), { touches, inBytes: 1, outBytes: 1 });

/** @param bytes of a weight */
const pack = (bytes: number): Accesses => [
  'rownnnnnsssss',
  (word) => {
    const [groups = 0, columns = 0, ...depth] = list(word, QuantizedPackArg.Groups, 5);
    const [height = 0, ...row] = depth;
    const strides = list(word, QuantizedPackArg.GroupStride, 5).map((stride) => bytes * stride);
    return {
      loops: [[groups, columns, ...depth]],
      touches: [
        [QuantizedPackArg.Source, bytes, [groups, columns, ...depth], strides],
        [QuantizedPackArg.Bias, 4 * groups * columns],
        [QuantizedPackArg.Output, panelBytes(groups, columns, height, product(row), bytes)],
      ],
    };
  },
];

/**
 * For convolutions of bytes.
 * @param inputs, outputs channels of all groups
 * @param weights, scratch bytes of the panels and of the workspace
 * @param fits whether the kernel accepts the other words
 */
function convolution(word: Word, inputs: number, outputs: number, weights: number, scratch: number, fits = true): Bounds {
  const [type, step] = [word(QuantizedConvArg.Type), word(QuantizedConvArg.ScaleStep)];
  return window(word, inputs, outputs, {
    loops: [kernel(word)],
    touches: [
      [QuantizedConvArg.Weights, weights],
      [QuantizedConvArg.Scratch, scratch],
      [QuantizedConvArg.InZeroAt, 1],
      [QuantizedConvArg.Scale, 4, [outputs], [step]],
      [QuantizedConvArg.Shift, type === QuantizedType.Float32 ? 4 * outputs : 0],
    ],
    // Scales are read although sums of int32 are not multiplied by them.
    fits: fits && (word(QuantizedConvArg.Scale) !== 0 || (type === QuantizedType.Int32 && step === 0)),
    inBytes: 1,
    outBytes: type === QuantizedType.Byte ? 1 : 4,
  });
}

const CONVOLUTION = `${WINDOW}rxnndkkokosokkkkff`;

/** Bytes of the workspace of a matrix product: sums, packed pixels, rows of a kernel. */
function matrixScratch(word: Word): number {
  const [height = 0, width = 0, channels = 0] = kernel(word);
  const row = roundUp(width * channels, DEPTH_STEP);
  const pixels = roundUp(word(QuantizedConvArg.BlockPixels), MR);
  return pixels * (4 * NR + 2 * height * row) + (MR + 1) * (row + 16) + 64;
}

/** By matrix products. @param bytes of a weight */
const matrixConvolution = (bytes: number): Accesses => [
  CONVOLUTION,
  (word) => {
    const [groups, columns] = [word(QuantizedConvArg.Groups), word(QuantizedConvArg.OutChannels)];
    const [height = 0, width = 0, channels = 0] = kernel(word);
    const weights = panelBytes(groups, columns, height, width * channels, bytes);
    return convolution(word, groups * channels, groups * columns, weights, matrixScratch(word));
  },
];

/** Of the instructions that binaries of the pack run. */
export const quantizedAccesses: Readonly<Partial<Record<QuantizedOp, Accesses>>> = {
  [QuantizedOp.PackPanels]: pack(1),
  [QuantizedOp.ArrangePanels]: [
    'wnn',
    (word) => {
      const [count, depth] = [word(ArrangePanelsArg.Count), word(ArrangePanelsArg.Depth)];
      const bytes = depth % DEPTH_STEP ? Number.POSITIVE_INFINITY : panelBytes(count, NR, 1, depth);
      return { loops: [[count, NR * depth]], touches: [[ArrangePanelsArg.Panels, bytes]] };
    },
  ],
  [QuantizedOp.Conv]: matrixConvolution(1),
  [QuantizedOp.DepthwiseConv]: [
    CONVOLUTION,
    (word) => {
      const [height = 0, width = 0, channels = 0] = kernel(word);
      const tiles = roundUp(word(WindowArg.OutWidth), MR);
      const columns = (tiles - 1) * word(WindowArg.StrideWidth) + (width - 1) * word(WindowArg.DilationWidth) + 1;
      const scratch = 4 * NR * tiles + 16 + Math.max(0, columns) * Math.ceil(height / 2) * 32;
      return convolution(word, channels, channels, panelBytes(1, channels, width, height), scratch);
    },
  ],
  [QuantizedOp.MaxPool]: [`${WINDOW}k`, (word) => pool(word)],
  [QuantizedOp.AveragePool]: [
    `${WINDOW}knnrorokk`,
    (word) =>
      pool(
        word,
        [QuantizedAveragePoolArg.InScale, 4],
        [QuantizedAveragePoolArg.InZero, 1],
        [QuantizedAveragePoolArg.OutScale, 4],
        [QuantizedAveragePoolArg.OutZero, 1],
      ),
  ],
  [QuantizedOp.Quantize]: [
    `rwnnssrok${'n'.repeat(9)}`,
    (word) => {
      const [again, channels] = [word(QuantizeArg.Again), word(QuantizeArg.Channels)];
      const all: Touch = [QuantizeArg.Output, channels + again, [word(QuantizeArg.Pixels)], [word(QuantizeArg.OutPixelStride)]];
      return {
        ...rows(word, 4, 1, all, [QuantizeArg.Scale, 4], [QuantizeArg.Zero, 1]),
        fits: again === 0 || (again === 8 && list(word, QuantizeArg.AgainChannels, 8).every((channel) => channel < channels)),
      };
    },
  ],
  [QuantizedOp.Dequantize]: ['rwnnssrok', (word) => rows(word, 1, 4, [DequantizeArg.Scale, 4], [DequantizeArg.Zero, 1])],
  [QuantizedOp.Binary]: [
    `wrrk${'n'.repeat(RANK)}${'s'.repeat(3 * RANK)}rororokkkkk`,
    (word) => {
      const dims = list(word, BinaryArg.Dims);
      const numbers = [QuantizedBinaryArg.AScale, QuantizedBinaryArg.BScale, QuantizedBinaryArg.OutScale];
      return {
        loops: [dims],
        touches: [
          ...[0, 1, 2].map((i): Touch => [1 + i, 1, dims, list(word, BinaryArg.OutputStrides + i * RANK)]),
          // A zero point is behind its scale.
          ...numbers.flatMap((at): Touch[] => [
            [at, 4],
            [at + 1, 1],
          ]),
        ],
      };
    },
  ],
  [QuantizedOp.Lookup]: ['rwnnssr', (word) => rows(word, 1, 1, [LookupArg.Table, 256])],
  [QuantizedOp.Range]: [
    'rnwpp',
    (word) => {
      const count = word(RangeArg.Count);
      const finishes = word(RangeArg.Scale) !== 0;
      return {
        loops: [[count]],
        touches: [
          [RangeArg.Input, finishes && word(RangeArg.Zero) === 0 ? Number.POSITIVE_INFINITY : 4 * count],
          [RangeArg.Partials, 8 * Math.ceil(count / RANGE_PART)],
          [RangeArg.Scale, 4],
          [RangeArg.Zero, 1],
        ],
      };
    },
  ],
  [QuantizedOp.PackPanels16]: pack(2),
  [QuantizedOp.Conv16]: matrixConvolution(2),
  [QuantizedOp.Winograd]: [
    `${CONVOLUTION}dd`,
    (word) => {
      const [height, width, channels = 0] = kernel(word);
      const columns = word(QuantizedConvArg.OutChannels);
      const tiles = word(QuantizedWinogradArg.BlockTiles);
      const slice = word(QuantizedWinogradArg.SliceChannels);
      const slices = Math.ceil(channels / slice);
      const planes = 36 * (slices * (4 * NR * tiles + 64) + 2 * NR * slice + 64 + 2 * channels * tiles + 64);
      const scratch = 36 * (4 + 16) + channels + 64 * NR * tiles + planes;
      const steps = product([
        word(QuantizedConvArg.Groups),
        ...list(word, WindowArg.StrideHeight, 2),
        ...list(word, WindowArg.DilationHeight, 2),
      ]);
      const fits = height === 3 && width === 3 && steps === 1 && channels % NR === 0 && slice % NR === 0;
      // Binaries of relaxed dots run the matrix product in its place.
      const most = Math.max(scratch, matrixScratch(word));
      return convolution(word, channels, columns, panelBytes(1, columns, 3, 3 * channels), most, fits);
    },
  ],
};

/** Adds the rows. */
export function addAccesses(): void {
  for (const [op, row] of Object.entries(quantizedAccesses)) accesses[Number(op) as Op] = row;
}
