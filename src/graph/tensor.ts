import { invalidInput, kindOf, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { type Float16Data, float16Array, Halves, toFloat16 } from './halves.ts';

/** Element types by ONNX's names. */
export type DataType = keyof typeof arrayTypes;

/**
 * The typed array that holds each element type. bool is one byte per element; float16 and bfloat16 are widened by the
 * readers.
 */
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

export const elementBytes = (type: DataType): number => arrayTypes[type].BYTES_PER_ELEMENT;

/** Element types of tensors. float16 is among them: models take and give it where their files say so, and compute in float32. */
export type TensorType = DataType | 'float16';

type Arrays = { readonly [T in DataType]: (typeof arrayTypes)[T]['prototype'] } & { readonly float16: Float16Data };

/** The typed array of an element type: Float32Array for float32, BigInt64Array for int64. */
export type TypedArray<T extends TensorType = DataType> = Arrays[T];

export const isDataType = (type: unknown): type is DataType => typeof type === 'string' && Object.hasOwn(arrayTypes, type);

/** The typed array of tensors: for float16 a Float16Array if the engine has one, else a Uint16Array of the bits. */
export const tensorArrays: Readonly<Record<TensorType, { readonly name: string }>> = {
  ...arrayTypes,
  float16: Halves,
};

export const isTensorType = (type: unknown): type is TensorType => typeof type === 'string' && Object.hasOwn(tensorArrays, type);

/** `[1, 3, 32, 32]`, for messages; an open dimension without a name is a question mark. */
export const formatDims = (dims: readonly (number | string)[]): string => `[${dims.map((dim) => (dim === '' ? '?' : dim)).join(', ')}]`;

/**
 * The product of `dims`, checked: every dimension is a whole number from 0 on, the product at most 2^53.
 * @param what names the tensor in the error.
 */
export function elementCount(dims: readonly number[], what: string): number {
  if (!Array.isArray(dims)) throw invalidInput(`${what} needs its dimensions as a list, got ${shown(dims)}`);
  let count = 1;
  for (const dim of dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw invalidInput(`${what} has dimension ${shown(dim)} in ${shown(dims)}; dimensions are whole numbers from 0 on`);
    }
    count *= dim;
  }
  if (!Number.isSafeInteger(count)) {
    throw new LanewiseError('TOO_LARGE', `${what} of ${formatDims(dims)} has more elements than can be counted`);
  }
  return count;
}

/** The type of the tensors that a typed array makes by itself: uint8 for a Uint8Array, which may stand for bool too. */
const typeOfArray = (data: unknown): TensorType | undefined => {
  const kind = kindOf(data);
  return (Object.keys(tensorArrays) as TensorType[]).find((type) => tensorArrays[type].name === kind);
};

/**
 * A dense row-major array with its shape.
 * @example
 * new Tensor('float32', new Float32Array(3 * 32 * 32), [1, 3, 32, 32]);
 * new Tensor(new Float32Array(3 * 32 * 32), [1, 3, 32, 32]); // the type follows from the array
 * new Tensor('float16', [0.5, 1]).data; // a Float16Array, or a Uint16Array of 0x3800 and 0x3c00 where the engine has none
 */
export class Tensor<T extends TensorType = TensorType> {
  /** The type of its elements. */
  readonly type: T;
  /** Its elements, row-major. */
  readonly data: TypedArray<T>;
  /** Its shape: [N, C, H, W] for pictures; [] for one number. */
  readonly dims: readonly number[];

  /**
   * @param data a typed array that matches `type`, or plain numbers, which are rounded to the type's precision; for float16
   *   a Float16Array, or a Uint16Array of the bits if the engine has none
   * @param dims by default one dimension of `data.length`
   * @throws LanewiseError INVALID_INPUT where the data does not fit the type or the dims
   */
  constructor(type: T, data: TypedArray<T> | readonly (number | bigint)[], dims?: readonly number[]);
  /**
   * @param data a typed array, which says the type: Float32Array float32, BigInt64Array int64, Uint8Array uint8 (name bool,
   *   and float16 for a Uint16Array of bits)
   */
  constructor(data: TypedArray<T>, dims?: readonly number[]);
  constructor(
    first: T | TypedArray<T>,
    second?: TypedArray<T> | readonly (number | bigint)[] | readonly number[],
    third?: readonly number[],
  ) {
    const typeless = ArrayBuffer.isView(first);
    const type = (typeless ? typeOfArray(first) : first) as T;
    const [data, dims = [data?.length ?? 0]] = (typeless ? [first, second] : [second, third]) as [TypedArray<T>, readonly number[]];
    if (!isTensorType(type)) {
      throw invalidInput(`unknown tensor type ${shown(first)}; known: ${Object.keys(tensorArrays).join(', ')}`);
    }
    const typed = Array.isArray(data) ? fromNumbers(type, data) : data;
    const { name } = tensorArrays[type];
    if (kindOf(typed) !== name) throw invalidInput(`a ${type} tensor holds a ${name}, got ${shown(typed)}`);
    const count = elementCount(dims, `a ${type} tensor`);
    if (typed.length !== count) {
      throw invalidInput(`a ${type} tensor of ${formatDims(dims)} holds ${count} elements, got ${typed.length}`);
    }
    this.type = type;
    this.data = typed as TypedArray<T>;
    this.dims = [...dims];
  }

  /** As `dims`. */
  get shape(): readonly number[] {
    return this.dims;
  }

  /**
   * Says that the elements are there.
   * @deprecated `tensor.data`
   * @throws LanewiseError UNSUPPORTED
   */
  getData(): never {
    throw noSuch('getData(): use tensor.data');
  }

  /**
   * Says that tensors are collected as any object.
   * @deprecated `model.dispose()` releases a model
   * @throws LanewiseError UNSUPPORTED
   */
  dispose(): never {
    throw noSuch('dispose(), only models have: model.dispose()');
  }
}

const noSuch = (what: string): LanewiseError => new LanewiseError('UNSUPPORTED', `tensors have no ${what}`);

/** A tensor with a copy of its elements. */
export const copyOf = ({ type, data, dims }: Tensor): Tensor => new Tensor(type, data.slice() as never, dims);

function fromNumbers(type: TensorType, data: readonly (number | bigint)[]): TypedArray<TensorType> {
  const check = (index: number) => {
    if (index >= 0) throw invalidInput(`${shown(data[index])} does not fit a tensor of ${type}`);
  };
  if (type === 'int64' || type === 'uint64') {
    check(data.findIndex((x) => typeof x !== 'bigint' && !Number.isSafeInteger(x)));
    const typed = (arrayTypes[type] as BigInt64ArrayConstructor).from(data, BigInt);
    check(data.findIndex((x, i) => BigInt(x) !== typed[i]));
    return typed;
  }
  check(data.findIndex((x) => typeof x !== 'number'));
  if (type === 'float16') return float16Array(toFloat16(data as readonly number[]));
  const typed = new (arrayTypes[type] as Float32ArrayConstructor)(data as readonly number[]);
  if (type !== 'float32' && type !== 'float64') check(data.findIndex((x, i) => x !== typed[i]));
  return typed;
}
