// Checkpoints as PyTorch writes them: both forms, and what state dicts are wrapped in.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LanewiseError } from '../../src/errors.ts';
import { openFile } from '../../src/file.ts';
import { openCheckpoint, readCheckpoint } from '../../src/formats/checkpoint/index.ts';
import { unpickle } from '../../src/formats/checkpoint/pickle.ts';
import { Reader } from '../../src/formats/checkpoint/reader.ts';
import { StateDictHost } from '../../src/formats/checkpoint/tensors.ts';
import type { Fail } from '../../src/formats/checkpoint/zip.ts';
import * as formats from '../../src/formats/index.ts';
import type { Constant } from '../../src/graph/graph.ts';
import {
  checkpoint,
  dict,
  entriesOf,
  global,
  legacy,
  orderedDict,
  type Py,
  parameter,
  type TensorSpec,
  tensor,
  tuple,
  zip,
} from './checkpoint-writer.ts';
import { bfloat16Bits, float16Bits } from './onnx-writer.ts';

const numbers = (constant: Constant | undefined) => Array.from(constant?.read() as unknown as ArrayLike<number | bigint>);
const read = (bytes: Uint8Array) => readCheckpoint(bytes, 'w.pth').tensors;

/** The tensors as their dims and numbers. */
const shown = (tensors: ReadonlyMap<string, Constant>) => [...tensors].map(([name, constant]) => [name, constant.dims, numbers(constant)]);

const weight = tensor({ size: 6, dims: tuple(2, 3), strides: tuple(3, 1) });
const bias = tensor({ key: '1', size: 2 });
const storages = { '0': [1, 2, 3, 4, 5, 6], '1': [7, 8] };
const plain = [
  ['fc.weight', [2, 3], [1, 2, 3, 4, 5, 6]],
  ['fc.bias', [2], [7, 8]],
];
const metadata = dict({ _metadata: orderedDict({ '': dict({ version: 1 }), fc: dict({ version: 1 }) }) });
const stateDict = orderedDict({ 'fc.weight': weight, 'fc.bias': bias }, metadata);

test('lanewise/formats has it', () => {
  expect(formats.readCheckpoint).toBe(readCheckpoint);
});

test.each<[string, Uint8Array]>([
  ['a state dict with its metadata', checkpoint(stateDict, storages)],
  ['a dict', checkpoint(dict({ 'fc.weight': weight, 'fc.bias': bias }), storages)],
  ['pickle_protocol=4', checkpoint(stateDict, storages, { protocol: 4 })],
  ['zip64', checkpoint(stateDict, storages, { zip64: true })],
  ['a comment behind the archive', checkpoint(stateDict, storages, { comment: 'PK\x05\x06 hello' })],
  [
    'byteorder and the files of newer versions',
    checkpoint(stateDict, storages, {
      files: { '.format_version': '1', byteorder: 'little', version: '3\n', '.data/serialization_id': '123' },
    }),
  ],
  ['before PyTorch 1.6', legacy(stateDict, storages)],
  ['before PyTorch 1.6, pickle_protocol=4', legacy(stateDict, storages, { protocol: 4 })],
  ['Parameters', checkpoint(orderedDict({ 'fc.weight': parameter(weight), 'fc.bias': parameter(bias) }), storages)],
  [
    'Parameters with state',
    checkpoint(
      orderedDict({
        'fc.weight': {
          callable: global('torch._utils', '_rebuild_parameter_with_state'),
          args: tuple(weight, true, orderedDict({}), dict({})),
        },
        'fc.bias': bias,
      }),
      storages,
    ),
  ],
  [
    'under state_dict, beside what a training script keeps',
    checkpoint(
      dict({
        epoch: 90,
        arch: 'resnet18',
        best: 76.13,
        lr: [0.1, 1e-5],
        none: null,
        done: true,
        big: 2n ** 40n,
        state_dict: stateDict,
        optimizer: dict({ state: dict({}), param_groups: [dict({ params: [0, 1], betas: tuple(0.9, 0.99) })] }),
      }),
      storages,
    ),
  ],
  ['under model', checkpoint(dict({ model: stateDict }), storages)],
  ['under model_state_dict', checkpoint(dict({ epoch: 1, model_state_dict: stateDict }), storages)],
  ['under state_dict under model', checkpoint(dict({ model: dict({ state_dict: stateDict }) }), storages)],
  ['of DataParallel', checkpoint(dict({ state_dict: orderedDict({ 'module.fc.weight': weight, 'module.fc.bias': bias }) }), storages)],
  [
    'with entries that are no tensors',
    checkpoint(orderedDict({ 'fc.weight': weight, 'fc._extra_state': null, 'fc.bias': bias, steps: 5 }), storages),
  ],
  [
    "Python 2's ordered dictionaries and _rebuild_tensor",
    checkpoint(
      {
        callable: global('collections', 'OrderedDict'),
        args: tuple([
          [
            'fc.weight',
            {
              callable: global('torch._utils', '_rebuild_tensor'),
              args: tuple((weight.args as { tuple: Py[] }).tuple[0] as Py, 0, tuple(2, 3), tuple(3, 1)),
            },
          ],
          ['fc.bias', bias],
        ]),
      },
      storages,
    ),
  ],
])('%s', (_, bytes) => {
  expect(shown(read(bytes))).toEqual(plain);
});

