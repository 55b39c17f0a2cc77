import { MR } from '../../assembly/opcodes.ts';

/** How much of the packed pixels a GEMM block may take: half of a small second-level cache. */
const BLOCK_FLOATS = 32 * 1024;
const MAX_DEPTH = 512;
const MAX_PIXELS = 128;

/** The GEMM's cache blocks for `pixels` rows of `depth`: sizes in elements; `pixels` is a whole number of tiles. */
export function gemmBlocks(pixels: number, depth: number, threads = 1): { pixels: number; depth: number } {
  // Few pixels leave room for more depth, and a panel of weights is then read as it lies.
  const deepest = Math.max(MAX_DEPTH, BLOCK_FLOATS / (Math.ceil(pixels / MR) * MR || 1));
  // Even parts, so that the last one is not a sliver.
  const parts = Math.ceil(depth / deepest) || 1;
  const blockDepth = Math.ceil(depth / parts) || 1;
  const most = Math.max(MR, Math.min(MAX_PIXELS, Math.floor(BLOCK_FLOATS / blockDepth)));
  const block = threads === 1 ? Math.min(most, pixels) : evenBlock(pixels, most, threads);
  return { pixels: Math.max(1, Math.ceil(block / MR)) * MR, depth: blockDepth };
}

/** Blocks of at most `most` of `total` that are even, so that the last one is not a sliver, and as many for each thread as for the others. */
export function evenBlock(total: number, most: number, threads: number): number {
  const parts = Math.ceil(total / most) || 1;
  // Fewer blocks than threads are cut another way.
  const shared = parts < threads ? parts : Math.ceil(parts / threads) * threads;
  return Math.ceil(total / shared);
}
