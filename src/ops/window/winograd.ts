import { MR, NR, Op, WINOGRAD_PATCHES, WINOGRAD_SCRATCH, WinogradArg } from '../../../assembly/opcodes.ts';
import { pointerOf } from '../../plan/place.ts';
import { clampWords } from '../elementwise/clamp.ts';
import { evenBlock, sumDepth } from '../gemm/blocks.ts';
import type { Lowering, Winograd } from '../operator.ts';
import { asImage } from '../shapes.ts';
import type { ConvCall } from './convCall.ts';
import { windowArgs } from './window.ts';

/** F(4, 3), F(2, 3) and F(2, 5). */
export const winogradForms: readonly Winograd[] = [
  { size: 4, points: 6, taps: 3 },
  { size: 2, points: 4, taps: 3 },
  { size: 2, points: 6, taps: 5 },
];

/** Tiles transformed at a time: enough to be worth reading the weights again for each block; few enough to fit in caches. */
const MOST_TILES = 56;
const LEAST_TILES = 16;
const BLOCK_BYTES = 2 * 1024 * 1024;
/** Channels of a partial sum. */
const MOST_SUMMED = 80;

/** The number of output tiles, and how many of them are transformed at a time. */
export function winogradTiles({ to, from, groups }: Pick<ConvCall, 'to' | 'from' | 'groups'>, { size, points }: Winograd, threads: number) {
  const { batch, height, width } = asImage(to.dims);
  const tiles = batch * Math.ceil(height / size) * Math.ceil(width / size);
  const tileBytes = points ** 2 * (asImage(from.dims).channels / groups) * 4;
  const most = Math.max(LEAST_TILES, Math.min(MOST_TILES, Math.floor(BLOCK_BYTES / tileBytes)));
  return { tiles, block: Math.ceil(evenBlock(tiles, most, asImage(to.dims).channels / groups, threads) / MR) * MR };
}

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/**
 * Nanoseconds, measured on one core of a server of 2024 (bench/kernels/winograd.mjs); only their ratios count: a padded
 * multiply-add, an element packed or transformed, a byte of weights, a call. A byte of weights is charged 1.5 times its
 * measured time, because weights also take memory.
 */
const MAC = 0.042;
const PACKED = 0.3;
const TRANSFORMED = 0.45;
const WEIGHT_BYTE = 0.03;
const CALL = 40;

/** What one group of a direct convolution of one picture takes. */
export const directCost = (pixels: number, depth: number, columns: number): number =>
  roundUp(pixels, MR) * depth * (roundUp(columns, NR) * MAC + PACKED) + depth * columns * 4 * WEIGHT_BYTE;

/** What one group takes in a form of Winograd's convolution. */
export function winogradCost(
  { height, width, channels, outChannels }: Record<'height' | 'width' | 'channels' | 'outChannels', number>,
  { size, points }: Winograd,
): number {
  const tiles = roundUp(Math.ceil(height / size) * Math.ceil(width / size), MR);
  const columns = roundUp(outChannels, NR);
  const calls = (columns / NR) * Math.ceil(tiles / MOST_TILES);
  const perPoint =
    tiles * (channels * columns * MAC + (channels + columns) * TRANSFORMED) + channels * columns * 4 * WEIGHT_BYTE + calls * CALL;
  return points ** 2 * perPoint;
}

/** The instruction of Winograd's convolution. */
export function emitWinograd(lowering: Lowering, call: ConvCall, form: Winograd): void {
  const { window, from, to, source, target, residual, groups } = call;
  const channels = asImage(from.dims).channels / groups;
  const { block } = winogradTiles(call, form, lowering.threads);
  const squared = form.points ** 2;
  const [min, max] = clampWords(call.clamped);
  lowering.emit(
    Op.Winograd,
    {
      ...windowArgs(window, from, to, source, target, channels),
      [WinogradArg.Weights]: call.weights,
      [WinogradArg.Zeros]: lowering.zeros(Math.max(channels, NR) * 4),
      [WinogradArg.Scratch]: lowering.workspace(WINOGRAD_PATCHES + WINOGRAD_SCRATCH + squared * block * (channels + NR) * 4),
      [WinogradArg.Residual]: pointerOf(residual),
      [WinogradArg.ResidualPixelStride]: residual ? residual.pixelStride : 0,
      [WinogradArg.Groups]: groups,
      [WinogradArg.OutChannels]: asImage(to.dims).channels / groups,
      [WinogradArg.Points]: form.points,
      [WinogradArg.TileSize]: form.size,
      [WinogradArg.BlockTiles]: block,
      [WinogradArg.SumDepth]: sumDepth(channels, MOST_SUMMED),
      [WinogradArg.Min]: min,
      [WinogradArg.Max]: max,
    },
    call.macs,
  );
}
