import { LanewiseError } from '../../src/errors.ts';
import { readNpy, writeNpy } from '../../src/formats/npy.ts';
import { arrayTypes, type DataType, Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';

// Written by NumPy's np.lib.format.write_array.
const fromNumPy = {
  fortran3:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoADAQQCBQBDQURCRUCDgYSChYDDwcTCxc=',
  fortran:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMSwgMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAP3////8//7/+/8=',
  half2:
    'k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjInLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoNCwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPgCAAHwBAA==',
  scalar3:
    'k05VTVBZAwB0AAAAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr/////////fw==',
  bigEndian:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo/gAAA',
  structured:
    'k05VTVBZAQB2AHsnZGVzY3InOiBbKCdhJywgJzxpNCcpLCAoJ2InLCAnPGY0JyldLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAAAAQA==',
  complex:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGMxNicsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgxLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAPA/',
  matrix:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAgQAAAYMA=',
};
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const list = (tensor: Tensor) => Array.from(tensor.data as unknown as ArrayLike<number | bigint>);

const extremes: Record<DataType, (number | bigint)[]> = {
  float32: [1.5, -0, Infinity, NaN, 2 ** -149],
  float64: [0.1, -1e300],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  bool: [1, 0],
};

test.each(Object.keys(arrayTypes) as DataType[])('%s survives a round trip', (type) => {
  const values = extremes[type];
  for (const dims of [[values.length], [1, values.length, 1], [values.length, 1]]) {
    const bytes = writeNpy(new Tensor(type, values as number[], dims));
    expect((bytes.length - new Tensor(type, values as number[]).data.byteLength) % 64).toBe(0);
    // At an odd address too
    const moved = Buffer.from(new ArrayBuffer(bytes.length + 1), 1);
    moved.set(bytes);
    for (const copy of [bytes, moved]) {
      const tensor = readNpy(copy, 'a.npy');
      expect([tensor.type, tensor.dims]).toEqual([type, dims]);
      expect(list(tensor)).toEqual(values);
    }
  }
});

const refusal = (bytes: Uint8Array) => failure(() => readNpy(bytes, 'a.npy'));

test('scalars, empty tensors and long shapes survive a round trip', () => {
  for (const dims of [[], [0], [3, 0, 2], Array(60).fill(1)]) {
    const tensor = new Tensor('int16', dims.includes(0) ? [] : [7], dims);
    expect(readNpy(writeNpy(tensor), 'a.npy')).toEqual(tensor);
  }
});

test('writes the bytes that NumPy writes', () => {
  const tensor = readNpy(bytesOf(fromNumPy.matrix), 'a.npy');
  expect([tensor.dims, list(tensor)]).toEqual([
    [1, 3],
    [1.5, 2.5, -3.5],
  ]);
  expect(writeNpy(tensor)).toEqual(bytesOf(fromNumPy.matrix));
});

test('writes the part of the memory that the tensor is', () => {
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  expect(list(readNpy(writeNpy(new Tensor('float32', data)), 'a.npy'))).toEqual([2, 3]);
});

test('reads Fortran order as row-major', () => {
  const small = readNpy(bytesOf(fromNumPy.fortran), 'a.npy');
  expect([small.type, small.dims, list(small)]).toEqual(['int16', [1, 2, 3], [0, -1, -2, -3, -4, -5]]);
  const large = readNpy(bytesOf(fromNumPy.fortran3), 'a.npy');
  expect(large.dims).toEqual([2, 3, 4]);
  expect(list(large)).toEqual(Array.from({ length: 24 }, (_, i) => i));
});

test('reads versions 2 and 3, float16 and scalars', () => {
  const half = readNpy(bytesOf(fromNumPy.half2), 'a.npy');
  expect([half.type, half.dims, list(half)]).toEqual(['float32', [4], [1.5, -0, Infinity, 2 ** -24]]);
  const scalar = readNpy(bytesOf(fromNumPy.scalar3), 'a.npy');
  expect([scalar.type, scalar.dims, list(scalar)]).toEqual(['int64', [], [2n ** 63n - 1n]]);
});

const matrix = bytesOf(fromNumPy.matrix);
/** The matrix with a part of its header replaced. */
const changed = (from: string, to: string) => {
  const text = Buffer.from(matrix).toString('latin1');
  expect(text).toContain(from);
  return new Uint8Array(Buffer.from(text.replace(from, to.padEnd(from.length)), 'latin1'));
};

test.each<[string, Uint8Array, string, RegExp]>([
  ['an empty file', new Uint8Array(0), 'INVALID_FILE', /^a\.npy: not a \.npy file: it is empty$/],
  ['a ZIP', Buffer.from('PK\x03\x04 an .npz'), 'INVALID_FILE', /not a \.npy file: it starts with "PK/],
  ['version 4', matrix.slice().fill(4, 6, 7), 'UNSUPPORTED', /version 4 is not known/],
  ['big-endian numbers', bytesOf(fromNumPy.bigEndian), 'UNSUPPORTED', /big-endian/],
  ['structures', bytesOf(fromNumPy.structured), 'UNSUPPORTED', /element type \[\('a', '<i4'\)/],
  ['complex numbers', bytesOf(fromNumPy.complex), 'UNSUPPORTED', /element type '<c16' is not read/],
  ['no shape', changed("'shape'", "'scope'"), 'INVALID_FILE', /no shape/],
  ['a shape of text', changed('(1, 3)', '(a, 3)'), 'INVALID_FILE', /no shape/],
  ['an impossible shape', changed(`(1, 3), }${' '.repeat(20)}`, '(9999999, 9999999999), }'), 'INVALID_FILE', /impossible shape/],
  ['too little data', changed('(1, 3)', '(2, 3)'), 'TRUNCATED_FILE', /float32 \[2, 3\] takes 24 bytes, but 12 follow the header/],
  ['too much data', changed('(1, 3)', '(1, 2)'), 'INVALID_FILE', /float32 \[1, 2\] takes 8 bytes, but 12 follow the header/],
  [
    'a large header',
    Uint8Array.from({ length: 20_000 }, (_, i) => matrix[i] ?? 0).fill(0x40, 9, 10),
    'INVALID_FILE',
    /at most 10000 are read/,
  ],
])('%s is refused', (_, bytes, code, message) => {
  const error = refusal(bytes);
  expect(error.message).toMatch(message);
  expect(error.code).toBe(code);
});

test('a file cut at any byte is called cut off', () => {
  for (let end = 6; end < matrix.length; end++) expect(refusal(matrix.subarray(0, end)).code).toBe('TRUNCATED_FILE');
  for (let end = 0; end < 6; end++) expect(refusal(matrix.subarray(0, end)).code).toBe('INVALID_FILE');
});

test('changed bits give LanewiseErrors or tensors', () => {
  for (const bytes of [matrix, bytesOf(fromNumPy.half2)]) {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const copy = bytes.slice();
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      try {
        readNpy(copy, 'a.npy');
      } catch (error) {
        expect(error).toBeInstanceOf(LanewiseError);
      }
    }
  }
});
