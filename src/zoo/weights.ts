import { LanewiseError } from '../errors.ts';
import type { Constant } from '../graph/graph.ts';
import { elementCount } from '../graph/tensor.ts';

/** The finaliser of Austin Appleby's MurmurHash3 (public domain): one-to-one, and every bit of the result depends on every bit of `x`. */
function mix(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** 2^32 over the golden ratio. */
const GOLDEN = 0x9e3779b9;

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

/** Whole numbers of 32 bits: xoshiro128** 1.1 by David Blackman and Sebastiano Vigna (public domain, prng.di.unimi.it). */
export function xoshiro128(...state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state;
  return () => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
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

/** The numbers that belong to a seed and a name, the same on every engine. */
export function numbersFor(seed: number, name: string): () => number {
  // Each step is one-to-one, so that no two pairs of a seed and a hash start alike; and of `last`'s two at least one is not 0.
  const first = mix(hash(name) + GOLDEN);
  const second = mix(first + seed);
  const last = mix(second + Math.floor(seed / 2 ** 32));
  return xoshiro128(mix(last + GOLDEN), mix(last + 2 * GOLDEN), first, second);
}

/** A float32 tensor whose elements are spread evenly from `center - spread` to `center + spread`, made anew by every `read`. */
export function uniform(seed: number, name: string, dims: readonly number[], spread: number, center = 0): Constant {
  const count = elementCount(dims, `the weights '${name}'`);
  return {
    name,
    type: 'float32',
    dims,
    read() {
      const data = allocate(count, name);
      if (spread === 0) return data.fill(center);
      const next = numbersFor(seed, name);
      // The upper 24 bits, as numbers from -1 up to 1.
      for (let i = 0; i < count; i++) data[i] = center + spread * ((next() >>> 8) / 2 ** 23 - 1);
      return data;
    },
  };
}

function allocate(count: number, name: string): Float32Array {
  try {
    return new Float32Array(count);
  } catch (cause) {
    throw new LanewiseError('TOO_LARGE', `the weights '${name}' are ${count} numbers, more than one array holds`, { cause });
  }
}
