// XXH32 with seed 0 (Yann Collet, "xxHash fast digest algorithm", version 0.1.1,
// github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). It finds damage; it does not protect against files that are made
// on purpose.

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;

const rotated = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

const round = (sum: number, word: number): number => Math.imul(rotated((sum + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);

/** @param bytes at least 16 bytes, a multiple of 16, at an address that is a multiple of 4 */
export function xxh32({ buffer, byteOffset, byteLength }: Uint8Array): number {
  const words = new Int32Array(buffer, byteOffset, byteLength / 4);
  let [a, b, c, d] = [PRIME_1 + PRIME_2, PRIME_2, 0, -PRIME_1];
  for (let i = 0; i < words.length; i += 4) {
    a = round(a, words[i] as number);
    b = round(b, words[i + 1] as number);
    c = round(c, words[i + 2] as number);
    d = round(d, words[i + 3] as number);
  }
  let sum = (rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18) + byteLength) | 0;
  sum = Math.imul(sum ^ (sum >>> 15), PRIME_2);
  sum = Math.imul(sum ^ (sum >>> 13), PRIME_3);
  return (sum ^ (sum >>> 16)) >>> 0;
}
