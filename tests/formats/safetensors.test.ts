import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { LanewiseError } from '../../src/errors.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { toFloat16 } from '../../src/graph/halves.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { anyTensor } from './any-graph.ts';
import { bfloat16Bits, float16Bits } from './onnx-writer.ts';

const model = new Uint8Array(readFileSync(new URL('../../models/cifar10-resnet20.safetensors', import.meta.url)));

function encode(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const refusal = (bytes: Uint8Array) => failure(() => readSafetensors(bytes, 'w.safetensors'));

test('the weights of the default model', () => {
  const { tensors, metadata } = readSafetensors(model, 'w.safetensors');
  expect(tensors.size).toBe(107);
  expect([...tensors.keys()].slice(0, 3)).toEqual(['conv1.weight', 'bn1.weight', 'bn1.bias']);
  expect(tensors.get('conv1.weight')).toMatchObject({ name: 'conv1.weight', type: 'float32', dims: [16, 3, 3, 3] });
  expect(Array.from(tensors.get('fc.bias')?.read() as Float32Array)).toEqual([
    0.07953810691833496, -0.12752550840377808, 0.14345741271972656, 0.1391163170337677, 0.0807759016752243, -0.0633687973022461,
    0.003888702020049095, -0.015694040805101395, -0.06346025317907333, -0.17671352624893188,
  ]);
  expect(metadata.get('architecture')).toBe('resnet20');
  expect(metadata.get('accuracy')).toBe('0.8784');
});

test.each<[string, string, ArrayBufferView, (number | bigint)[]]>([
  ['F32', 'float32', Float32Array.of(1.5, -2), [1.5, -2]],
  ['F64', 'float64', Float64Array.of(0.1), [0.1]],
  ['F16', 'float32', Uint16Array.from([1.5, -0, 2 ** -24, Infinity], float16Bits), [1.5, -0, 2 ** -24, Infinity]],
  ['BF16', 'float32', Uint16Array.from([1.5, -256], bfloat16Bits), [1.5, -256]],
  ['I8', 'int8', Int8Array.of(-128, 5), [-128, 5]],
  ['U8', 'uint8', Uint8Array.of(255), [255]],
  ['I16', 'int16', Int16Array.of(-32768), [-32768]],
  ['U16', 'uint16', Uint16Array.of(65535), [65535]],
  ['I32', 'int32', Int32Array.of(-(2 ** 31)), [-(2 ** 31)]],
  ['U32', 'uint32', Uint32Array.of(2 ** 32 - 1), [2 ** 32 - 1]],
  ['I64', 'int64', BigInt64Array.of(-(2n ** 63n)), [-(2n ** 63n)]],
  ['U64', 'uint64', BigUint64Array.of(2n ** 64n - 1n), [2n ** 64n - 1n]],
  ['BOOL', 'bool', Uint8Array.of(1, 0), [1, 0]],
])('%s becomes %s, at every alignment', (dtype, type, array, expected) => {
  const data = bytesOf(array);
  for (let pad = 0; pad < 8; pad++) {
    const header = JSON.stringify({ t: { dtype, shape: [expected.length], data_offsets: [0, data.length] } }) + ' '.repeat(pad);
    const tensor = readSafetensors(encode(header, data), 'w.safetensors').tensors.get('t');
    expect(tensor).toMatchObject({ name: 't', type, dims: [expected.length] });
    expect(Array.from(tensor?.read() as unknown as ArrayLike<number | bigint>)).toEqual(expected);
  }
});

test('scalars, empty tensors, any order of entries, and names that objects have', () => {
  const header =
    '{"__proto__":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"empty":{"dtype":"F32","shape":[0,9],"data_offsets":[1,1]},"constructor":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}';
  const { tensors, metadata } = readSafetensors(encode(header, Uint8Array.of(7, 8, 9)), 'w.safetensors');
  expect([...tensors].map(([name, { dims, read }]) => [name, dims, Array.from(read() as Uint8Array)])).toEqual([
    ['__proto__', [2], [8, 9]],
    ['empty', [0, 9], []],
    ['constructor', [], [7]],
  ]);
  expect(metadata.size).toBe(0);
  expect(readSafetensors(encode({}), 'w.safetensors').tensors.size).toBe(0);
});

const u8 = (begin: unknown, end: unknown, shape: unknown = [2], dtype: unknown = 'U8') => ({ dtype, shape, data_offsets: [begin, end] });
const two = new Uint8Array(2);
const four = new Uint8Array(4);

test.each<[string, Uint8Array, string, RegExp]>([
  ['an empty file', new Uint8Array(0), 'INVALID_FILE', /^w\.safetensors: not a safetensors file: it is empty$/],
  ['a web page', Buffer.from('<!DOCTYPE html><html></html>'), 'INVALID_FILE', /not a safetensors file: it starts with "<!DOCTYPE html>/],
  ['a huge header', Uint8Array.of(1, 0xe1, 0xf5, 5, 0, 0, 0, 0, 0x7b), 'INVALID_FILE', /not a safetensors file/],
  ['a header of 2^64 - 1', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 0x7b), 'INVALID_FILE', /not a safetensors file/],
  [
    'a header that is cut',
    encode({ a: u8(0, 2) }).subarray(0, 20),
    'TRUNCATED_FILE',
    /the header takes 61 bytes, but the file ends at byte 20/,
  ],
  ['bad JSON', encode('{"a":'), 'INVALID_FILE', /not valid JSON/],
  ['bad UTF-8', encode('{"a":1}').fill(0xff, 10, 11), 'INVALID_FILE', /not valid JSON/],
  ['deep JSON', encode(`{"a":${'['.repeat(200_000)}`), 'INVALID_FILE', /not valid JSON/],
  ['an entry that is no object', encode({ a: [1] }), 'INVALID_FILE', /entry 'a' is not an object/],
  ['an entry that is null', encode({ a: null }), 'INVALID_FILE', /entry 'a' is not an object/],
  ['metadata that is no object', encode({ __metadata__: 'x' }), 'INVALID_FILE', /entry '__metadata__' is not an object/],
  ['metadata that is no string', encode({ __metadata__: { a: 1 } }), 'INVALID_FILE', /metadata 'a' is not a string/],
  ['no dtype', encode({ a: { shape: [2], data_offsets: [0, 2] } }, two), 'INVALID_FILE', /tensor 'a' has no dtype/],
  ['float8', encode({ a: u8(0, 2, [2], 'F8_E4M3') }, two), 'UNSUPPORTED', /tensor 'a' has dtype F8_E4M3/],
  ['a dtype that objects have', encode({ a: u8(0, 2, [2], 'constructor') }, two), 'UNSUPPORTED', /dtype constructor/],
  ['no shape', encode({ a: { dtype: 'U8', data_offsets: [0, 2] } }, two), 'INVALID_FILE', /tensor 'a' has no valid shape/],
  ['a negative size', encode({ a: u8(0, 2, [-1, -2]) }, two), 'INVALID_FILE', /tensor 'a' has no valid shape/],
  ['a size that is no integer', encode({ a: u8(0, 2, [0.5, 4]) }, two), 'INVALID_FILE', /tensor 'a' has no valid shape/],
  ['sizes beyond counting', encode({ a: u8(0, 2, [2 ** 40, 2 ** 40]) }, two), 'INVALID_FILE', /tensor 'a' has no valid shape/],
  ['no offsets', encode({ a: { dtype: 'U8', shape: [2] } }, two), 'INVALID_FILE', /tensor 'a' has no valid data_offsets/],
  ['three offsets', encode({ a: { ...u8(0, 2), data_offsets: [0, 2, 2] } }, two), 'INVALID_FILE', /no valid data_offsets/],
  ['offsets that are strings', encode({ a: u8('0', '2') }, two), 'INVALID_FILE', /no valid data_offsets/],
  [
    'another number of bytes',
    encode({ a: u8(0, 2, [2], 'F32') }, two),
    'INVALID_FILE',
    /tensor 'a' is F32 \[2\], which does not take its 2 bytes/,
  ],
  ['offsets backwards', encode({ a: u8(2, 0) }, two), 'INVALID_FILE', /does not take its -2 bytes/],
  ['a negative offset', encode({ a: u8(-2, 0) }, two), 'INVALID_FILE', /tensor 'a' starts at -2/],
  ['a gap', encode({ a: u8(0, 1, [1]), b: u8(2, 4) }, four), 'INVALID_FILE', /tensor 'b' starts at 2, where the one before ends at 1/],
  [
    'an overlap',
    encode({ a: u8(0, 2), b: u8(1, 3) }, new Uint8Array(3)),
    'INVALID_FILE',
    /tensor 'b' starts at 1, where the one before ends at 2/,
  ],
  ['bytes that nothing covers', encode({ a: u8(0, 2) }, four), 'INVALID_FILE', /the tensors take 2 bytes, but 4 follow the header/],
  [
    'data that is cut',
    encode({ a: u8(0, 2) }, two.subarray(1)),
    'TRUNCATED_FILE',
    /the tensors take 2 bytes, but only 1 follow the header/,
  ],
])('%s is refused', (_, bytes, code, message) => {
  const error = refusal(bytes);
  expect(error.message).toMatch(message);
  expect(error.code).toBe(code);
});

test('the default weights cut anywhere are called cut off', () => {
  for (let end = 9; end < model.length; end += 9973) expect(refusal(model.subarray(0, end)).code).toBe('TRUNCATED_FILE');
  expect(refusal(model.subarray(0, -1)).code).toBe('TRUNCATED_FILE');
});

test('changed bits in the header give LanewiseErrors or tensors that are readable', () => {
  const bytes = encode({ __metadata__: { k: 'v' }, a: u8(0, 4, [2], 'F16'), b: u8(4, 6) }, new Uint8Array(6));
  let refused = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      for (const tensor of readSafetensors(changed, 'w.safetensors').tensors.values()) tensor.read();
    } catch (error) {
      expect(error).toBeInstanceOf(LanewiseError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(500);
});

describe('writing', () => {
  const read = (bytes: Uint8Array) => readSafetensors(bytes, 'w.safetensors');
  const bits = (data: ArrayBufferView) => Buffer.from(bytesOf(data)).toString('hex');
  const plain = (tensors: ReadonlyMap<string, { type: string; dims: readonly number[]; read(): ArrayBufferView }>) =>
    [...tensors].map(([name, { type, dims, read }]) => [name, type, dims, bits(read())]);
  const headerOf = (bytes: Uint8Array) => {
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    return { length, text: new TextDecoder().decode(bytes.subarray(8, 8 + length)) };
  };

  test('the default weights are the same again, to the byte where they are written twice', () => {
    const { tensors, metadata } = read(model);
    const bytes = writeSafetensors(tensors, { metadata });
    const back = read(bytes);
    expect(plain(back.tensors)).toEqual(plain(tensors));
    expect(back.metadata).toEqual(metadata);
    expect(Buffer.compare(writeSafetensors(back.tensors, { metadata: back.metadata }), bytes)).toBe(0);
  });

  test('any tensors and metadata are the same again, in any order', () => {
    const name = fc.string({ unit: 'binary', maxLength: 6 }).filter((text) => text !== '__metadata__');
    fc.assert(
      fc.property(fc.array(anyTensor(name)), fc.array(fc.tuple(name, name)), (list, pairs) => {
        const tensors = new Map(list.map((tensor) => [tensor.name, tensor]));
        const metadata = new Map(pairs);
        const bytes = writeSafetensors(tensors, { metadata });
        const back = read(bytes);
        expect(plain(back.tensors).sort()).toEqual(plain(tensors).sort());
        expect([...back.metadata].sort()).toEqual([...metadata].sort());
        const { length } = headerOf(bytes);
        expect(length % 8).toBe(0);
      }),
    );
  });

  test('the bytes of a small file', () => {
    const tensors = new Map<string, Tensor>([
      ['1', new Tensor('uint8', [7, 8])],
      ['w', new Tensor('float32', [1.5], [])],
    ]);
    const bytes = writeSafetensors(tensors, { metadata: new Map([['k', '"v"']]) });
    const text =
      '{"__metadata__":{"k":"\\"v\\""},"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"1":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}';
    const { length, text: header } = headerOf(bytes);
    expect(header).toBe(text.padEnd(length));
    expect(length - text.length).toBeLessThan(8);
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0xc0, 0x3f, 7, 8]);
    expect(headerOf(writeSafetensors(new Map())).text).toBe('{}      ');
  });

  test("weights: 'f16' halves matrices and kernels", () => {
    const data = Float32Array.from({ length: 32 }, (_, i) => i / 3);
    const tensors = new Map<string, Tensor>([
      ['vector', new Tensor('float32', data)],
      ['kernel', new Tensor('float32', data, [2, 4, 2, 2])],
      [
        'large',
        new Tensor(
          'float32',
          data.map((x) => x * 1e5),
          [2, 16],
        ),
      ],
      ['ids', new Tensor('int64', new BigInt64Array(32), [2, 16])],
    ]);
    const bytes = writeSafetensors(tensors, { weights: 'f16' });
    const types = Object.entries(JSON.parse(headerOf(bytes).text) as Record<string, { dtype: string }>).map(([name, { dtype }]) => [
      name,
      dtype,
    ]);
    // Larger elements first, so that each tensor is aligned.
    expect(types).toEqual([
      ['ids', 'I64'],
      ['vector', 'F32'],
      ['large', 'F32'],
      ['kernel', 'F16'],
    ]);
    const kernel = read(bytes).tensors.get('kernel')?.read() as Float32Array;
    expect([...toFloat16(kernel)]).toEqual(Array.from(data, float16Bits));
  });

  test.each<[string, () => unknown, string, RegExp]>([
    [
      'the name of the metadata',
      () => new Map([['__metadata__', new Tensor('uint8', [1])]]),
      'INVALID_INPUT',
      /cannot hold a tensor named '__metadata__'/,
    ],
    [
      'another length',
      () => new Map([['w', { type: 'uint8', dims: [3], data: two }]]),
      'INVALID_INPUT',
      /'w' of uint8 \[3\] takes a Uint8Array of 3, got Uint8Array of 2/,
    ],
    [
      'no shape',
      () => new Map([['w', { type: 'uint8', dims: [0.5], data: two }]]),
      'INVALID_INPUT',
      /'w' of uint8 has no valid shape: \[0\.5\]/,
    ],
    [
      'no such type',
      () => new Map([['w', { type: 'string', dims: [2], data: two }]]),
      'INVALID_INPUT',
      /'w' has the unknown element type 'string'/,
    ],
    [
      'more than memory',
      () => new Map([['w', { type: 'uint8', dims: [2 ** 52], data: two }]]),
      'TOO_LARGE',
      /a safetensors file of 4503599627370592 bytes/,
    ],
  ])('%s is refused', (_, tensors, code, message) => {
    const error = failure(() => writeSafetensors(tensors() as ReadonlyMap<string, Tensor>));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
});
