// Files that are read part by part.

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { LanewiseError } from '../src/errors.ts';
import { openFile } from '../src/file.ts';
import {
  type Bytes,
  FILE,
  type FileBytes,
  inMemory,
  isInMemory,
  partOf,
  type StoredType,
  storageOf,
  storedConstant,
} from '../src/formats/bytes.ts';
import { readNpy, readOnnx, readSafetensors } from '../src/formats/index.ts';
import { openOnnx } from '../src/formats/onnx/open.ts';
import type { TypedArray } from '../src/graph/tensor.ts';
import { load } from '../src/index.ts';
import { choices } from './numbers.ts';

const path = 'models/cifar10-resnet20/model.onnx';
const model = new Uint8Array(readFileSync(path));

let folder: string;
let copy: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-'));
  copy = join(folder, 'model.onnx');
  copyFileSync(path, copy);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Bytes as a file would give them. */
const asFile = (bytes: Uint8Array): FileBytes => ({
  [FILE]: true,
  length: bytes.length,
  read: (target, from) => {
    expect(from + target.length).toBeLessThanOrEqual(bytes.length);
    target.set(bytes.subarray(from, from + target.length));
  },
});

const failureOf = (action: () => unknown): LanewiseError => {
  try {
    action();
  } catch (error) {
    if (error instanceof LanewiseError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

test('a large file is read where it is asked for, a small one at once', () => {
  const file = openFile(copy, copy) as FileBytes;
  expect(isInMemory(file)).toBe(false);
  expect(file.length).toBe(model.length);
  const target = new Uint8Array(100_000);
  file.read(target, 777);
  expect(Buffer.compare(target, model.subarray(777, 100_777))).toBe(0);
  expect(Buffer.compare(inMemory(partOf(partOf(file, 1000, 9000), 10, 20)), model.subarray(1010, 1020))).toBe(0);
  writeFileSync(copy, 'small');
  expect(inMemory(openFile(copy, copy))).toEqual(Buffer.from('small'));
  expect(isInMemory(openFile(copy, copy))).toBe(true);
});

test('no file stays open', async () => {
  const model = await load(copy);
  await setImmediate();
  await setImmediate();
  const open = process.platform === 'linux' ? readdirSync('/proc/self/fd').map((name) => `/proc/self/fd/${name}`) : [];
  const targets = open.map((link) => {
    try {
      return readlinkSync(link);
    } catch {
      return '';
    }
  });
  expect(targets.filter((target) => target.startsWith(folder))).toEqual([]);
  model.dispose();
});

test('a file that has changed, was cut off or is gone is an error', async () => {
  const files = [openFile(copy, 'a'), openFile(copy, 'b'), openFile(copy, 'c')] as FileBytes[];
  const [a, b, c] = files as [FileBytes, FileBytes, FileBytes];
  const target = new Uint8Array(10);
  for (const file of files) file.read(target, 0);
  await setImmediate();
  await setImmediate();
  utimesSync(copy, new Date(1e12), new Date(1e12));
  expect(failureOf(() => a.read(target, 0))).toMatchObject({
    code: 'INVALID_FILE',
    message: 'a is being read, but has changed since it was opened',
  });
  truncateSync(copy, 1000);
  expect(failureOf(() => b.read(target, 0)).code).toBe('INVALID_FILE');
  rmSync(copy);
  expect(failureOf(() => c.read(target, 0))).toMatchObject({
    code: 'FILE_NOT_FOUND',
    message: 'c could not be read: there is no such file',
  });
});

test('a file that is cut off while it is open is an error', () => {
  const file = openFile(copy, copy) as FileBytes;
  file.read(new Uint8Array(10), 0);
  truncateSync(copy, 1000);
  expect(failureOf(() => file.read(new Uint8Array(10), 995)).code).toBe('INVALID_FILE');
});

/** What reading comes to: every constant's elements, or the error. */
function outcome(bytes: Bytes): unknown {
  try {
    const { nodes, constants, inputs, outputs } = openOnnx(bytes, 'the model').graph();
    const digest = ({ buffer, byteOffset, byteLength }: TypedArray) =>
      createHash('sha1')
        .update(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))
        .digest('hex');
    return {
      values: [...constants.values()].map((constant) => [constant.name, digest(constant.read())]),
      nodes: nodes.map(({ name, op, inputs }) => [name, op, inputs]),
      inputs,
      outputs,
    };
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

test('a model reads as it does from memory, damaged or not', () => {
  expect(outcome(asFile(model))).toEqual(outcome(model));
  const below = choices(1);
  const outcomes = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const damaged = model.slice(0, i % 3 ? model.length : below(model.length));
    // Mostly where the structure is: the nodes come first.
    for (let n = 0; n < 3; n++) damaged[below(i % 2 ? 9000 : damaged.length)] = below(256);
    const expected = outcome(damaged);
    outcomes.add(typeof expected === 'string' ? (expected.split(':')[0] ?? '') : 'read');
    expect(outcome(asFile(damaged))).toEqual(expected);
  }
  expect([...outcomes]).toEqual(expect.arrayContaining(['read', 'TRUNCATED_FILE', 'INVALID_FILE']));
});

test.each<[StoredType, typeof Float32Array | typeof Int8Array | typeof BigInt64Array]>([
  ['float32', Float32Array],
  ['float16', Float32Array],
  ['bfloat16', Float32Array],
  ['int8', Int8Array],
  ['int64', BigInt64Array],
])('parts of constants of %s, from memory and from a file', (stored, Target) => {
  const bytes = new Uint8Array(new (storageOf(stored))(50).buffer).map((_, i) => (i * 37) % 113);
  const odd = new Uint8Array(bytes.length + 1);
  odd.set(bytes, 1);
  for (const source of [bytes, odd.subarray(1), asFile(bytes)]) {
    const constant = storedConstant('c', stored, [50], () => source);
    const whole = constant.read();
    const part = new Target(20) as TypedArray;
    constant.fill?.(part, 7);
    expect(part).toEqual(whole.slice(7, 27));
  }
});

test('what merely has a read is not the bytes of a file', () => {
  const handle = { length: 10, read: () => {} } as unknown as Uint8Array;
  for (const read of [readSafetensors, readNpy, readOnnx]) {
    expect(() => read(handle)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('is read from a Uint8Array, got an object') }),
    );
  }
});
