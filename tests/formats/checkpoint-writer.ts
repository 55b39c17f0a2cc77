// What torch.save writes, made by hand: pickles as Python's pickler makes them, zip archives as PyTorch's writer does, and both with anything wrong.

import { crc32 } from 'node:zlib';

export interface Tuple {
  readonly tuple: readonly Py[];
}
export interface Dict {
  readonly dict: readonly (readonly [Py, Py])[];
}
export interface Global {
  readonly module: string;
  readonly name: string;
}
/** callable(*args), then __setstate__(state) where there is one. */
export interface Reduced {
  readonly callable: Py;
  readonly args: Py;
  readonly items?: readonly (readonly [Py, Py])[];
  readonly state?: Py;
}
export interface Persistent {
  readonly id: Py;
}
/** Opcodes as they are. */
export interface Raw {
  readonly raw: readonly number[];
}
export type Py = null | boolean | number | bigint | string | readonly Py[] | Tuple | Dict | Global | Reduced | Persistent | Raw;

export const tuple = (...items: Py[]): Tuple => ({ tuple: items });
export const dict = (items: Readonly<Record<string, Py>>): Dict => ({ dict: Object.entries(items) });
export const global = (module: string, name: string): Global => ({ module, name });
export const raw = (...bytes: number[]): Raw => ({ raw: bytes });
export const orderedDict = (items: Readonly<Record<string, Py>>, state?: Py): Reduced => ({
  callable: global('collections', 'OrderedDict'),
  args: tuple(),
  items: Object.entries(items),
  ...(state !== undefined && { state }),
});

export interface TensorSpec {
  /** torch's class of the storage. */
  readonly type?: string;
  readonly key?: string;
  /** Of the storage. */
  readonly size: Py;
  readonly dims?: Py;
  readonly strides?: Py;
  readonly offset?: Py;
  /** Before PyTorch 1.6 there is a sixth. */
  readonly view?: Py;
}

export const storage = ({ type = 'FloatStorage', key = '0', size, view }: TensorSpec): Persistent => ({
  id: tuple('storage', global('torch', type), key, 'cpu', size, ...(view === undefined ? [] : [view])),
});

/** A tensor as `torch._utils._rebuild_tensor_v2` makes it. */
export const tensor = (spec: TensorSpec): Reduced => {
  const { size, dims = tuple(size), strides = tuple(1), offset = 0 } = spec;
  return {
    callable: global('torch._utils', '_rebuild_tensor_v2'),
    args: tuple(storage(spec), offset, dims, strides, false, orderedDict({})),
  };
};

export const parameter = (of: Py): Reduced => ({
  callable: global('torch._utils', '_rebuild_parameter'),
  args: tuple(of, true, orderedDict({})),
});

const little = (value: number | bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number(BigInt.asUintN(8, BigInt(value) >> BigInt(8 * i))));
const letters = (text: string): number[] => [...Buffer.from(text)];

export interface PickleOptions {
  /** 2 where left out, as torch.save has it. 4 has frames and short texts. */
  readonly protocol?: 2 | 4;
}

