import { checkOptions, checkText, isOptions, kindOf, type OptionNames, shown } from '../arguments.ts';
import { type ErrorCode, LanewiseError } from '../errors.ts';
import type { Constant } from '../graph/graph.ts';
import { formatDims } from '../graph/tensor.ts';
import { bytesPerElement, checkedBytes, countOf, type StoredType, startOf, storedConstant } from './bytes.ts';
import { checkWeights, storedAs, storedBytes, storedSize, type Weights, type Writable } from './weights.ts';

const types = new Map<string, StoredType>([
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F64', 'float64'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['I16', 'int16'],
  ['U16', 'uint16'],
  ['I32', 'int32'],
  ['U32', 'uint32'],
  ['I64', 'int64'],
  ['U64', 'uint64'],
  ['BOOL', 'bool'],
]);

const maxHeader = 100_000_000;

const isObject = isOptions as (value: unknown) => value is Record<string, unknown>;

/**
 * A safetensors file (github.com/huggingface/safetensors#format): the tensors by name in the header's order, and the
 * `__metadata__`.
 *
 * Constants are views on `file`, decoded by `read()`; F16 and BF16 come as float32.
 * @param file its bytes
 * @param what names the file in errors
 * @throws LanewiseError INVALID_FILE for bytes that are not safetensors or break its rules (offsets must cover the data
 *   without gaps), TRUNCATED_FILE where the file ends early, UNSUPPORTED for other element types, INVALID_INPUT for no bytes
 *   at all
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { readSafetensors } from 'lanewise/formats';
 *
 * const { tensors, metadata } = readSafetensors(await readFile('model.safetensors'));
 * for (const [name, { type, dims }] of tensors) console.log(name, type, dims);
 */
export function readSafetensors(file: Uint8Array, what = 'the file'): { tensors: Map<string, Constant>; metadata: Map<string, string> } {
  const fail = (message: string, code: ErrorCode = 'INVALID_FILE') => new LanewiseError(code, `${what}: ${message}`);
  const bytes = checkedBytes(file, what);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length > 8 ? view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32 : 0;
  if (bytes[8] !== 0x7b || length > maxHeader) throw fail(`not a safetensors file: ${startOf(bytes)}`);
  const start = 8 + length;
  if (start > bytes.length) throw fail(`the header takes ${start} bytes, but the file ends at byte ${bytes.length}`, 'TRUNCATED_FILE');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start)));
  } catch (cause) {
    throw new LanewiseError('INVALID_FILE', `${what}: the safetensors header is not valid JSON`, { cause });
  }
  if (!isObject(header)) throw fail('the safetensors header is not an object');
  const tensors = new Map<string, Constant>();
  const metadata = new Map<string, string>();
  const ranges: [begin: number, end: number, name: string][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (!isObject(entry)) throw fail(`the entry '${name}' is not an object`);
    if (name === '__metadata__') {
      for (const [key, value] of Object.entries(entry)) {
        if (typeof value !== 'string') throw fail(`the metadata '${key}' is not a string`);
        metadata.set(key, value);
      }
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = entry;
    if (typeof dtype !== 'string') throw fail(`the tensor '${name}' has no dtype`);
    const stored = types.get(dtype);
    if (!stored) throw fail(`the tensor '${name}' has dtype ${dtype}, which Lanewise does not read`, 'UNSUPPORTED');
    const count = Array.isArray(shape) ? countOf(shape) : NaN;
    if (Number.isNaN(count)) throw fail(`the tensor '${name}' has no valid shape`);
    const [begin, end] = (Array.isArray(offsets) && offsets.length === 2 ? offsets : []) as [unknown, unknown];
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end)) throw fail(`the tensor '${name}' has no valid data_offsets`);
    const [from, to] = [begin as number, end as number];
    if (to - from !== count * bytesPerElement(stored)) {
      throw fail(`the tensor '${name}' is ${dtype} ${formatDims(shape as number[])}, which does not take its ${to - from} bytes`);
    }
    ranges.push([from, to, name]);
    const data = bytes.subarray(start + from, start + to);
    tensors.set(
      name,
      storedConstant(name, stored, shape as number[], () => data),
    );
  }
  let covered = 0;
  for (const [begin, end, name] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (begin !== covered) throw fail(`the tensor '${name}' starts at ${begin}, where the one before ends at ${covered}`);
    covered = end;
  }
  const rest = bytes.length - start;
  if (covered > rest) throw fail(`the tensors take ${covered} bytes, but only ${rest} follow the header`, 'TRUNCATED_FILE');
  if (covered < rest) throw fail(`the tensors take ${covered} bytes, but ${rest} follow the header`);
  return { tensors, metadata };
}

