import { type ErrorCode, LanewiseError } from '../errors.ts';
import { type DataType, formatDims, Tensor, type TypedArray } from '../graph/tensor.ts';
import { bytesPerElement, checkedBytes, countOf, elementsOf, type StoredType, startOf, widened } from './bytes.ts';

/** NumPy's type codes: the kind and the bytes per element. */
const types = new Map<string, StoredType>([
  ['f4', 'float32'],
  ['f8', 'float64'],
  ['f2', 'float16'],
  ['u1', 'uint8'],
  ['i1', 'int8'],
  ['i2', 'int16'],
  ['u2', 'uint16'],
  ['i4', 'int32'],
  ['u4', 'uint32'],
  ['i8', 'int64'],
  ['u8', 'uint64'],
  ['b1', 'bool'],
]);

/** NumPy's own limit; it also bounds the time for searching the header. */
const maxHeader = 10_000;

const magic = '\x93NUMPY';

/** The same elements in row-major order. */
function transpose(data: TypedArray, dims: readonly number[]): TypedArray {
  const out = data.slice() as Float32Array;
  const index = dims.map(() => 0);
  const strides = dims.map((_, axis) => dims.slice(0, axis).reduce((product, dim) => product * dim, 1));
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from] as number;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const [dim, stride, at] = [dims[axis] as number, strides[axis] as number, (index[axis] as number) + 1];
      from += stride;
      index[axis] = at;
      if (at < dim) break;
      from -= stride * dim;
      index[axis] = 0;
    }
  }
  return out as TypedArray;
}

/**
 * A NumPy array file (numpy.org/doc/stable/reference/generated/numpy.lib.format.html), versions 1 to 3. Fortran order
 * becomes row-major order, float16 becomes float32. The tensor's data may share the memory of `bytes`.
 * @param file its bytes
 * @param what names the file in errors
 * @throws LanewiseError INVALID_FILE for bytes that are no .npy file, TRUNCATED_FILE where the file ends early, UNSUPPORTED
 *   for big-endian numbers and for other element types, INVALID_INPUT for no bytes at all
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { readNpy } from 'lanewise/formats';
 *
 * const tensor = readNpy(await readFile('input.npy'), 'input.npy');
 */
export function readNpy(file: Uint8Array, what = 'the file'): Tensor {
  const fail = (message: string, code: ErrorCode = 'INVALID_FILE') => new LanewiseError(code, `${what}: ${message}`);
  const bytes = checkedBytes(file, what);
  if (String.fromCharCode(...bytes.subarray(0, 6)) !== magic) throw fail(`not a .npy file: ${startOf(bytes)}`);
  const major = bytes[6] ?? 1;
  if (major < 1 || major > 3) throw fail(`.npy version ${major} is not known`, 'UNSUPPORTED');
  const lengthBytes = major === 1 ? 2 : 4;
  let start = 8 + lengthBytes;
  for (let i = 0; i < lengthBytes; i++) start += (bytes[8 + i] ?? 0) * 256 ** i;
  if (bytes.length < 8 + lengthBytes || start > bytes.length)
    throw fail(`the file ends at byte ${bytes.length} inside its header`, 'TRUNCATED_FILE');
  if (start > maxHeader) throw fail(`the .npy header takes ${start} bytes; at most ${maxHeader} are read`);
  const header = new TextDecoder().decode(bytes.subarray(8 + lengthBytes, start));
  const [, order, code] = /'descr':\s*'([<>|=])(\w+)'/.exec(header) ?? [];
  const shape = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  if (shape === undefined || !fortran) throw fail('the .npy header has no shape or no order');
  const stored = types.get(code ?? '');
  if (!stored) throw fail(`the element type ${/'descr':\s*(.*?),\s*'fortran/.exec(header)?.[1]} is not read`, 'UNSUPPORTED');
  if (order === '>' && bytesPerElement(stored) > 1)
    throw fail('big-endian numbers are not read; save the array as little-endian', 'UNSUPPORTED');
  const dims = (shape.match(/\d+/g) ?? []).map(Number);
  const count = countOf(dims);
  const size = count * bytesPerElement(stored);
  const rest = bytes.length - start;
  if (Number.isNaN(count)) throw fail('the .npy header has an impossible shape');
  if (rest !== size) {
    throw fail(
      `${stored} ${formatDims(dims)} takes ${size} bytes, but ${rest} follow the header`,
      rest < size ? 'TRUNCATED_FILE' : 'INVALID_FILE',
    );
  }
  const data = elementsOf(stored, bytes.subarray(start));
  return new Tensor(widened(stored), fortran === 'True' && dims.length > 1 ? transpose(data, dims) : data, dims);
}

/**
 * A .npy file, version 1.0, little-endian in row-major order, its header padded to a multiple of 64 bytes.
 * @param tensor of any type
 * @throws LanewiseError INVALID_INPUT for what is no tensor
 * @example
 * import { Tensor } from 'lanewise';
 * import { readNpy, writeNpy } from 'lanewise/formats';
 *
 * const file = writeNpy(new Tensor('float32', [1, 2, 3, 4], [2, 2]));
 * readNpy(file).dims; // [2, 2]
 */
export function writeNpy(tensor: Tensor): Uint8Array {
  // Checked by its constructor.
  const { type, data, dims } = new Tensor(tensor?.type, tensor?.data, tensor?.dims);
  const code = [...types].find(([, stored]: [string, DataType | string]) => stored === type)?.[0];
  const descr = `${data.BYTES_PER_ELEMENT > 1 ? '<' : '|'}${code}`;
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const start = Math.ceil((header.length + 11) / 64) * 64;
  const bytes = new Uint8Array(start + data.byteLength);
  const text = `${magic}\x01\0${String.fromCharCode((start - 10) & 0xff, (start - 10) >> 8)}${header}`.padEnd(start - 1);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  bytes[start - 1] = 0x0a;
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}
