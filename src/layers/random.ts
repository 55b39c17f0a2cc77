import { log } from '../ops/exact.ts';

// Looked up once, because in a sandbox, such as a test runner's, globals are slow to reach, and this is called for every
// weight of a network.
const { imul } = Math;

/**
 * The finaliser of Austin Appleby's MurmurHash3 (public domain): one-to-one, and every bit of the result depends on every
 * bit of `x`.
 */
function mix(x: number): number {
  let h = x;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** 2^32 over the golden ratio. */
const GOLDEN = 0x9e3779b9;

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

/** Whole numbers of 32 bits: xoshiro128** 1.1 by David Blackman and Sebastiano Vigna (public domain, prng.di.unimi.it). */
export function xoshiro128(...state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state;
  return () => {
    const scrambled = imul(b, 5);
    const result = imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
}

/** The random numbers of a seed and a name, the same on every engine. */
export function numbersFor(seed: number, name: string): () => number {
  // Each step is one-to-one, so that different pairs of seed and hash start differently; and at least one of `last`'s two
  // numbers is not 0.
  const first = mix(hash(name) + GOLDEN);
  const second = mix(first + seed);
  const last = mix(second + Math.floor(seed / 2 ** 32));
  return xoshiro128(mix(last + GOLDEN), mix(last + 2 * GOLDEN), first, second);
}

/** Numbers from -1 up to 1, uniform: the upper 24 bits of each. */
export const uniforms = (next: () => number): (() => number) => {
  return () => (next() >>> 8) / 2 ** 23 - 1;
};

/** Numbers of the normal distribution with mean 0 and variance 1: George Marsaglia's polar method (Marsaglia and Bray 1964). */
export function normals(next: () => number): () => number {
  const uniform = uniforms(next);
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const second = spare;
      spare = undefined;
      return second;
    }
    for (;;) {
      const [x, y] = [uniform(), uniform()];
      const s = x * x + y * y;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * log(s)) / s);
      spare = y * factor;
      return x * factor;
    }
  };
}
