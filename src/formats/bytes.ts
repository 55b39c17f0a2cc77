import { bytesOf, checkText, kindOf, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Constant, Packed } from '../graph/graph.ts';
import { type Half, widenHalves } from '../graph/halves.ts';
import { arrayTypes, type DataType, isDataType, type TypedArray } from '../graph/tensor.ts';

/** Marks the bytes of a file, because other objects have a `read` too. */
export const FILE: unique symbol = Symbol('file');

/** Bytes of a file, read when they are asked for. */
export interface FileBytes {
  readonly [FILE]: true;
  readonly length: number;
  /**
   * Fills `target` with the bytes from `from` on.
   * @throws LanewiseError FILE_NOT_FOUND or INVALID_FILE if the file is gone, or has changed
   */
  read(target: Uint8Array, from: number): void;
}

export type Bytes = Uint8Array | FileBytes;

/** `instanceof` would miss an array from another realm (an iframe, a `vm` context). */
export const isInMemory = (bytes: Bytes): bytes is Uint8Array => !('read' in bytes);

/** Bytes `from` to `to`; a file's are not read yet. */
export const partOf = (bytes: Bytes, from: number, to: number): Bytes =>
  isInMemory(bytes)
    ? bytes.subarray(from, to)
    : { [FILE]: true, length: Math.max(Math.min(to, bytes.length) - from, 0), read: (target, at) => bytes.read(target, from + at) };

/** Room for a file's bytes. @throws LanewiseError TOO_LARGE if the engine refuses */
export function allocated(length: number, what = 'the file'): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new LanewiseError('TOO_LARGE', `${what} has ${length.toLocaleString('en')} bytes, which the engine cannot hold at once`, {
      cause,
    });
  }
}

/** All of the bytes; a file's are read now. */
export function inMemory(bytes: Bytes): Uint8Array {
  if (isInMemory(bytes)) return bytes;
  const all = allocated(bytes.length);
  bytes.read(all, 0);
  return all;
}

/** An element type as files store it. The halves are widened to float32 when they are read. */
export type StoredType = DataType | Half | Packed;

/** Whether elements are less than a byte: the first one is in the byte's lowest bits. They are widened to 8 bits when they are read. */
export const isPacked = (stored: string): stored is Packed => /^u?int[24]$/.test(stored);

export const isStoredType = (name: string): name is StoredType => /^b?float16$/.test(name) || isPacked(name) || isDataType(name);

const isHalf = (stored: StoredType): stored is Half => stored === 'float16' || stored === 'bfloat16';

/** The elements' type once they are read. */
export const widened = (stored: StoredType): DataType => (isHalf(stored) ? 'float32' : (stored.replace(/t[24]$/, 't8') as DataType));

/** The array that holds the elements as stored: the 16 bits of a half, or bytes of several elements each. */
export const storageOf = (stored: StoredType) => arrayTypes[isHalf(stored) ? 'uint16' : widened(stored)];

/** Bytes of a stored element: a half or a quarter if several share a byte. */
export const bytesPerElement = (stored: StoredType): number =>
  isPacked(stored) ? Number(stored.slice(-1)) / 8 : storageOf(stored).BYTES_PER_ELEMENT;

/**
 * Stored elements to elements: halves become float32 exactly, a bool is 1 if it is not 0, elements that share a byte may be
 * a few more than asked for at the end, and everything else stays.
 */
export const widen = (stored: StoredType, data: TypedArray): TypedArray => {
  if (stored === 'bool') return (data as Uint8Array).map((x) => (x ? 1 : 0));
  if (isPacked(stored)) {
    const size = bytesPerElement(stored);
    const free = 32 - size * 8;
    const y = new (storageOf(stored))(data.length / size);
    let i = 0;
    for (const byte of data as Uint8Array) {
      // Shifts to the upper end of 32 bits, and back with the sign.
      for (let up = free; up >= 24; up -= size * 8) y[i++] = stored[0] === 'u' ? (byte << up) >>> free : (byte << up) >> free;
    }
    return y;
  }
  return isHalf(stored) ? widenHalves(stored, data as Uint16Array) : data;
};

/** The little-endian elements of `bytes`: a view on the same memory if it is aligned, else (or if they are widened) a copy. */
export function elementsOf(stored: StoredType, bytes: Uint8Array): TypedArray {
  const Storage = storageOf(stored);
  // slice() does not copy on Node's Buffer.
  const aligned = bytes.byteOffset % Storage.BYTES_PER_ELEMENT ? new Uint8Array(bytes) : bytes;
  return widen(stored, new Storage(aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.length / Storage.BYTES_PER_ELEMENT));
}

/**
 * A tensor inside a file, decoded by each `read()`. `bytes` gives exactly the elements of `dims`; it is called when they are
 * first needed.
 */
export function storedConstant(name: string, stored: StoredType, dims: readonly number[], bytes: () => Bytes): Constant {
  const size = bytesPerElement(stored);
  const count = product(dims);
  /** The bytes are the caller's, who may have transferred them since. */
  const present = (all: Bytes): Bytes => (isInMemory(all) ? bytesOf(all, name, Math.ceil(size * count)) : all);
  const decoded = (bytes: Uint8Array) => elementsOf(stored, bytes).subarray(0, count);
  let kept: TypedArray | undefined;
  return {
    name,
    type: widened(stored),
    dims,
    ...(isPacked(stored) && { packed: stored }),
    read() {
      const all = present(bytes());
      // A tensor that is read whole may be needed at every run.
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

/** The number of elements of `dims`; NaN if they are not sizes that can be multiplied. */
export function countOf(dims: readonly unknown[]): number {
  const sizes = dims.every((dim) => Number.isSafeInteger(dim) && (dim as number) >= 0) && dims.length <= maxRank;
  const count = sizes ? (dims as number[]).reduce((product, dim) => product * dim, 1) : NaN;
  return Number.isSafeInteger(count) ? count : NaN;
}

/**
 * A file's bytes, from a Uint8Array or an ArrayBuffer.
 * @returns a view of their memory as it is now
 * @throws LanewiseError INVALID_INPUT if they are neither, or were transferred
 */
export function checkedBytes<T extends Bytes>(bytes: T, what: string): T {
  checkText("a file's name", what);
  if (kindOf(bytes) === 'Uint8Array') return bytesOf(bytes as Uint8Array, what) as T;
  if ((bytes as FileBytes | undefined)?.[FILE]) return bytes;
  throw new LanewiseError('INVALID_INPUT', `${what} is read from a Uint8Array, got ${shown(bytes)}`);
}

/** What an unexpected file looks like, for errors: web pages and Git LFS pointers are recognised by their first letters. */
export const startOf = (bytes: Uint8Array): string =>
  bytes.length ? `it starts with ${JSON.stringify(String.fromCharCode(...bytes.subarray(0, 24)))}` : 'it is empty';
