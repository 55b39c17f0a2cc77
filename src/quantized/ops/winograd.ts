// Whether a convolution of bytes runs by Winograd's algorithm, which gives the same bits: see assembly/quantized/u8_winograd.ts.

import { NR } from '../../../assembly/opcodes.ts';
import { product } from '../../graph/dims.ts';
import type { Constant } from '../../graph/graph.ts';
import type { Value } from '../../graph/value.ts';
import { asImage } from '../../ops/shapes.ts';
import type { Window } from '../../ops/window/window.ts';
import { unsigned } from '../scales.ts';

/** The sums, without the bias, that are below that can be divided exactly. */
const MOST_SUM = 2 ** 25;
/** Bytes of transformed inputs in a block. */
const BLOCK_BYTES = 320 * 1024;

export interface Tiles {
  /** Tiles of 4×4 output pixels transformed at a time. */
  readonly block: number;
  /** Channels whose sums are divided at a time. */
  readonly slice: number;
  /** Bytes of scratch. */
  readonly scratch: number;
}

/**
 * How the layer is cut, or undefined where the direct way is faster, or the only one.
 * @param filters the weights [M, C, 3, 3], constant int8
 * @param inZero the zero point of the input, of its type; undefined where a run computes it
 */
export function winogradTiles(
  window: Window,
  from: Value,
  to: Value,
  filters: Value,
  inZero: number | undefined,
  threads: number,
): Tiles | undefined {
  const { batch, channels: columns, height, width } = asImage(to.dims);
  const { channels } = asImage(from.dims);
  const fits = filters.dims[1] === channels && channels % NR === 0 && Math.min(channels, columns) >= 2 * NR;
  if (!fits || !window.kernel.every((taps) => taps === 3) || product([...window.stride, ...window.dilation]) !== 1) return undefined;
  const tiles = batch * Math.ceil(height / 4) * Math.ceil(width / 4);
  const most = Math.max(4, Math.min(Math.floor(BLOCK_BYTES / (72 * channels)), Math.ceil(tiles / threads)));
  const blocks = Math.ceil(tiles / most);
  const block = Math.ceil(tiles / blocks / 4) * 4;
  // In processor cycles for a channel and a column, as measured: a tile, weights transformed, a pixel of the direct way.
  if (4 * tiles + 6 * blocks > 0.7 * batch * height * width) return undefined;
  const slice = sliceOf(filters, inZero === undefined ? undefined : unsigned(inZero, from.type));
  if (slice === undefined) return undefined;
  // As the kernel's beginning says.
  const products = Math.ceil(channels / slice) * (block * NR * 4 + 64);
  const planes = 36 * (products + slice * NR * 2 + 64 + block * channels * 2 + 64);
  return { block, slice, scratch: 36 * 4 + 36 * 16 + channels + block * 16 * NR * 4 + planes };
}

/** For each list of weights its slice with each zero point. */
const slices = new WeakMap<Constant, Map<number, number | undefined>>();

/** The most channels whose sums can be divided, in at most four slices. @param zero of unsigned numbers; undefined: any */
function sliceOf({ constant, dims }: Value, zero = -1): number | undefined {
  if (!constant) return undefined;
  const known = slices.get(constant) ?? new Map<number, number | undefined>();
  slices.set(constant, known);
  if (!known.has(zero)) {
    const weights = constant.read() as Int8Array;
    const [channels, taps] = [dims[1] as number, product(dims.slice(2))];
    const fitting = [1, 2, 4].map((count) => Math.ceil(channels / count / NR) * NR);
    known.set(
      zero,
      fitting.find((slice) => largestSum(weights, channels * taps, slice * taps, zero) < MOST_SUM),
    );
  }
  return known.get(zero);
}

/**
 * The largest magnitude that sums of a slice can have.
 * @param depth weights of a filter, in slices of `slice`
 * @param zero the zero point, -1: any
 */
function largestSum(weights: Int8Array, depth: number, slice: number, zero: number): number {
  // Sums are linear in the zero point, so that its ends have the largest ones.
  const [high, low] = zero < 0 ? [255, 0] : [255 - zero, zero];
  let largest = 0;
  for (let i = 0; i < weights.length; i += depth) {
    for (let from = i; from < i + depth; from += slice) {
      let [above, below] = [0, 0];
      for (let k = from; k < Math.min(from + slice, i + depth); k++) {
        const weight = weights[k] as number;
        if (weight > 0) above += weight;
        else below -= weight;
      }
      largest = Math.max(largest, above * high + below * low, below * high + above * low);
    }
  }
  return largest;
}