/** The opcodes of a pickle, one by one; what occurs again is recalled from the memo, as Python does with names. */
export function pickleOps(value: Py, { protocol = 2 }: PickleOptions = {}): number[][] {
  const ops: number[][] = [];
  const memo = new Map<string, number>();
  const op = (...bytes: (number | number[])[]) => void ops.push(bytes.flat());
  const put = (key: string) => {
    const index = memo.size;
    memo.set(key, index);
    if (protocol === 4) op(0x94);
    else op(...(index < 256 ? [0x71, index] : [0x72, little(index, 4)]));
  };
  const recall = (key: string): boolean => {
    const index = memo.get(key);
    if (index === undefined) return false;
    op(...(index < 256 ? [0x68, index] : [0x6a, little(index, 4)]));
    return true;
  };
  const writeText = (text: string) => {
    if (recall(`text ${text}`)) return;
    const bytes = letters(text);
    if (protocol === 4 && bytes.length < 256) op(0x8c, bytes.length, bytes);
    else op(0x58, little(bytes.length, 4), bytes);
    put(`text ${text}`);
  };
  const writeGlobal = ({ module, name }: Global) => {
    const key = `global ${module} ${name}`;
    if (recall(key)) return;
    if (protocol === 4) {
      writeText(module);
      writeText(name);
      op(0x93);
    } else op(0x63, letters(`${module}\n${name}\n`));
    put(key);
  };
  const writeItems = (items: readonly (readonly [Py, Py])[]) => {
    if (items.length === 0) return;
    op(0x28);
    for (const [key, item] of items) {
      write(key);
      write(item);
    }
    op(0x75);
  };
  const writeNumber = (number: number | bigint) => {
    if (typeof number === 'number' && !Number.isSafeInteger(number)) {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(number);
      op(0x47, [...bytes]);
    } else if (number >= 0 && number < 256) op(0x4b, Number(number));
    else if (number >= 0 && number < 65_536) op(0x4d, little(number, 2));
    else if (number >= -(2 ** 31) && number < 2 ** 31) op(0x4a, little(number, 4));
    else {
      const size = Math.ceil((number.toString(16).length + 1) / 2);
      op(0x8a, size, little(number, size));
    }
  };
  const writeTuple = (items: readonly Py[]) => {
    if (items.length > 3) op(0x28);
    for (const item of items) write(item);
    op([0x29, 0x85, 0x86, 0x87][items.length] ?? 0x74);
  };
  const write = (value: Py): void => {
    if (value === null) op(0x4e);
    else if (typeof value === 'boolean') op(value ? 0x88 : 0x89);
    else if (typeof value === 'number' || typeof value === 'bigint') writeNumber(value);
    else if (typeof value === 'string') writeText(value);
    else if ('raw' in value) op([...value.raw]);
    else if ('tuple' in value) writeTuple(value.tuple);
    else if ('module' in value) writeGlobal(value);
    else if ('id' in value) {
      write(value.id);
      op(0x51);
    } else if ('dict' in value) {
      op(0x7d);
      writeItems(value.dict);
    } else if ('callable' in value) {
      write(value.callable);
      write(value.args);
      op(0x52);
      writeItems(value.items ?? []);
      if (value.state !== undefined) {
        write(value.state);
        op(0x62);
      }
    } else {
      op(0x5d, 0x28);
      for (const item of value) write(item);
      op(0x65);
    }
  };
  op(0x80, protocol);
  write(value);
  op(0x2e);
  if (protocol !== 4) return ops;
  const length = ops.slice(1).reduce((sum, bytes) => sum + bytes.length, 0);
  return [ops[0] as number[], [0x95, ...little(length, 8)], ...ops.slice(1)];
}

export const pickle = (value: Py, options?: PickleOptions): Uint8Array => Uint8Array.from(pickleOps(value, options).flat());

export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  /** Stated in the directory in place of the true ones. */
  readonly size?: number;
  readonly packed?: number;
  readonly header?: number;
}

export interface ZipOptions {
  /** Sizes and places in zip64 fields, as in archives over 4 GiB. */
  readonly zip64?: boolean;
  readonly comment?: string;
  /** How many entries the end of the directory states. */
  readonly count?: number;
}

/** A zip archive. Data start at multiples of 64, as PyTorch lays them. */
export function zip(entries: readonly ZipEntry[], { zip64 = false, comment = '', count = entries.length }: ZipOptions = {}): Uint8Array {
  const parts: number[] | Uint8Array[] = [];
  let at = 0;
  const add = (...bytes: (Uint8Array | number[])[]) => {
    for (const part of bytes) {
      (parts as Uint8Array[]).push(Uint8Array.from(part));
      at += part.length;
    }
  };
  const wide = (value: number) => little(zip64 ? 0xffffffff : value, 4);
  const directory: number[] = [];
  for (const { name, data, method = 0, flags = 0x808, size = data.length, packed = data.length, header = at } of entries) {
    const text = letters(name);
    const pad = (64 - ((at + 30 + text.length + 4) % 64)) % 64;
    const sum = little(crc32(data), 4);
    // As PyTorch writes it: sizes in a descriptor behind the data, and padding in a field 'FB'.
    add([0x50, 0x4b, 3, 4, 20, 0], little(flags, 2), little(method, 2), [0, 0, 0, 0], little(0, 12));
    add(little(text.length, 2), little(4 + pad, 2), text, [0x46, 0x42], little(pad, 2), new Uint8Array(pad).fill(0x5a), data);
    add([0x50, 0x4b, 7, 8], sum, little(packed, 4), little(size, 4));
    const extra = zip64 ? [1, 0, 24, 0, ...little(size, 8), ...little(packed, 8), ...little(header, 8)] : [];
    directory.push(
      0x50,
      0x4b,
      1,
      2,
      20,
      0,
      20,
      0,
      ...little(flags, 2),
      ...little(method, 2),
      0,
      0,
      0,
      0,
      ...sum,
      ...wide(packed),
      ...wide(size),
    );
    directory.push(...little(text.length, 2), ...little(extra.length, 2), ...little(0, 10), ...wide(header), ...text, ...extra);
  }
  const start = at;
  add(directory);
  if (zip64) {
    const record = at;
    add([0x50, 0x4b, 6, 6], little(44, 8), little(45, 2), little(45, 2), little(0, 8));
    add(little(count, 8), little(count, 8), little(directory.length, 8), little(start, 8));
    add([0x50, 0x4b, 6, 7], little(0, 4), little(record, 8), little(1, 4));
  }
  const total = little(zip64 ? 0xffff : count, 2);
  add([0x50, 0x4b, 5, 6, 0, 0, 0, 0], total, total, wide(directory.length), wide(start), little(comment.length, 2), letters(comment));
  const bytes = new Uint8Array(at);
  let to = 0;
  for (const part of parts as Uint8Array[]) {
    bytes.set(part, to);
    to += part.length;
  }
  return bytes;
}

