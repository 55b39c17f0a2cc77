import { WINOGRAD_PATCHES, WINOGRAD_SCRATCH } from '../../../assembly/opcodes.ts';
import { TrainingOp, WeightGradientArg, WeightGradientSumArg, WinogradWeightGradientArg } from '../../../assembly/opcodes-training.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { channelsLast } from '../../ops/layouts.ts';
import type { Lowering, Node, Operator } from '../../ops/operator.ts';
import { asImage, input, output } from '../../ops/shapes.ts';
import { type Window, windowArgs } from '../../ops/window/window.ts';
import type { Pointer } from '../../plan/place.ts';
import { emitTraining } from './emit.ts';

export interface ConvWeightGradientAttributes {
  /** The convolution's. */
  readonly window: Window;
  readonly group: number;
  /** Sizes of the kernel: as many as there are spatial dimensions. */
  readonly kernel: readonly number[];
}

/** Where the parts of a gradient are, and how to add them up. */
interface Sums {
  readonly pointer: Pointer;
  readonly parts: number;
  readonly groups: number;
  readonly channels: number;
  /** Rows in memory for the channels of a group. */
  readonly rows: number;
  readonly outChannels: number;
  /** Taps whose rows follow each other. */
  readonly run: number;
}

/** The most pixels whose products are added one after the other: as many as the nearest cache has room for, but some. */
const BLOCK_PIXELS = 256;
const BLOCK_BYTES = 32 * 1024;
const LEAST_PIXELS = 64;
/** Parts are sums of their own: enough to share, and few enough to add up. */
const MOST_PARTS = 8;
const PARTS_BYTES = 2 * 1024 * 1024;
/** Tiles that Winograd's algorithm transforms at a time: more for more channels, because each block reads and writes all sums. */
const LEAST_TILES = 48;
const MOST_TILES = 128;

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;
/** The size of equal pieces of at most `most`. */
const even = (n: number, most: number): number => Math.ceil(n / Math.ceil(n / Math.max(1, most)));

/**
 * The gradient of a convolution's weights: dW [M, C / group, ...kernel] from its input X [N, C, ...] and its output's gradient
 * dY [N, M, ...].
 */
export const convWeightGradient: Operator<ConvWeightGradientAttributes> = {
  name: 'ConvWeightGradient',
  since: 1,
  inputs: [2, 2],
  slices: true,
  inferShape(node) {
    const { group, kernel } = node.attributes;
    return [{ type: 'float32', dims: [at(input(node, 1).dims, 1), at(input(node, 0).dims, 1) / group, ...kernel] }];
  },
  layout: () => ({ ...channelsLast(), output: 'rowMajor' }),
  macs: (node) => product(input(node, 1).dims) * product(output(node).dims.slice(1)),
  lower(node, lowering) {
    const winograd = takesWinograd(node, lowering);
    const sums = winograd ? lowerWinograd(node, lowering) : lowerDirect(node, lowering);
    emitTraining(lowering, TrainingOp.WeightGradientSum, {
      [WeightGradientSumArg.Input]: sums.pointer,
      [WeightGradientSumArg.Output]: lowering.define(output(node)).pointer,
      [WeightGradientSumArg.Parts]: sums.parts,
      [WeightGradientSumArg.Groups]: sums.groups,
      [WeightGradientSumArg.Channels]: sums.channels,
      [WeightGradientSumArg.Rows]: sums.rows,
      [WeightGradientSumArg.OutChannels]: sums.outChannels,
      [WeightGradientSumArg.Taps]: product(node.attributes.kernel),
      [WeightGradientSumArg.Run]: sums.run,
      [WeightGradientSumArg.Scratch]: winograd ? lowering.workspace(WINOGRAD_SCRATCH) : 0,
    });
  },
};

/** In multiply-adds, measured: an element transformed, a sum of a part set to 0, read, written and added to the others. */
const TRANSFORMED = 11;
const SUMMED = 32;

/**
 * Whether Winograd's algorithm applies, and pays: with few channels the transforms take more than it saves, with few tiles the
 * sums.
 */
function takesWinograd(node: Node<ConvWeightGradientAttributes>, { winograd }: Lowering): boolean {
  const { window, group, kernel } = node.attributes;
  const plain = kernel.join() === '3,3' && [...window.stride, ...window.dilation].every((n) => n === 1);
  if (!winograd || !plain) return false;
  if (winograd !== true) return winograd.size === 4;
  const { batch, height, width, channels } = asImage(input(node, 1).dims);
  const [rows, columns] = [roundUp(at(input(node, 0).dims, 1) / group, 4), roundUp(channels / group, 8)];
  const tiles = batch * Math.ceil(height / 4) * Math.ceil(width / 4);
  const points = 36 * (tiles * (rows * columns + TRANSFORMED * (rows + columns)) + SUMMED * rows * columns);
  return points < 9 * rows * columns * (batch * height * width + SUMMED);
}

