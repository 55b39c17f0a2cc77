import { MR } from '../../assembly/opcodes.ts';

/** How much of the packed pixels a GEMM block may take: half of a small second-level cache. */
const BLOCK_FLOATS = 32 * 1024;
const MAX_DEPTH = 512;
const MAX_PIXELS = 128;

/** The GEMM's cache blocks for `pixels` rows of `depth`: sizes in elements; `pixels` is a whole number of tiles. */
export function gemmBlocks(pixels: number, depth: number): { pixels: number; depth: number } {
  // Few pixels leave room for more depth, and a panel of weights is then read as it lies.
  const deepest = Math.max(MAX_DEPTH, BLOCK_FLOATS / (Math.ceil(pixels / MR) * MR || 1));
  // Even parts, so that the last one is not a sliver.
  const parts = Math.ceil(depth / deepest) || 1;
  const blockDepth = Math.ceil(depth / parts) || 1;
  const most = Math.max(MR, Math.min(MAX_PIXELS, Math.floor(BLOCK_FLOATS / blockDepth)));
  const tiles = Math.ceil(Math.min(most, pixels) / MR);
  return { pixels: Math.max(1, tiles) * MR, depth: blockDepth };
}
