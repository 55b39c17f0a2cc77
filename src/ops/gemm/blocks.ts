import { MR } from '../../../assembly/opcodes.ts';

/** How much of the packed pixels a GEMM block may take: half of a small second-level cache. */
const BLOCK_FLOATS = 32 * 1024;
const MAX_DEPTH = 512;
const MAX_PIXELS = 128;

/** Most products of a partial sum: more where the depth is larger, so that the parts do not become too many. bench/accuracy shows what they cost. */
const mostSummed = (depth: number): number => (depth > 432 ? Math.max(171, 1.5 * Math.sqrt(depth)) : 144);

/**
 * How many products are added one after the other, before these sums are added to each other: the error grows with the length of either, not with the
 * whole depth. It follows from the depth alone, so that neither the batch nor threads change a bit.
 */
export const sumDepth = (depth: number, most = mostSummed(depth)): number => Math.ceil(depth / Math.ceil(depth / most)) || 1;

/** The GEMM's cache blocks for `pixels` rows of `depth` against `columns`: sizes in elements; `pixels` is a whole number of tiles. */
export function gemmBlocks(pixels: number, depth: number, columns: number, threads = 1): { pixels: number; depth: number } {
  // Few pixels leave room for more depth, and a panel of weights is then read as it lies.
  const deepest = Math.max(MAX_DEPTH, BLOCK_FLOATS / (Math.ceil(pixels / MR) * MR || 1));
  // Even parts, so that the last one is not a sliver; of whole partial sums.
  const parts = Math.ceil(depth / deepest) || 1;
  const sum = sumDepth(depth);
  const blockDepth = Math.ceil(depth / parts / sum) * sum || 1;
  const most = Math.max(MR, Math.min(MAX_PIXELS, Math.floor(BLOCK_FLOATS / blockDepth)));
  const block = threads === 1 ? Math.min(most, pixels) : evenBlock(pixels, most, columns, threads);
  return { pixels: Math.max(1, Math.ceil(block / MR)) * MR, depth: blockDepth };
}

/**
 * Blocks of at most `most` of `total` rows that are even, so that the last one is not a sliver, and as many for each thread as for the others. Where there
 * are fewer than threads, these share the columns, for which each packs all rows, unless reading all columns each would take less.
 */
export function evenBlock(total: number, most: number, columns: number, threads: number): number {
  const parts = Math.max(Math.ceil(total / most) || 1, Math.min(4 * threads, Math.floor(total / 40)));
  const packing = 0.3 * total;
  const reading = 0.12 * columns;
  const shared = parts >= threads || packing > reading ? Math.ceil(parts / threads) * threads : parts;
  return Math.ceil(total / shared);
}