/** The sums of the points of Winograd's algorithm. */
function lowerWinograd(node: Node<ConvWeightGradientAttributes>, lowering: Lowering): Sums {
  const [x, dy] = [input(node, 0), input(node, 1)];
  const { window, group: groups } = node.attributes;
  const to = asImage(dy.dims);
  const [channels, outChannels] = [asImage(x.dims).channels / groups, to.channels / groups];
  // A row more than channels, so that no two points are a power of two apart.
  const [rows, columns] = [roundUp(channels, 4) + 1, roundUp(outChannels, 8)];
  const tiles = to.batch * Math.ceil(to.height / 4) * Math.ceil(to.width / 4);
  const blockTiles = Math.min(tiles, Math.max(LEAST_TILES, Math.min(MOST_TILES, Math.floor((rows * columns) / 256))));
  const floats = groups * 36 * rows * columns;
  const { parts, partBlocks } = partsOf(Math.ceil(tiles / blockTiles), floats);
  const pointer = lowering.scratch(parts * floats);
  // Each point's matrices are a cache line apart.
  const transformed = 36 * (blockTiles * (rows + columns) * 4 + 128);
  emitTraining(
    lowering,
    TrainingOp.WinogradWeightGradient,
    {
      ...windowArgs(window, x, dy, lowering.place(x), lowering.place(dy), channels),
      [WinogradWeightGradientArg.Sums]: pointer,
      [WinogradWeightGradientArg.Groups]: groups,
      [WinogradWeightGradientArg.OutChannels]: outChannels,
      [WinogradWeightGradientArg.Parts]: parts,
      [WinogradWeightGradientArg.PartBlocks]: partBlocks,
      [WinogradWeightGradientArg.BlockTiles]: blockTiles,
      [WinogradWeightGradientArg.Zeros]: lowering.zeros(Math.max(rows, columns) * 4),
      [WinogradWeightGradientArg.Scratch]: lowering.workspace(WINOGRAD_PATCHES + WINOGRAD_SCRATCH + transformed),
    },
    convWeightGradient.macs?.(node),
  );
  return { pointer, parts, groups, channels, rows, outChannels, run: 1 };
}

/** How many parts there are of `blocks` blocks, each of them with `floats` sums, and how many blocks each has. */
function partsOf(blocks: number, floats: number): { parts: number; partBlocks: number } {
  const partBlocks = Math.ceil(blocks / Math.max(1, Math.min(MOST_PARTS, Math.floor(PARTS_BYTES / (4 * floats)))));
  return { parts: Math.ceil(blocks / partBlocks), partBlocks };
}

/** Whether a row of the kernel has fewer fours of channels as one run than tap by tap. */
const runOf = ({ kernel, dilation }: Window, group: number, channels: number): boolean =>
  group === 1 && dilation[1] === 1 && Math.ceil((kernel[1] * channels) / 4) < kernel[1] * Math.ceil(channels / 4);

/** The direct sums, or those of a depthwise convolution. */
function lowerDirect(node: Node<ConvWeightGradientAttributes>, lowering: Lowering): Sums {
  const [x, dy] = [input(node, 0), input(node, 1)];
  const { window, group } = node.attributes;
  const { kernel, stride, padBegin, padEnd } = window;
  const [from, to] = [asImage(x.dims), asImage(dy.dims)];
  const taps = product(kernel);
  const depthwise = group > 1 && group === from.channels && group === to.channels;
  const groups = depthwise ? 1 : group;
  const channels = from.channels / group;
  const outChannels = to.channels / groups;
  const run = runOf(window, group, channels) ? kernel[1] : 1;
  const rows = depthwise ? 1 : roundUp(run * channels, 4);
  // Pixels that meet one tap each are one row, whatever the pictures.
  const flat = product([...kernel, ...stride]) === 1 && [...padBegin, ...padEnd].every((n) => n === 0);
  const image = flat ? { batch: 1, height: 1, width: to.batch * to.height * to.width } : to;
  const pixelBytes = 4 * (from.channels * product(stride) + to.channels);
  const pixels = Math.max(LEAST_PIXELS, Math.min(BLOCK_PIXELS, Math.floor(BLOCK_BYTES / pixelBytes)));
  const blockColumns = even(image.width, pixels);
  const blockRows = even(image.height, Math.floor(pixels / image.width));
  const blockPictures = even(image.batch, Math.floor(pixels / (image.width * image.height)));
  const blocks = Math.ceil(image.width / blockColumns) * Math.ceil(image.height / blockRows) * Math.ceil(image.batch / blockPictures);
  const floats = ((groups * taps) / run) * rows * roundUp(outChannels, 8);
  const { parts, partBlocks } = partsOf(blocks, floats);
  const pointer = lowering.scratch(parts * floats);
  // A block of X with its padding, and what loads of the last pixel read beyond it.
  const across = (axis: 0 | 1, pixels: number) => (pixels - 1) * stride[axis] + (kernel[axis] - 1) * window.dilation[axis] + 1;
  const copied = blockPictures * across(0, blockRows) * across(1, blockColumns) * channels * 4 + 16;
  const [source, gradient] = [lowering.place(x), lowering.place(dy)];
  const flattened = (channels: number) => ({ type: x.type, dims: [1, channels, 1, image.width] });
  const [shapeX, shapeDy] = flat ? [flattened(from.channels), flattened(to.channels)] : [x, dy];
  emitTraining(
    lowering,
    depthwise ? TrainingOp.DepthwiseWeightGradient : TrainingOp.WeightGradient,
    {
      ...windowArgs(window, shapeX, shapeDy, source, gradient, channels),
      [WeightGradientArg.Sums]: pointer,
      [WeightGradientArg.Groups]: groups,
      [WeightGradientArg.OutChannels]: outChannels,
      [WeightGradientArg.Parts]: parts,
      [WeightGradientArg.PartBlocks]: partBlocks,
      [WeightGradientArg.BlockPictures]: blockPictures,
      [WeightGradientArg.BlockRows]: blockRows,
      [WeightGradientArg.BlockColumns]: blockColumns,
      [WeightGradientArg.Scratch]: run > 1 ? lowering.workspace(copied) : 0,
    },
    convWeightGradient.macs?.(node),
  );
  return { pointer, parts, groups, channels, rows, outChannels, run };
}
