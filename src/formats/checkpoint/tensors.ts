import { LanewiseError } from '../../errors.ts';
import type { Constant } from '../../graph/graph.ts';
import { formatDims } from '../../graph/tensor.ts';
import { type Bytes, bytesPerElement, countOf, inMemory, maxRank, partOf, type StoredType, storageOf, storedConstant } from '../bytes.ts';
import { isDict, type Made, type Pickled, type PickleHost } from './pickle.ts';
import type { Fail } from './zip.ts';

/** PyTorch's storage types, as Lanewise's element types. */
const storages: Readonly<Record<string, StoredType>> = {
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  DoubleStorage: 'float64',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

/** A row of numbers of one type; tensors are views of it. */
export interface Storage extends Made {
  readonly stored: StoredType;
  readonly key: string;
  /** How many numbers the storage holds. */
  readonly size: number;
  /** A part of another storage: where it starts, and its length. Files before PyTorch 0.4 have these. */
  readonly offset: number;
  readonly length: number;
}

/** A tensor as a pickle describes it. */
export interface StoredTensor extends Made {
  readonly storage: Storage;
  readonly offset: number;
  readonly dims: readonly number[];
  /** The stride of each dimension, in numbers. */
  readonly strides: readonly number[];
}

const isStorage = (value: Pickled | undefined): value is Storage => isMade(value) && 'stored' in value;
export const isStoredTensor = (value: Pickled | undefined): value is StoredTensor => isMade(value) && 'strides' in value;
const isMade = (value: Pickled | undefined): value is Made => (value as Made | null | undefined)?.made !== undefined;

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isSizes = (value: unknown): value is number[] => Array.isArray(value) && value.length <= maxRank && value.every(isSize);

/**
 * A Python function by its global name, and the value that it makes of its arguments: undefined if they are not those that
 * PyTorch writes.
 */
type Callable = (args: readonly Pickled[]) => Pickled | undefined;

/** The globals of a state dict: those of PyTorch's own `torch.load(weights_only=True)` that plain tensors need. */
export class StateDictHost implements PickleHost {
  readonly #fail: Fail;
  readonly #callables: ReadonlyMap<string, Callable>;
  /** Storages found so far, by key. */
  readonly storages = new Map<Pickled, Storage>();
  /** How many items ordered dictionaries may still take from lists, because a pickle may give one list to many. */
  #items: number;

  /** @param bytes the size of the file */
  constructor(bytes: number, fail: Fail) {
    this.#fail = fail;
    this.#items = bytes;
    const parameter: Callable = ([tensor]) => (isStoredTensor(tensor) ? tensor : undefined);
    this.#callables = new Map<string, Callable>([
      ['collections.OrderedDict', ([items]) => this.#orderedDict(items)],
      ['torch._utils._rebuild_tensor', rebuildTensor],
      ['torch._utils._rebuild_tensor_v2', rebuildTensor],
      ['torch._utils._rebuild_parameter', parameter],
      ['torch._utils._rebuild_parameter_with_state', parameter],
      ['torch.Size', ([dims]) => (isSizes(dims) ? dims : undefined)],
    ]);
  }

  global(module: string, name: string, stack: readonly unknown[]): Made {
    const made = `${module}.${name}`;
    if (this.#callables.has(made) || (module === 'torch' && Object.hasOwn(storages, name))) return { made };
    if (module === 'torch' && name.endsWith('Storage')) {
      throw this.#fail(`it has tensors of ${made}, numbers of a type that Lanewise does not read`, 'UNSUPPORTED');
    }
    // If nothing came before it, the file is this object. Files before PyTorch 1.6 keep a class's source code beside it.
    if (stack.length === 0 || stack.at(-1) === 'module') {
      throw this.#fail(
        `it holds a whole pickled object ('${made}'), and Lanewise runs no code of files: save its weights alone, torch.save(model.state_dict(), 'weights.pth')`,
        'UNSUPPORTED',
      );
    }
    throw this.#fail(
      `the pickle uses '${made}', which is no part of a state dict, and Lanewise runs no code of files: save the weights alone, torch.save(checkpoint['state_dict'], 'weights.pth')`,
      'UNSUPPORTED',
    );
  }

  call(callable: Pickled, args: Pickled): Pickled {
    const name = isMade(callable) ? callable.made : 'something else';
    const value = Array.isArray(args) ? this.#callables.get(name)?.(args) : undefined;
    if (value === undefined) throw this.#fail(`the pickle is damaged: it calls ${name} with arguments that PyTorch does not give it`);
    return value;
  }

  /** A tuple that starts with 'storage': its class, key, device and size, and before PyTorch 1.6 which part of it is meant. */
  persistent(id: Pickled): Pickled {
    const [kind, type, key, , size, view = null] = Array.isArray(id) ? id : [];
    const stored = isMade(type) ? storages[type.made.slice('torch.'.length)] : undefined;
    const [, offset, length] = view === null ? [0, 0, size] : Array.isArray(view) ? view : [];
    if (kind === 'storage' && stored && typeof key === 'string' && isSize(size) && isSize(offset) && isSize(length)) {
      const storage: Storage = { made: 'a storage', stored, key, size, offset, length };
      const known = this.storages.get(key) ?? storage;
      this.storages.set(key, known);
      if (offset + length <= size && known.stored === stored && known.size === size) return storage;
    }
    throw this.#fail('the pickle is damaged: it refers to something that is no storage');
  }

  /** Python 2 gives its items in a list of pairs, Python 3 one by one. */
  #orderedDict(items: Pickled = []): Pickled | undefined {
    if (!Array.isArray(items) || !items.every((item): item is [Pickled, Pickled] => Array.isArray(item) && item.length === 2))
      return undefined;
    this.#items -= items.length;
    if (this.#items < 0) throw this.#fail('the pickle makes many dictionaries of one list: it was damaged', 'TOO_LARGE');
    return new Map(items);
  }
}

