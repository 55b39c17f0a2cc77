// The random generators of all tests: the same numbers in every run, on every machine.

/** Numbers from 0 to 1 (mulberry32, a public-domain generator of 32 bits of state). */
export function numbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whole numbers from 0 to one below a limit. */
export function choices(seed: number): (limit: number) => number {
  const next = numbers(seed);
  return (limit) => Math.floor(next() * limit);
}

/** As `numbers`, of a linear congruential generator (Numerical Recipes' constants): for cases whose results are written down. */
export function noiseNumbers(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
