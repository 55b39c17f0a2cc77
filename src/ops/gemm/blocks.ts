import { MR } from '../../../assembly/opcodes.ts';

/** Floats of packed pixels in a GEMM block: half of a small second-level cache. */
const BLOCK_FLOATS = 32 * 1024;
const MAX_DEPTH = 512;
const MAX_PIXELS = 128;

/**
 * The most products in a partial sum: more for a larger depth, so that there are not too many sums. bench/accuracy shows
 * what they cost.
 */
const mostSummed = (depth: number): number => (depth > 432 ? Math.max(171, 1.5 * Math.sqrt(depth)) : 144);

/**
 * How many products are added one after the other, before these sums are added to each other: the error grows with the
 * length of either, not with the whole depth. It depends only on the depth, so that neither the batch nor threads change a
 * bit.
 */
export const sumDepth = (depth: number, most = mostSummed(depth)): number => Math.ceil(depth / Math.ceil(depth / most)) || 1;

/**
 * The GEMM's cache blocks for `pixels` rows of `depth` times `columns`: sizes in elements; `pixels` is a multiple of the
 * tile.
 */
export function gemmBlocks(pixels: number, depth: number, columns: number, threads = 1): { pixels: number; depth: number } {
  // With few pixels a block may be deeper; a panel of weights is then read sequentially.
  const deepest = Math.max(MAX_DEPTH, BLOCK_FLOATS / (Math.ceil(pixels / MR) * MR || 1));
  // Equal parts, so that the last one is not a sliver; each of whole partial sums.
  const parts = Math.ceil(depth / deepest) || 1;
  const sum = sumDepth(depth);
  const blockDepth = Math.ceil(depth / parts / sum) * sum || 1;
  const most = Math.max(MR, Math.min(MAX_PIXELS, Math.floor(BLOCK_FLOATS / blockDepth)));
  const block = threads === 1 ? Math.min(most, pixels) : evenBlock(pixels, most, columns, threads);
  return { pixels: Math.max(1, Math.ceil(block / MR)) * MR, depth: blockDepth };
}

/**
 * Splits `total` rows into equal blocks of at most `most`, the same number for each thread. If there are fewer blocks than
 * threads, threads share a block's columns and each packs all of its rows, unless it is cheaper that each reads all columns.
 * @returns rows per block
 */
export function evenBlock(total: number, most: number, columns: number, threads: number): number {
  const parts = Math.max(Math.ceil(total / most) || 1, Math.min(4 * threads, Math.floor(total / 40)));
  const packing = 0.3 * total;
  const reading = 0.12 * columns;
  const shared = parts >= threads || packing > reading ? Math.ceil(parts / threads) * threads : parts;
  return Math.ceil(total / shared);
}