/** By key; plain numbers are float32. */
export type Storages = Readonly<Record<string, ArrayBufferView | readonly number[]>>;

export const bytesOf = (data: ArrayBufferView | readonly number[]): Uint8Array => {
  const view = ArrayBuffer.isView(data) ? data : Float32Array.from(data);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
};

export interface CheckpointOptions extends PickleOptions, ZipOptions {
  readonly folder?: string;
  /** Files besides, in the folder. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The files in the archive that PyTorch 1.6 and later write. */
export function entriesOf(root: Py | Uint8Array, storages: Storages = {}, options: CheckpointOptions = {}): ZipEntry[] {
  const { folder = 'archive', files = { version: '3\n' } } = options;
  return [
    { name: `${folder}/data.pkl`, data: root instanceof Uint8Array ? root : pickle(root, options) },
    ...Object.entries(storages).map(([key, data]) => ({ name: `${folder}/data/${key}`, data: bytesOf(data) })),
    ...Object.entries(files).map(([name, text]) => ({ name: `${folder}/${name}`, data: Buffer.from(text) })),
  ];
}

export const checkpoint = (root: Py | Uint8Array, storages: Storages = {}, options: CheckpointOptions = {}): Uint8Array =>
  zip(entriesOf(root, storages, options), options);

export interface LegacyOptions extends PickleOptions {
  readonly magic?: Py;
  readonly version?: Py;
  readonly machine?: Py;
  readonly keys?: Py;
  /** Bytes of an element, by key; 4 where left out. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/** What PyTorch before 1.6 writes: five pickles and the storages. */
export function legacy(root: Py, storages: Storages = {}, options: LegacyOptions = {}): Uint8Array {
  const { magic = 0x1950a86a20f9469cfc6cn, version = 1001, keys = Object.keys(storages), sizes = {} } = options;
  const { machine = dict({ protocol_version: 1001, little_endian: true, type_sizes: dict({ short: 2, int: 4, long: 4 }) }) } = options;
  const parts = [magic, version, machine, root, keys].map((value) => pickle(value, options));
  for (const [key, data] of Object.entries(storages)) {
    const bytes = bytesOf(data);
    parts.push(Uint8Array.from(little(bytes.length / (sizes[key] ?? 4), 8)), bytes);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/** Tensors of float32 or int64 as a state dict, and their storages: what `checkpoint` and `legacy` take. */
export function saved(
  tensors: Iterable<readonly [string, { readonly dims: readonly number[]; readonly data: ArrayBufferView }]>,
): [Py, Storages] {
  const all = [...tensors];
  const items = all.map(([name, { dims, data }], i): [string, Py] => {
    const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
    const size = dims.reduce((a, b) => a * b, 1);
    const type = data instanceof BigInt64Array ? 'LongStorage' : 'FloatStorage';
    return [name, tensor({ type, key: String(i), size, dims: { tuple: dims }, strides: { tuple: strides } })];
  });
  return [orderedDict(Object.fromEntries(items)), Object.fromEntries(all.map(([, { data }], i) => [i, data]))];
}
