/** The lifetime of a buffer: from instruction `first` to `last`, inclusive. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

import { at } from '../graph/at.ts';

/** The offset of each buffer, in the order of their lifetimes, and where the last one ends. */
interface Arena {
  readonly offsets: number[];
  readonly total: number;
}

const ALIGNMENT = 64;

/**
 * Only this many buffers, the first, look for a gap, because each looks at all before it. In larger graphs the rest, which
 * are small, follow each other.
 */
const MOST_SEARCHED = 1 << 12;

/** Orders of placement: large buffers first, or those that are large for long. */
const weights = [() => 1, ({ first, last }: Lifetime) => last - first + 1];

/**
 * Places buffers in one arena so that no two that are needed at the same time overlap: one after the other, each at the
 * lowest gap that holds it (Pisarchyk and Lee 2020, arXiv:2001.03288). "Greedy by size" is hard to beat, except for the
 * growing tensors of a dense block, each of which splits the place of the next: there it is better to place long-lived
 * buffers first. The smaller arena is taken.
 * @returns an offset for each buffer, a multiple of 64, and the arena's size, in bytes
 */
export function planArena(lifetimes: readonly Lifetime[]): Arena {
  const sizes = lifetimes.map(({ bytes }) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  const arenas = weights.map((weight) => {
    const urgency = lifetimes.map((life, i) => at(sizes, i) * weight(life));
    const order = sizes.map((_, i) => i).sort((a, b) => at(urgency, b) - at(urgency, a) || a - b);
    return place(lifetimes, sizes, order);
  });
  return arenas.reduce((best, arena) => (arena.total < best.total ? arena : best));
}

function place(lifetimes: readonly Lifetime[], sizes: readonly number[], order: readonly number[]): Arena {
  const offsets = lifetimes.map(() => 0);
  const size = (i: number): number => at(sizes, i);
  const placed: number[] = []; // Sorted by offset.
  let total = 0;
  for (const [rank, i] of order.entries()) {
    if (rank >= MOST_SEARCHED) {
      offsets[i] = total;
      total += size(i);
      continue;
    }
    const own = lifetimes[i] as Lifetime;
    let offset = 0;
    for (const j of placed) {
      const other = lifetimes[j] as Lifetime;
      if (other.first > own.last || other.last < own.first) continue;
      const start = at(offsets, j);
      if (offset + size(i) <= start) break;
      offset = Math.max(offset, start + size(j));
    }
    offsets[i] = offset;
    total = Math.max(total, offset + size(i));
    const next = placed.findIndex((j) => at(offsets, j) > offset);
    placed.splice(next < 0 ? placed.length : next, 0, i);
  }
  return { offsets, total };
}
