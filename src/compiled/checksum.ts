// XXH32 with seed 0, of bytes that come in parts (Yann Collet, "xxHash fast digest algorithm", version 0.1.1,
// github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). It finds damage, and keeps nobody from making a file on purpose.

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;

/** Bytes that are hashed at a time: parts are multiples of this. */
export const STRIPE = 16;

const rotated = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

const round = (sum: number, word: number): number => Math.imul(rotated((sum + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);

export class Checksum {
  #a = (PRIME_1 + PRIME_2) | 0;
  #b = PRIME_2 | 0;
  #c = 0;
  #d = -PRIME_1 | 0;
  #length = 0;

  /** @param bytes a multiple of 16 of them, at an address that is a multiple of 4 */
  update({ buffer, byteOffset, byteLength }: Uint8Array): this {
    const words = new Int32Array(buffer, byteOffset, byteLength / 4);
    let [a, b, c, d] = [this.#a, this.#b, this.#c, this.#d];
    for (let i = 0; i < words.length; i += 4) {
      a = round(a, words[i] as number);
      b = round(b, words[i + 1] as number);
      c = round(c, words[i + 2] as number);
      d = round(d, words[i + 3] as number);
    }
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
    this.#length += byteLength;
    return this;
  }

  /** Of the bytes so far, at least 16. */
  get value(): number {
    let sum = (rotated(this.#a, 1) + rotated(this.#b, 7) + rotated(this.#c, 12) + rotated(this.#d, 18) + this.#length) | 0;
    sum = Math.imul(sum ^ (sum >>> 15), PRIME_2);
    sum = Math.imul(sum ^ (sum >>> 13), PRIME_3);
    return (sum ^ (sum >>> 16)) >>> 0;
  }
}
