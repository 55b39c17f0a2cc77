import { type Bytes, inMemory, isInMemory, partOf } from '../bytes.ts';
import type { Fail } from './zip.ts';

/** How many bytes of a file are read at once. */
const WINDOW = 16 * 1024;
/** The longest name of a module or a class that is read. */
const MOST_LINE = 1024;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads bytes one after the other, from memory or through a window on a file. Nothing is allocated that the file has no
 * bytes for.
 */
export class Reader {
  pos = 0;
  readonly #bytes: Bytes;
  readonly #fail: Fail;
  readonly #what: string;
  #window: Uint8Array;
  #base = 0;

  /** @param what the file's name, for errors */
  constructor(bytes: Bytes, what: string, fail: Fail) {
    this.#what = what;
    this.#bytes = bytes;
    this.#fail = fail;
    this.#window = isInMemory(bytes) ? bytes : new Uint8Array(0);
  }

  /** The next bytes: a view. @throws LanewiseError TRUNCATED_FILE */
  take(count: number): Uint8Array {
    const start = this.pos;
    this.#check(count);
    this.pos += count;
    if (start < this.#base || this.pos > this.#base + this.#window.length) {
      this.#window = inMemory(partOf(this.#bytes, start, Math.min(start + Math.max(count, WINDOW), this.#bytes.length)));
      this.#base = start;
    }
    return this.#window.subarray(start - this.#base, this.pos - this.#base);
  }

  /** @throws LanewiseError TRUNCATED_FILE */
  skip(count: number): void {
    this.#check(count);
    this.pos += count;
  }

  byte(): number {
    const byte = this.#window[this.pos - this.#base];
    if (byte === undefined) return this.take(1)[0] as number;
    this.pos++;
    return byte;
  }

  /** An unsigned integer of that many bytes, little-endian; past 2^53 it is not exact. */
  uint(size: number): number {
    return this.take(size).reduceRight((high, byte) => high * 256 + byte, 0);
  }

  /** Pickles give sizes in two's complement, of any length. */
  int(size: number): number | bigint {
    const bytes = this.take(size);
    const value = BigInt.asIntN(
      8 * size,
      bytes.reduceRight((high, byte) => (high << 8n) | BigInt(byte), 0n),
    );
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  float(): number {
    const bytes = this.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
  }

  /** Invalid UTF-8 becomes replacement characters. */
  text(length: number): string {
    return utf8.decode(this.take(length));
  }

  /** The text before the next line feed. */
  line(): string {
    const codes: number[] = [];
    for (let code = this.byte(); code !== 0x0a; code = this.byte()) {
      if (codes.push(code) > MOST_LINE) throw this.#fail('the pickle names a global of over 1,024 letters: it was damaged');
    }
    return utf8.decode(Uint8Array.from(codes));
  }

  #check(count: number): void {
    const { length } = this.#bytes;
    if (count > length - this.pos) throw this.#fail(`${this.#what} ends at byte ${length}: it was cut off or damaged`, 'TRUNCATED_FILE');
  }
}
