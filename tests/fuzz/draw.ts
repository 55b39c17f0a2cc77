// Seeded choices, which are kept: a failure shrinks by lowering and leaving out what was drawn, and what is drawn again is always a valid case.

import { numbers } from '../numbers.ts';

/** The seed of one case of many. */
export const seedOf = (seed: number, index: number): number => (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;

/** What a case is made of. The smallest choice is the plainest: nothing, the default, the first of a list. */
export class Draw {
  /** What was drawn, each from 0. */
  readonly drawn: number[] = [];
  readonly #given: readonly number[] | undefined;
  readonly #next: () => number;

  /** @param source a seed, or what an earlier one drew; 0 where that ends */
  constructor(source: number | readonly number[]) {
    this.#given = typeof source === 'number' ? undefined : source;
    this.#next = typeof source === 'number' ? numbers(source) : () => 0;
  }

  int(min: number, max: number): number {
    const size = Math.max(0, max - min);
    const value = this.#given ? Math.min(size, this.#given[this.drawn.length] ?? 0) : Math.floor(this.#next() * (size + 1));
    this.drawn.push(value);
    return min + value;
  }

  of<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  chance(percent: number): boolean {
    return this.int(0, 99) >= 100 - percent;
  }

  maybe<T>(make: () => T, percent = 50): T | undefined {
    return this.chance(percent) ? make() : undefined;
  }

  list<T>(count: number, make: (i: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i));
  }
}

/**
 * Makes what was drawn smaller for as long as it fails: parts left out, then each number lowered.
 * @param fails whether a case made of these choices still fails
 * @param most how often that is tried
 */
export async function shrink(
  drawn: readonly number[],
  fails: (drawn: readonly number[]) => Promise<boolean>,
  most = 400,
): Promise<number[]> {
  let best = [...drawn];
  let tries = 0;
  const attempt = async (candidate: number[]): Promise<boolean> => {
    if (tries >= most || candidate.join() === best.join()) return false;
    tries++;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let before = ''; before !== best.join() && tries < most; ) {
    before = best.join();
    for (let size = Math.min(32, best.length); size >= 1; size = size >> 1) {
      for (let at = best.length - size; at >= 0; at -= size) await attempt([...best.slice(0, at), ...best.slice(at + size)]);
    }
    for (let at = 0; at < best.length; at++) {
      if (await attempt(best.with(at, 0))) continue;
      for (let step = best[at] as number; step >= 1; step = step >> 1) {
        const lower = (best[at] as number) - step;
        if (lower >= 0) await attempt(best.with(at, lower));
      }
    }
  }
  return best;
}