const rebuildTensor: Callable = ([storage, offset, dims, strides]) => {
  if (!isStorage(storage) || !isSize(offset) || !isSizes(dims) || !isSizes(strides) || dims.length !== strides.length) return undefined;
  // Copied, because a list may grow.
  return { made: 'a tensor', storage, offset, dims: [...dims], strides: [...strides] } satisfies StoredTensor;
};

/**
 * The tensor as a constant that reads it.
 * @param bytes those of its storage, whose length has been checked
 * @throws LanewiseError INVALID_FILE if it reaches past its storage
 */
export function constantOf(name: string, tensor: StoredTensor, bytes: Bytes, fail: Fail): Constant {
  const { storage, dims, strides } = tensor;
  const { stored } = storage;
  const count = countOf(dims);
  const size = bytesPerElement(stored);
  const first = storage.offset + tensor.offset;
  const last = dims.reduce((at, dim, i) => at + (dim - 1) * (strides[i] as number), tensor.offset);
  if (Number.isNaN(count) || (count > 0 && !(last < storage.length)) || tensor.offset > storage.length) {
    const shape = `${formatDims(dims)} with strides ${formatDims(strides)} from ${tensor.offset} on`;
    throw fail(`the tensor '${name}' is ${shape}, which does not lie in the ${storage.length} numbers of its storage`);
  }
  if (count === 0 || isContiguous(dims, strides)) {
    return storedConstant(name, stored, dims, () => partOf(bytes, first * size, (first + count) * size));
  }
  const all = partOf(bytes, first * size, (storage.offset + last + 1) * size);
  // Parts are not read alone, because gathering everything again for each part would be slow.
  const { fill: _, ...constant } = storedConstant(name, stored, dims, () => gathered(name, inMemory(all), stored, dims, strides, count));
  return constant;
}

/** Whether the tensor is contiguous: row-major without gaps. */
function isContiguous(dims: readonly number[], strides: readonly number[]): boolean {
  let next = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    if (dims[i] !== 1 && strides[i] !== next) return false;
    next *= dims[i] as number;
  }
  return true;
}

/** The bytes of a tensor's numbers in row-major order. */
function gathered(
  name: string,
  bytes: Uint8Array,
  stored: StoredType,
  dims: readonly number[],
  strides: readonly number[],
  count: number,
): Uint8Array {
  const Storage = storageOf(stored);
  const size = Storage.BYTES_PER_ELEMENT;
  // slice() does not copy on Node's Buffer.
  const aligned = bytes.byteOffset % size ? new Uint8Array(bytes) : bytes;
  const from = new Storage(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / size);
  let to: typeof from;
  try {
    to = new Storage(count);
  } catch (cause) {
    throw new LanewiseError('TOO_LARGE', `the tensor '${name}' is ${count} numbers, more than the engine can hold`, { cause });
  }
  const index = dims.map(() => 0);
  let at = 0;
  for (let i = 0; i < count; i++) {
    to[i] = from[at] as never;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      at += stride;
      if (++(index[axis] as number) < (dims[axis] as number)) break;
      at -= stride * (dims[axis] as number);
      index[axis] = 0;
    }
  }
  return new Uint8Array(to.buffer, to.byteOffset, to.byteLength);
}

/** The tensors in a dictionary, by name. */
export function namedTensors(dict: ReadonlyMap<Pickled, Pickled>): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of dict) if (typeof name === 'string' && isStoredTensor(value)) tensors.set(name, value);
  return tensors;
}

/** A value's kind, for errors. */
export function kindOfPickled(value: Pickled): string {
  if (isDict(value)) return 'a dictionary';
  if (Array.isArray(value)) return 'a list';
  return isMade(value)
    ? value.made
    : value === null
      ? 'None'
      : value instanceof Uint8Array
        ? 'bytes'
        : typeof value === 'string'
          ? 'a text'
          : typeof value === 'boolean'
            ? 'a boolean'
            : 'a number';
}
