/** How long some bytes are needed: from instruction `first` to `last`, both counted. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

const ALIGNMENT = 64;

/**
 * Places buffers in one arena so that no two that are needed at the same time overlap: the largest first, each at the lowest
 * gap that holds it (Pisarchyk and Lee 2020, arXiv:2001.03288, "greedy by size").
 * @returns an offset for each buffer, a multiple of 64, and the arena's size, in bytes
 */
export function planArena(lifetimes: readonly Lifetime[]): { offsets: number[]; total: number } {
  const offsets = lifetimes.map(() => 0);
  const sizes = lifetimes.map(({ bytes }) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  const size = (i: number): number => sizes[i] ?? 0;
  const order = sizes.map((_, i) => i).sort((a, b) => size(b) - size(a) || a - b);
  const placed: number[] = []; // By offset.
  let total = 0;
  for (const i of order) {
    const own = lifetimes[i] as Lifetime;
    let offset = 0;
    for (const j of placed) {
      const other = lifetimes[j] as Lifetime;
      if (other.first > own.last || other.last < own.first) continue;
      const start = offsets[j] ?? 0;
      if (offset + size(i) <= start) break;
      offset = Math.max(offset, start + size(j));
    }
    offsets[i] = offset;
    total = Math.max(total, offset + size(i));
    const next = placed.findIndex((j) => (offsets[j] ?? 0) > offset);
    placed.splice(next < 0 ? placed.length : next, 0, i);
  }
  return { offsets, total };
}
