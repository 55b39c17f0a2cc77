import { kindOf, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';

/** Element types by ONNX's names. */
export type DataType = keyof typeof arrayTypes;

/** The typed array that holds each element type. bool is one byte per element; float16 and bfloat16 are widened by the readers. */
export const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

export type TypedArray<T extends DataType = DataType> = (typeof arrayTypes)[T]['prototype'];

export const isDataType = (type: unknown): type is DataType => typeof type === 'string' && Object.hasOwn(arrayTypes, type);

/** `[1, 3, 32, 32]` as people write it. */
export const formatDims = (dims: readonly (number | string)[]): string => `[${dims.join(', ')}]`;

/**
 * The product of `dims`, checked: every dimension a whole number from 0 on, the product at most 2^53.
 * @param what names the tensor in the error.
 */
export function elementCount(dims: readonly number[], what: string): number {
  if (!Array.isArray(dims)) throw new LanewiseError('INVALID_INPUT', `${what} needs its dimensions as a list, got ${shown(dims)}`);
  let count = 1;
  for (const dim of dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw new LanewiseError(
        'INVALID_INPUT',
        `${what} has dimension ${shown(dim)} in ${shown(dims)}; dimensions are whole numbers from 0 on`,
      );
    }
    count *= dim;
  }
  if (!Number.isSafeInteger(count)) {
    throw new LanewiseError('TOO_LARGE', `${what} of ${formatDims(dims)} has more elements than can be counted`);
  }
  return count;
}

/** A dense row-major array with its shape: `new Tensor('float32', data, [1, 3, 32, 32])`. */
export class Tensor<T extends DataType = DataType> {
  readonly type: T;
  readonly data: TypedArray<T>;
  readonly dims: readonly number[];

  /**
   * @param data a typed array that matches `type`, or plain numbers
   * @param dims one dimension of `data.length` where left out
   * @throws LanewiseError INVALID_INPUT where the data does not fit the type or the dims
   */
  constructor(type: T, data: TypedArray<T> | readonly (number | bigint)[], dims: readonly number[] = [data?.length ?? 0]) {
    if (!isDataType(type)) {
      throw new LanewiseError('INVALID_INPUT', `unknown tensor type ${shown(type)}; known: ${Object.keys(arrayTypes).join(', ')}`);
    }
    const ArrayType = arrayTypes[type];
    const typed = Array.isArray(data) ? fromNumbers(type, data) : data;
    if (kindOf(typed) !== ArrayType.name) {
      throw new LanewiseError('INVALID_INPUT', `a ${type} tensor holds a ${ArrayType.name}, got ${shown(typed)}`);
    }
    const count = elementCount(dims, `a ${type} tensor`);
    if (typed.length !== count) {
      throw new LanewiseError('INVALID_INPUT', `a ${type} tensor of ${formatDims(dims)} holds ${count} elements, got ${typed.length}`);
    }
    this.type = type;
    this.data = typed as TypedArray<T>;
    this.dims = [...dims];
  }
}

function fromNumbers(type: DataType, data: readonly (number | bigint)[]): TypedArray {
  const check = (index: number) => {
    if (index >= 0) throw new LanewiseError('INVALID_INPUT', `${shown(data[index])} does not fit a tensor of ${type}`);
  };
  if (type === 'int64' || type === 'uint64') {
    check(data.findIndex((x) => typeof x !== 'bigint' && !Number.isSafeInteger(x)));
    const typed = (arrayTypes[type] as BigInt64ArrayConstructor).from(data, BigInt);
    check(data.findIndex((x, i) => BigInt(x) !== typed[i]));
    return typed;
  }
  check(data.findIndex((x) => typeof x !== 'number'));
  const typed = new (arrayTypes[type] as Float32ArrayConstructor)(data as readonly number[]);
  if (type !== 'float32' && type !== 'float64') check(data.findIndex((x, i) => x !== typed[i]));
  return typed;
}