test('module. stays where not all names have it, and as a layer of that name', () => {
  expect([...read(checkpoint(orderedDict({ 'module.fc.weight': weight, bias }), storages)).keys()]).toEqual(['module.fc.weight', 'bias']);
  expect([...read(checkpoint(orderedDict({ module: weight, 'module.bias': bias }), storages)).keys()]).toEqual(['module', 'module.bias']);
});

test('an empty state dict has no tensors', () => {
  expect(read(checkpoint(orderedDict({}))).size).toBe(0);
});

test('names that objects have, in the order of the file', () => {
  const entries: [Py, Py][] = [
    ['__proto__', weight],
    ['2', bias],
    ['constructor', weight],
    ['1', bias],
    ['ünï', bias],
  ];
  expect([...read(checkpoint({ dict: entries }, storages)).keys()]).toEqual(['__proto__', '2', 'constructor', '1', 'ünï']);
});

const types: [string, string, ArrayBufferView, (number | bigint)[]][] = [
  ['FloatStorage', 'float32', Float32Array.of(1.5, -2), [1.5, -2]],
  ['DoubleStorage', 'float64', Float64Array.of(0.1, 2), [0.1, 2]],
  ['HalfStorage', 'float32', Uint16Array.from([1.5, -0, 2 ** -24, Infinity], float16Bits), [1.5, -0, 2 ** -24, Infinity]],
  ['BFloat16Storage', 'float32', Uint16Array.from([1.5, -256], bfloat16Bits), [1.5, -256]],
  ['LongStorage', 'int64', BigInt64Array.of(-(2n ** 63n), 5n), [-(2n ** 63n), 5n]],
  ['IntStorage', 'int32', Int32Array.of(-(2 ** 31)), [-(2 ** 31)]],
  ['ShortStorage', 'int16', Int16Array.of(-32768, 3), [-32768, 3]],
  ['CharStorage', 'int8', Int8Array.of(-128, 5), [-128, 5]],
  ['ByteStorage', 'uint8', Uint8Array.of(255), [255]],
  ['BoolStorage', 'bool', Uint8Array.of(1, 0, 2), [1, 0, 1]],
];

test.each(types)('%s becomes %s, at every alignment', (type, expected, data, values) => {
  const size = values.length;
  const bytes = (data as Uint8Array).byteLength / size;
  for (let pad = 0; pad < 8; pad++) {
    for (const whole of [
      checkpoint(orderedDict({ t: tensor({ type, size }) }), { '0': data }),
      legacy(orderedDict({ t: tensor({ type, size, view: null }) }), { '0': data }, { sizes: { '0': bytes } }),
    ]) {
      const shifted = new Uint8Array(whole.length + pad).subarray(pad);
      shifted.set(whole);
      const constant = read(shifted).get('t');
      expect([constant?.type, constant?.dims, numbers(constant)]).toEqual([expected, [size], values]);
    }
  }
});

