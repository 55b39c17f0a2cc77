import { bytesOf, checkText, kindOf, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Constant } from '../graph/graph.ts';
import { type Half, widenHalves } from '../graph/halves.ts';
import { arrayTypes, type DataType, isDataType, type TypedArray } from '../graph/tensor.ts';

/** What marks the bytes of a file: other things have a `read` too. */
export const FILE: unique symbol = Symbol('file');

/** Bytes of a file, read when they are asked for. */
export interface FileBytes {
  readonly [FILE]: true;
  readonly length: number;
  /**
   * Fills `target` with the bytes from `from` on.
   * @throws LanewiseError FILE_NOT_FOUND or INVALID_FILE where the file is not there any more, or is another one
   */
  read(target: Uint8Array, from: number): void;
}

export type Bytes = Uint8Array | FileBytes;

/** Not `instanceof`: bytes may come from another frame. */
export const isInMemory = (bytes: Bytes): bytes is Uint8Array => !('read' in bytes);

/** Bytes `from` to `to`, still unread where they are a file's. */
export const partOf = (bytes: Bytes, from: number, to: number): Bytes =>
  isInMemory(bytes)
    ? bytes.subarray(from, to)
    : { [FILE]: true, length: Math.max(Math.min(to, bytes.length) - from, 0), read: (target, at) => bytes.read(target, from + at) };

/** All of the bytes: a file's are read. */
export function inMemory(bytes: Bytes): Uint8Array {
  if (isInMemory(bytes)) return bytes;
  let all: Uint8Array;
  try {
    all = new Uint8Array(bytes.length);
  } catch (cause) {
    throw new LanewiseError('TOO_LARGE', `the file has ${bytes.length.toLocaleString('en')} bytes, which the engine cannot hold at once`, {
      cause,
    });
  }
  bytes.read(all, 0);
  return all;
}

/** Whole numbers of less than a byte: the first of a byte lies in its lowest bits. They are of 8 bits when they are read. */
export type Packed = 'int4' | 'uint4' | 'int2' | 'uint2';

/** An element type as files store it. The halves are widened to float32 when they are read. */
export type StoredType = DataType | Half | Packed;

const isPacked = (stored: string): stored is Packed => /^u?int[24]$/.test(stored);

export const isStoredType = (name: string): name is StoredType => /^b?float16$/.test(name) || isPacked(name) || isDataType(name);

const isHalf = (stored: StoredType): stored is Half => stored === 'float16' || stored === 'bfloat16';

/** The type that the elements have once read. */
export const widened = (stored: StoredType): DataType => (isHalf(stored) ? 'float32' : (stored.replace(/t[24]$/, 't8') as DataType));

/** The array that holds the elements as stored: a half is its 16 bits, and several share a byte. */
export const storageOf = (stored: StoredType) => arrayTypes[isHalf(stored) ? 'uint16' : widened(stored)];

/** A half or a quarter where several share a byte. */
export const bytesPerElement = (stored: StoredType): number =>
  isPacked(stored) ? Number(stored.slice(-1)) / 8 : storageOf(stored).BYTES_PER_ELEMENT;

/**
 * The elements from their storage: the halves become float32 exactly, of bool what is not 0 is 1, those that share a byte may be some more at
 * the end, everything else stays as it is.
 */
export const widen = (stored: StoredType, data: TypedArray): TypedArray => {
  if (stored === 'bool') return (data as Uint8Array).map((x) => (x ? 1 : 0));
  if (isPacked(stored)) {
    const size = bytesPerElement(stored);
    const free = 32 - size * 8;
    const y = new (storageOf(stored))(data.length / size);
    let i = 0;
    for (const byte of data as Uint8Array) {
      // To the upper end of 32 bits, and back with the sign.
      for (let up = free; up >= 24; up -= size * 8) y[i++] = stored[0] === 'u' ? (byte << up) >>> free : (byte << up) >> free;
    }
    return y;
  }
  return isHalf(stored) ? widenHalves(stored, data as Uint16Array) : data;
};

/** The little-endian elements that fill `bytes`: a view on the same memory where it is aligned, a copy where not or where they are widened. */
export function elementsOf(stored: StoredType, bytes: Uint8Array): TypedArray {
  const Storage = storageOf(stored);
  // Not slice(): on Node's Buffer it does not copy.
  const aligned = bytes.byteOffset % Storage.BYTES_PER_ELEMENT ? new Uint8Array(bytes) : bytes;
  return widen(stored, new Storage(aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.length / Storage.BYTES_PER_ELEMENT));
}

/** A tensor inside a file, decoded by each `read()`. `bytes` gives exactly the elements of `dims`, when they are first needed. */
export function storedConstant(name: string, stored: StoredType, dims: readonly number[], bytes: () => Bytes): Constant {
  const size = bytesPerElement(stored);
  const count = product(dims);
  /** They are the caller's, who may have given them away since. */
  const present = (all: Bytes): Bytes => (isInMemory(all) ? bytesOf(all, name, Math.ceil(size * count)) : all);
  const decoded = (bytes: Uint8Array) => elementsOf(stored, bytes).subarray(0, count);
  let kept: TypedArray | undefined;
  return {
    name,
    type: widened(stored),
    dims,
    read() {
      const all = present(bytes());
      // Who needs a whole tensor of a file may need it at every run.
      if (!isInMemory(all)) kept ??= decoded(inMemory(all));
      return kept ?? decoded(all as Uint8Array);
    },
    fill(target, from) {
      const start = Math.floor(from * size);
      const part = partOf(present(bytes()), start, Math.ceil((from + target.length) * size));
      if (isHalf(stored) || isPacked(stored) || stored === 'bool') {
        const skip = from - start / size;
        target.set(elementsOf(stored, inMemory(part)).subarray(skip, skip + target.length) as never);
      } else {
        const raw = new Uint8Array(target.buffer as ArrayBuffer, target.byteOffset, target.byteLength);
        if (isInMemory(part)) raw.set(part);
        else part.read(raw, 0);
      }
    },
  };
}

/** The most dimensions a file may state; NumPy has the same limit. */
export const maxRank = 64;

/** How many elements `dims` has; NaN where they are not sizes that can be multiplied. */
export function countOf(dims: readonly unknown[]): number {
  const sizes = dims.every((dim) => Number.isSafeInteger(dim) && (dim as number) >= 0) && dims.length <= maxRank;
  const count = sizes ? (dims as number[]).reduce((product, dim) => product * dim, 1) : NaN;
  return Number.isSafeInteger(count) ? count : NaN;
}

/**
 * A file's bytes: a caller may have an ArrayBuffer at hand.
 * @returns them, in a view of their memory as it is now
 * @throws LanewiseError INVALID_INPUT where they are no Uint8Array, or gone
 */
export function checkedBytes<T extends Bytes>(bytes: T, what: string): T {
  checkText("a file's name", what);
  if (kindOf(bytes) === 'Uint8Array') return bytesOf(bytes as Uint8Array, what) as T;
  if ((bytes as FileBytes | undefined)?.[FILE]) return bytes;
  throw new LanewiseError('INVALID_INPUT', `${what} is read from a Uint8Array, got ${shown(bytes)}`);
}

/** What a file that is something else looks like, for errors: web pages and Git LFS pointers can be told by their first letters. */
export const startOf = (bytes: Uint8Array): string =>
  bytes.length ? `it starts with ${JSON.stringify(String.fromCharCode(...bytes.subarray(0, 24)))}` : 'it is empty';
