import { LanewiseError, visible } from '../../src/errors.ts';
import { externalLocations, readOnnx, readTensorProto } from '../../src/formats/onnx/index.ts';
import type { Constant, Graph } from '../../src/graph/graph.ts';
import { failure } from '../failure.ts';
import { bfloat16Bits, encodeModel, encodeTensor, float16Bits, type ModelSpec, type TensorSpec } from './onnx-writer.ts';

const withInitializer = (...tensors: TensorSpec[]): ModelSpec => ({
  inputs: [{ name: 'x', dims: [1] }],
  outputs: [{ name: 'y' }],
  initializers: tensors.map((tensor, i) => ({ name: i === 0 ? 'w' : `w${i}`, ...tensor })),
  nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
});
const read = (tensor: TensorSpec, files?: Record<string, Uint8Array>): Graph =>
  readOnnx(encodeModel(withInitializer(tensor)), 'm.onnx', files && new Map(Object.entries(files)));
const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const floats = bytesOf(Float32Array.of(1, 2, 3, 4));
const values = (constant: Constant | undefined) => Array.from(constant?.read() as ArrayLike<number | bigint>);

test('a tensor is a view on its part of the file', () => {
  const external = { location: 'weights.bin', offset: '4', length: '8', checksum: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' };
  const constant = read({ dims: [2], external }, { 'weights.bin': floats }).constants.get('w');
  expect(constant).toMatchObject({ name: 'w', type: 'float32', dims: [2] });
  expect(values(constant)).toEqual([2, 3]);
  expect(constant?.read().buffer).toBe(floats.buffer);
});

test('offset and length may be left out, or empty', () => {
  const files = { w: floats };
  expect(values(read({ dims: [4], external: 'w' }, files).constants.get('w'))).toEqual([1, 2, 3, 4]);
  expect(values(read({ dims: [1], external: { location: 'w', offset: '', length: '' } }, files).constants.get('w'))).toEqual([1]);
  expect(values(read({ dims: [0, 2], external: { location: 'w', offset: '16' } }, files).constants.get('w'))).toEqual([]);
});

test.each<[TensorSpec['type'], ArrayBufferView, (number | bigint)[]]>([
  ['float64', Float64Array.of(0.1), [0.1]],
  ['int64', BigInt64Array.of(-(2n ** 63n)), [-(2n ** 63n)]],
  ['int8', Int8Array.of(-1), [-1]],
  ['bool', Uint8Array.of(1), [1]],
  ['float16', Uint16Array.of(float16Bits(-1.5)), [-1.5]],
  ['bfloat16', Uint16Array.of(bfloat16Bits(256)), [256]],
])('of %s, at any offset', (type, data, expected) => {
  for (let offset = 0; offset < 9; offset++) {
    const file = new Uint8Array(offset + data.byteLength);
    file.set(bytesOf(data), offset);
    const constant = read({ type, dims: [1], external: { location: 'w', offset: `${offset}` } }, { w: file }).constants.get('w');
    expect(values(constant)).toEqual(expected);
  }
});

test('attributes may have external data too', () => {
  const tensor = { dims: [2], external: { location: 'c', offset: '8' } };
  const bytes = encodeModel({ nodes: [{ op: 'Constant', outputs: ['y'], attributes: { value: { tensor } } }] });
  expect(externalLocations(bytes, 'm.onnx')).toEqual(['c']);
  const value = readOnnx(bytes, 'm.onnx', new Map([['c', floats]])).nodes[0]?.attributes.get('value');
  expect(values(value as Constant)).toEqual([3, 4]);
});

test('the locations are each given once, in order, without what means nothing', () => {
  const names = ['./b.bin', 'a/./b//c', 'b.bin', 'größe 1%2e.data', 'http:x', '...', 'a..b'];
  const spec = withInitializer(...names.map((external) => ({ dims: [1], external })), { data: [1] });
  expect(externalLocations(encodeModel(spec), 'm.onnx')).toEqual(['b.bin', 'a/b/c', 'größe 1%2e.data', 'http:x', '...', 'a..b']);
  expect(externalLocations(encodeModel(withInitializer({ data: [1] })), 'm.onnx')).toEqual([]);
});

test.each([
  '/etc/passwd',
  '//server/share',
  '../secret',
  'a/../../secret',
  'a/..',
  '..',
  'C:\\secret',
  'c:secret',
  'C:/secret',
  '\\\\server\\share',
  'a\\..\\..\\secret',
  'a\0b',
  '.',
  './',
])('the location %j is refused', (location) => {
  const error = failure(() => read({ dims: [1], external: location }, { [location]: floats }));
  expect(error.message).toBe(`m.onnx: the initializer 'w' has its data in '${visible(location)}', which is not inside the model's folder`);
  expect(error.code).toBe('INVALID_MODEL');
});

const at = (offset: string, length: string) => ({ location: 'w.bin', offset, length });
test.each<[string, TensorSpec, string, RegExp]>([
  [
    'no location',
    { dims: [1], external: { offset: '0' } },
    'INVALID_MODEL',
    /'w' has its data in another file, but does not say in which$/,
  ],
  ['a file that is not given', { dims: [1], external: 'v.bin' }, 'FILE_NOT_FOUND', /'w' has its data in 'v\.bin', which is not given$/],
  ['too small a file', { dims: [5], external: 'w.bin' }, 'TRUNCATED_FILE', /in 20 bytes from byte 0 on of 'w\.bin', which ends at byte 16/],
  ['an offset past the end', { dims: [1], external: at('16', '4') }, 'TRUNCATED_FILE', /4 bytes from byte 16 on of 'w\.bin'/],
  ['a huge offset', { dims: [1], external: at('9007199254740991', '4') }, 'TRUNCATED_FILE', /from byte 9007199254740991 on/],
  ['an offset beyond numbers', { dims: [1], external: at('9007199254740993', '4') }, 'INVALID_MODEL', /the offset '9007199254740993'/],
  ['a negative offset', { dims: [1], external: at('-4', '4') }, 'INVALID_MODEL', /the offset '-4' in 'w\.bin'$/],
  ['an offset that is no number', { dims: [1], external: at('0x10', '4') }, 'INVALID_MODEL', /the offset '0x10'/],
  [
    'a long offset',
    { dims: [1], external: at('9'.repeat(10_000), '4') },
    'INVALID_MODEL',
    /the offset '9{50,200}\.\.\.9{50,200}' in 'w\.bin'$/,
  ],
  [
    'another length',
    { dims: [2], external: at('0', '12') },
    'INVALID_MODEL',
    /'w' is float32 \[2\], which takes 8 bytes, but has 12 in 'w\.bin'$/,
  ],
  ['a fraction as length', { dims: [1], external: at('0', '4.0') }, 'INVALID_MODEL', /the length '4\.0'/],
  ['no shape', { dims: [-1], external: 'w.bin' }, 'INVALID_MODEL', /make no shape/],
  ['sizes beyond files', { dims: [2 ** 50], external: 'w.bin' }, 'TRUNCATED_FILE', /4503599627370496 bytes/],
  ['strings', { type: 'string', dims: [1], external: 'w.bin' }, 'UNSUPPORTED', /element type string/],
])('%s is refused', (_, tensor, code, message) => {
  const error = failure(() => read(tensor, { 'w.bin': floats }));
  expect(error.message).toMatch(message);
  expect(error.code).toBe(code);
  expect(error.message.length).toBeLessThan(600);
});

test('a file with one tensor has no others beside it', () => {
  const error = failure(() => readTensorProto(encodeTensor({ name: 't', dims: [1], external: 'w' }), 't.pb'));
  expect([error.code, error.message]).toEqual(['UNSUPPORTED', "t.pb: the tensor 't' has its data in another file"]);
});

test('every changed bit of a model with external data gives a graph that is readable or a LanewiseError', () => {
  const external = { location: 'w.bin', offset: '4', length: '8', checksum: 'abc' };
  const bytes = encodeModel(withInitializer({ dims: [2], external }, { dims: [1], type: 'int64', external: 'w.bin' }));
  const files = new Map([['w.bin', floats]]);
  const codes = new Set<string>();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      for (const constant of readOnnx(changed, 'm.onnx', files).constants.values()) {
        expect(constant.read()).toHaveLength(constant.dims.reduce((product, dim) => product * dim, 1));
      }
      codes.add('a graph');
    } catch (error) {
      if (!(error instanceof LanewiseError)) throw error;
      codes.add(error.code);
    }
  }
  expect([...codes].sort()).toEqual(['FILE_NOT_FOUND', 'INVALID_FILE', 'INVALID_MODEL', 'TRUNCATED_FILE', 'UNSUPPORTED', 'a graph']);
});

test('cut anywhere, the model and its file are called cut off', () => {
  const bytes = encodeModel(withInitializer({ dims: [4], external: 'w.bin' }));
  for (let end = 0; end < floats.length; end++) {
    const error = failure(() => readOnnx(bytes, 'm.onnx', new Map([['w.bin', floats.subarray(0, end)]])));
    expect(error.code).toBe('TRUNCATED_FILE');
  }
  for (let end = 0; end < bytes.length; end++) failure(() => readOnnx(bytes.subarray(0, end), 'm.onnx', new Map([['w.bin', floats]])));
});