test('scalars and tensors without elements', () => {
  const scalar = tensor({ type: 'LongStorage', size: 1, dims: tuple(), strides: tuple() });
  const empty = tensor({ key: '1', size: 0, dims: tuple(3, 0, 2), strides: tuple(2, 2, 1) });
  const tensors = read(checkpoint(orderedDict({ 'bn.num_batches_tracked': scalar, empty }), { '0': BigInt64Array.of(17n), '1': [] }));
  expect(shown(tensors)).toEqual([
    ['bn.num_batches_tracked', [], [17n]],
    ['empty', [3, 0, 2], []],
  ]);
});

const ramp = Array.from({ length: 24 }, (_, i) => i);
/** A tensor of the storage 0 to 23, by plain loops. */
const expected = (offset: number, dims: number[], strides: number[]): number[] =>
  dims.reduce<number[]>(
    (places, dim, axis) => places.flatMap((at) => Array.from({ length: dim }, (_, i) => at + i * (strides[axis] as number))),
    [offset],
  );

test.each<[string, number, number[], number[]]>([
  ['an offset', 5, [2, 3], [3, 1]],
  ['the end of the storage', 18, [6], [1]],
  ['transposed', 0, [6, 4], [1, 6]],
  ['channels last', 0, [1, 3, 2, 4], [24, 1, 12, 3]],
  ['every other', 1, [2, 3, 2], [12, 4, 2]],
  ['expanded', 3, [4, 2], [0, 1]],
  ['a dimension of 1 with any stride', 0, [1, 4, 1, 6], [7, 6, 99, 1]],
  ['windows that overlap', 2, [5, 3], [1, 1]],
  ['one element', 23, [1, 1], [5, 5]],
])('%s', (_, offset, dims, strides) => {
  const spec = (type: string): TensorSpec => ({ type, size: 24, dims: { tuple: dims }, strides: { tuple: strides }, offset });
  for (const [type, data] of [
    ['FloatStorage', Float32Array.from(ramp)],
    ['HalfStorage', Uint16Array.from(ramp, float16Bits)],
    ['ByteStorage', Uint8Array.from(ramp)],
  ] as const) {
    const constant = read(checkpoint(orderedDict({ t: tensor(spec(type)) }), { '0': data })).get('t');
    expect(constant?.dims).toEqual(dims);
    expect(numbers(constant)).toEqual(expected(offset, dims, strides));
    if (!constant?.fill || type === 'ByteStorage') continue;
    const part = new Float32Array(2).subarray(0, expected(offset, dims, strides).length);
    constant.fill(part, 0);
    expect([...part]).toEqual(expected(offset, dims, strides).slice(0, part.length));
  }
});

test('tensors may share a storage', () => {
  const bytes = checkpoint(
    orderedDict({
      whole: tensor({ size: 4, dims: tuple(2, 2), strides: tuple(2, 1) }),
      tied: tensor({ size: 4 }),
      row: tensor({ size: 4, dims: tuple(2), strides: tuple(1), offset: 2 }),
    }),
    { '0': [1, 2, 3, 4] },
  );
  expect(shown(read(bytes))).toEqual([
    ['whole', [2, 2], [1, 2, 3, 4]],
    ['tied', [4], [1, 2, 3, 4]],
    ['row', [2], [3, 4]],
  ]);
});

test('before PyTorch 0.4 a storage may be a part of another', () => {
  const part = tensor({ size: 6, dims: tuple(2), strides: tuple(1), offset: 1, view: tuple('99', 2, 3) });
  expect(shown(read(legacy(orderedDict({ part }), { '0': [0, 1, 2, 3, 4, 5] })))).toEqual([['part', [2], [3, 4]]]);
});