/** The options of `writeSafetensors`. */
export interface SafetensorsOptions {
  /** The file's `__metadata__`. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** How float32 tensors are stored. Default 'f32'. See `Weights`. */
  readonly weights?: Weights;
}

/**
 * A safetensors file of tensors by name: a graph's `constants`, what `readSafetensors` gave, or `Tensor`s. Tensors with
 * larger elements come first, in the order given within each size, so that every tensor is aligned to its elements.
 * @param tensors by name
 * @param options metadata, and whether weights become float16
 * @throws LanewiseError INVALID_INPUT for the name `__metadata__`, and for options or tensors that make no sense; TOO_LARGE
 *   for more than one array holds or a header over 100 MB
 * @example
 * import { Tensor } from 'lanewise';
 * import { readSafetensors, writeSafetensors } from 'lanewise/formats';
 *
 * const file = writeSafetensors(new Map([['bias', new Tensor('float32', [0.5, 1])]]));
 * readSafetensors(file).tensors.get('bias')?.dims; // [2]
 */
export function writeSafetensors(tensors: ReadonlyMap<string, Writable>, options: SafetensorsOptions = {}): Uint8Array {
  checkOptions('writeSafetensors', options, { metadata: 1, weights: 1 } satisfies OptionNames<SafetensorsOptions>);
  const { metadata, weights = 'f32' } = options;
  checkWeights(weights);
  for (const map of [tensors, metadata ?? new Map()]) {
    if (kindOf(map) !== 'Map') throw new LanewiseError('INVALID_INPUT', `tensors and metadata are Maps by name, got ${shown(map)}`);
    for (const name of map.keys()) checkText('a name', name);
  }
  for (const [key, value] of metadata ?? []) checkText(`the metadata '${key}'`, value);
  // Joined by hand, because an object would put numeric names first and treat '__proto__' as its prototype.
  const entries: string[] = [];
  if (metadata?.size) entries.push(`"__metadata__":{${[...metadata].map((pair) => pair.map((text) => JSON.stringify(text)).join(':'))}}`);
  const listed = [...tensors].map(([name, tensor]) => {
    const label = `the tensor '${name}'`;
    if (name === '__metadata__') throw new LanewiseError('INVALID_INPUT', `a safetensors file cannot hold a tensor named '${name}'`);
    const stored = storedAs(label, tensor, weights);
    return { name, label, tensor, stored, size: storedSize(label, tensor, stored) };
  });
  listed.sort((a, b) => bytesPerElement(b.stored) - bytesPerElement(a.stored));
  let end = 0;
  for (const { name, tensor, stored, size } of listed) {
    const dtype = [...types].find(([, type]) => type === stored)?.[0];
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape: tensor.dims, data_offsets: [end, end + size] })}`);
    end += size;
  }
  const text = new TextEncoder().encode(`{${entries.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = length > maxHeader ? undefined : allocate(8 + length + end);
  if (!bytes)
    throw new LanewiseError('TOO_LARGE', `a safetensors file of ${8 + length + end} bytes, ${length} of them header, is too large`);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length).set(text, 8);
  let at = 8 + length;
  for (const { label, tensor, stored, size } of listed) {
    bytes.set(storedBytes(label, tensor, stored), at);
    at += size;
  }
  return bytes;
}

/** Undefined if the engine cannot allocate so large an array. */
function allocate(size: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(size);
  } catch {
    return undefined;
  }
}
