import type { Constant } from '../graph/graph.ts';
import { arrayTypes, type DataType, type TypedArray } from '../graph/tensor.ts';

/** An element type as files store it. The halves are widened to float32 when they are read. */
export type StoredType = DataType | 'float16' | 'bfloat16';

export const isStoredType = (name: string): name is StoredType => /^b?float16$/.test(name) || Object.hasOwn(arrayTypes, name);

const isHalf = (stored: StoredType): stored is 'float16' | 'bfloat16' => stored === 'float16' || stored === 'bfloat16';

/** The type that the elements have once read. */
export const widened = (stored: StoredType): DataType => (isHalf(stored) ? 'float32' : stored);

/** The array that holds the elements as stored: a half is its 16 bits. */
export const storageOf = (stored: StoredType) => arrayTypes[isHalf(stored) ? 'uint16' : stored];

export const bytesPerElement = (stored: StoredType): number => storageOf(stored).BYTES_PER_ELEMENT;

/** The elements from their storage: float16 (IEEE 754 binary16) and bfloat16 become float32 exactly, everything else stays as it is. */
export function widen(stored: StoredType, data: TypedArray): TypedArray {
  if (!isHalf(stored)) return data;
  const floats = new Float32Array(data.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < data.length; i++) {
    const half = data[i] as number;
    if (stored === 'bfloat16') {
      bits[i] = half << 16;
      continue;
    }
    bits[i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
    // Rebiasing the exponent by a multiplication normalizes subnormals too; infinities and NaN keep the largest exponent instead.
    if ((half & 0x7c00) === 0x7c00) bits[i] = (bits[i] as number) | 0x7f800000;
    else floats[i] = (floats[i] as number) * 2 ** 112;
  }
  return floats;
}

/** The largest float16. What is less than half a step above it is rounded to it. */
const maxFloat16 = 65504;

/** Whether float16 holds the numbers at its precision: all but finite ones that would round to infinity. */
export const fitsFloat16 = (data: Float32Array): boolean => data.every((x) => !(Math.abs(x) >= maxFloat16 + 16) || !Number.isFinite(x));

/** The bits of the nearest float16, ties to even. What is too large becomes infinity; NaN stays NaN, its payload cut. */
export function toFloat16(data: Float32Array): Uint16Array {
  const halves = new Uint16Array(data.length);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (let i = 0; i < data.length; i++) {
    float[0] = data[i] as number;
    const sign = ((bits[0] as number) >>> 16) & 0x8000;
    const size = (bits[0] as number) & 0x7fffffff;
    let half: number;
    if (size > 0x7f800000) half = 0x7e00 | ((size >>> 13) & 0x1ff);
    // From 65520 on: half a step above the largest.
    else if (size >= 0x477ff000) half = 0x7c00;
    else if (size < 0x38800000) {
      // Below the normal numbers: adding 1/2 puts the last bit of a float32 where float16 has its last.
      float[0] = Math.abs(float[0] as number) + 0.5;
      half = (bits[0] as number) - 0x3f000000;
    } else half = (size - (112 << 23) + 0xfff + ((size >>> 13) & 1)) >>> 13;
    halves[i] = sign | half;
  }
  return halves;
}

/** The little-endian elements that fill `bytes`: a view on the same memory where it is aligned, a copy where not or where they are widened. */
export function elementsOf(stored: StoredType, bytes: Uint8Array): TypedArray {
  const Storage = storageOf(stored);
  // Not slice(): on Node's Buffer it does not copy.
  const aligned = bytes.byteOffset % Storage.BYTES_PER_ELEMENT ? new Uint8Array(bytes) : bytes;
  return widen(stored, new Storage(aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.length / Storage.BYTES_PER_ELEMENT));
}

/** A tensor inside a file, decoded by each `read()`. `bytes` must hold exactly the elements of `dims`. */
export const storedConstant = (name: string, stored: StoredType, dims: readonly number[], bytes: Uint8Array): Constant => ({
  name,
  type: widened(stored),
  dims,
  read: () => elementsOf(stored, bytes),
});

/** The most dimensions a file may state; NumPy has the same limit. */
export const maxRank = 64;

/** How many elements `dims` has; NaN where they are not sizes that can be multiplied. */
export function countOf(dims: readonly unknown[]): number {
  const sizes = dims.every((dim) => Number.isSafeInteger(dim) && (dim as number) >= 0) && dims.length <= maxRank;
  const count = sizes ? (dims as number[]).reduce((product, dim) => product * dim, 1) : NaN;
  return Number.isSafeInteger(count) ? count : NaN;
}

/** What a file that is something else looks like, for errors: web pages and Git LFS pointers can be told by their first letters. */
export const startOf = (bytes: Uint8Array): string =>
  bytes.length ? `it starts with ${JSON.stringify(String.fromCharCode(...bytes.subarray(0, 24)))}` : 'it is empty';