test('a large file stays where it is until its tensors are read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-checkpoint-'));
  try {
    const size = 300_000;
    const data = Float32Array.from({ length: size }, (_, i) => i);
    const root = orderedDict({
      rows: tensor({ size, dims: tuple(1000, 300), strides: tuple(300, 1) }),
      columns: tensor({ size, dims: tuple(300, 1000), strides: tuple(1, 300) }),
    });
    for (const bytes of [checkpoint(root, { '0': data }), legacy(root, { '0': data })]) {
      const path = join(folder, 'w.pth');
      writeFileSync(path, bytes);
      const file = openFile(path, path);
      let taken = 0;
      const counted = {
        ...file,
        length: file.length,
        read: (target: Uint8Array, from: number) => {
          taken += target.length;
          (file as Exclude<typeof file, Uint8Array>).read(target, from);
        },
      };
      const { tensors } = openCheckpoint(
        { ...counted, ...Object.fromEntries(Object.getOwnPropertySymbols(file).map((key) => [key, true])) } as never,
        path,
      );
      expect(taken).toBeLessThan(200_000);
      const part = new Float32Array(3);
      tensors.get('rows')?.fill?.(part, 70_000);
      expect([...part]).toEqual([70_000, 70_001, 70_002]);
      expect(taken).toBeLessThan(200_000);
      expect(numbers(tensors.get('columns')).slice(999, 1002)).toEqual([299_700, 1, 301]);
      expect(numbers(tensors.get('rows')).slice(-2)).toEqual([299_998, 299_999]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('files in an archive may have any order behind the pickle', () => {
  const [data, ...others] = entriesOf(stateDict, storages);
  expect(shown(read(zip([data as never, ...others.reverse()])))).toEqual(plain);
});

test('every opcode of plain values', () => {
  const bytes = (...values: (number | string)[]) =>
    values.flatMap((value) => (typeof value === 'number' ? [value] : [...Buffer.from(value)]));
  const items = [
    bytes('U', 1, 'a', 'T', 1, 0, 0, 0, 'b'),
    bytes(0x8d, 1, 0, 0, 0, 0, 0, 0, 0, 'c', 'C', 1, 9),
    bytes(0x8c, 1, 'd', 'B', 1, 0, 0, 0, 9),
    bytes(0x8c, 1, 'e', 0x8e, 1, 0, 0, 0, 0, 0, 0, 0, 9),
    bytes(0x8c, 1, 'f', 0x8b, 2, 0, 0, 0, 0, 0xff),
    bytes(0x8c, 1, 'g', '(', 'K', 1, 'l'),
    bytes(0x8c, 1, 'h', ']', 'K', 1, 'a'),
    bytes(0x8c, 1, 'i', '(', 0x8c, 1, 'x', 'N', 'd'),
    bytes(0x8c, 1, 'j', 'N', '0', '2'),
    bytes('(', 'N', '1', 0x8c, 1, 'k', 0x8a, 0),
    bytes('U', 1, 'l', 0x8a, 1, 255),
    bytes('U', 1, 'm', 0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x80),
    bytes('U', 1, 'n', 'G', 0xbf, 0xe0, 0, 0, 0, 0, 0, 0),
    bytes('U', 1, 'o', 'J', 0xfe, 0xff, 0xff, 0xff),
    bytes('U', 1, 'p', 'M', 255, 255),
    bytes('U', 1, 'q', ']', '(', 'K', 1, 'K', 2, 'K', 3, 'q', 3, '1', 'K', 1, 0x94, 0x85, 'a'),
    bytes('h', 1, 'K', 2, 0x86, 'a', 'h', 1, 'K', 2, 'j', 3, 0, 0, 0, 0x87, 'a', '(', 'h', 1, 'K', 2, 'h', 3, 'K', 4, 't', 'a', ')', 'a'),
    bytes('U', 1, 'r', ']', '(', 0x88, 0x89, 'e'),
  ].flat();
  const pickled = Uint8Array.from([0x80, 2, ...bytes('}', '('), ...items, ...bytes('u', '.')]);
  const fail: Fail = (message, code = 'INVALID_FILE') => new LanewiseError(code, message);
  const value = unpickle(new Reader(pickled, 'the pickle', fail), new StateDictHost(0, fail), fail) as Map<string, unknown>;
  expect(Object.fromEntries(value)).toEqual({
    a: 'b',
    c: Uint8Array.of(9),
    d: Uint8Array.of(9),
    e: Uint8Array.of(9),
    f: -256,
    g: [1],
    h: [1],
    i: new Map([['x', null]]),
    j: 'j',
    k: 0,
    l: -1,
    m: -(2n ** 63n),
    n: -0.5,
    o: -2,
    p: 65_535,
    q: [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], []],
    r: [true, false],
  });
});
