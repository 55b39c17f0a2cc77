import { readdirSync, readFileSync } from 'node:fs';
import { readOnnx, readTensorProto } from '../../src/formats/onnx/index.ts';
import type { Constant } from '../../src/graph/graph.ts';
import type { DataType } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { encodeModel, encodeTensor, type ModelSpec, type RefusedType, type TensorSpec } from './onnx-writer.ts';

const folder = new URL('../../models/cifar10-resnet20/', import.meta.url);
const file = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));

const read = (spec: ModelSpec) => readOnnx(encodeModel(spec), 'm.onnx');
const refusal = (spec: ModelSpec) => failure(() => read(spec));
const values = (constant: Constant | undefined) => Array.from((constant as Constant).read() as ArrayLike<number | bigint>);
/** A model of one initializer 'w' and a node that reads it. */
const withInitializer = (tensor: TensorSpec): ModelSpec => ({
  inputs: [{ name: 'x', dims: [1] }],
  outputs: [{ name: 'y' }],
  initializers: [{ name: 'w', ...tensor }],
  nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
});

describe('the default model', () => {
  const bytes = file('model.onnx');
  const graph = readOnnx(bytes, 'model.onnx');

  test('has its inputs, outputs, opset and metadata', () => {
    expect(graph.name).toBe('torch_jit');
    expect(graph.inputs).toEqual([{ name: 'input', type: 'float32', dims: ['N', 3, 32, 32] }]);
    expect(graph.outputs).toEqual([{ name: 'logits', type: 'float32', dims: ['N', 10] }]);
    expect(graph.opsets).toEqual(new Map([['', 13]]));
    expect(graph.metadata).toEqual(
      new Map([
        ['producer_name', 'pytorch'],
        ['producer_version', '1.13.0'],
      ]),
    );
  });

  test('has its nodes in order, with attributes', () => {
    expect(graph.nodes).toHaveLength(52);
    expect(graph.nodes[0]).toEqual({
      op: 'Conv',
      domain: '',
      name: '/conv1/Conv',
      inputs: ['input', 'onnx::Conv_203', 'onnx::Conv_204'],
      outputs: ['/conv1/Conv_output_0'],
      attributes: new Map<string, unknown>([
        ['dilations', [1, 1]],
        ['group', 1],
        ['kernel_shape', [3, 3]],
        ['pads', [1, 1, 1, 1]],
        ['strides', [1, 1]],
      ]),
    });
    expect(graph.nodes[51]?.op).toBe('Gemm');
    expect(Object.fromEntries(graph.nodes[51]?.attributes ?? [])).toEqual({ alpha: 1, beta: 1, transB: 1 });
  });

  test('has the weights that the onnx package reads', () => {
    expect(graph.constants.size).toBe(44);
    const first = graph.constants.get('onnx::Conv_203');
    expect(first).toMatchObject({ name: 'onnx::Conv_203', type: 'float32', dims: [16, 3, 3, 3] });
    expect(first?.read()).toHaveLength(432);
    expect(values(first).slice(0, 4)).toEqual([-0.025978637859225273, -0.00710122287273407, -0.022515706717967987, -0.008615942671895027]);
    expect(values(graph.constants.get('fc.bias'))).toEqual([
      0.07953810691833496, -0.12752550840377808, 0.14345741271972656, 0.1391163170337677, 0.0807759016752243, -0.0633687973022461,
      0.003888702020049095, -0.015694040805101395, -0.06346025317907333, -0.17671352624893188,
    ]);
  });

  test('gives the same weights at every alignment of the bytes, and views where they are aligned', () => {
    const views = [0, 1, 2, 3].map((shift) => {
      // A Buffer: its slice() does not copy, which must not leave unaligned data unaligned.
      const moved = Buffer.from(new ArrayBuffer(bytes.length + shift), shift);
      moved.set(bytes);
      const data = readOnnx(moved, 'model.onnx').constants.get('fc.weight')?.read() as Float32Array;
      expect(Array.from(data.subarray(0, 2))).toEqual([-0.2037000060081482, -0.24122034013271332]);
      return data.buffer === moved.buffer;
    });
    expect(views.filter(Boolean)).toHaveLength(1);
  });

  test('comes with test tensors that are readable', () => {
    const input = readTensorProto(file('test_data_set_0/input_0.pb'), 'input_0.pb');
    expect(input.name).toBe('input');
    expect(input.tensor.type).toBe('float32');
    expect(input.tensor.dims).toEqual([1, 3, 32, 32]);
    expect(Array.from(input.tensor.data as Float32Array).slice(0, 3)).toEqual([0.23327778279781342, 0.6778280735015869, 0.804842472076416]);
    const output = readTensorProto(file('test_data_set_0/output_0.pb'), 'output_0.pb');
    expect(output.name).toBe('logits');
    expect(Array.from(output.tensor.data as Float32Array)).toEqual([
      -0.5458666682243347, -2.0301263332366943, 2.6605072021484375, 10.442898750305176, 0.5383740663528442, 3.2916903495788574,
      -0.7378767728805542, -5.405349254608154, -6.319033145904541, -1.8949823379516602,
    ]);
    for (const set of readdirSync(folder).filter((name) => name.startsWith('test_data_set_'))) {
      expect(readTensorProto(file(`${set}/output_0.pb`), set).tensor.dims[1]).toBe(10);
    }
  });
});

describe('a model made by the onnx package', () => {
  // onnx 1.12: every element type by make_tensor (typed fields, packed), float16 by from_array (raw), each attribute kind, IR 8.
  const graph = readOnnx(
    Buffer.from(
      'CAgSBW1ha2VyOqEECiYKAXgSAXkaAm4xIglMZWFreVJlbHUqDwoFYWxwaGEVAACAPqABAQqvAQoBeQoACgFmEgF6IgZDdXN0b20qFQoGZmxvYXRzPQAAAD89AAAAQKABBioRCgFpGPn//////////wGgAQIqIAoEaW50c0ABQP7//////////wFA//////////9/oAEHKg4KAXMiBm5hw692ZaABAyoSCgdzdHJpbmdzSgFhSgFioAEIKh0KAXQqFQgCEAYqCwX6//////////8BQgJ0dKABBDoLY29tLmV4YW1wbGUSAWcqEQgCEAEiCAAAwD8AABDAQgFmKigIAxAHOh3///////////8B//////////9/gICAgICAgICAAUIDaTY0KhUIARANQgN1NjRaCv///////////wEqEQgCEAxCA3UzMloG/////w8HKh8IAxADKhWA//////////8B////////////AX9CAmk4Kg0IAhACKgP/AQBCAnU4KhgIAhAFKg2AgP7///////8B//8BQgNpMTYqDxALQgFkUgiamZmZmZm5PyoMCAMQCSoDAQABQgFiKhEIAxAKKgiAeIDwAv/3AUIBaCoPCAIQECoFgH/JgANCAmJmKhYIAggCEApCBGhyYXdKCAA8AEAAQgBEKg8IAAgDEAFCBWVtcHR5SgBaGgoBeBIVChMIARIPCgMSAU4KAggDCgAKAggAYgkKAXoSBAoCCApCBAoAEA1CDwoLY29tLmV4YW1wbGUQAnIGCgFrEgF2',
      'base64',
    ),
    'm.onnx',
  );

  test('has typed values', () => {
    expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', dims: ['N', 3, '', 0] }]);
    expect(graph.outputs).toEqual([{ name: 'z', type: 'float32', face: 'float16', dims: undefined }]);
    expect(Object.fromEntries(graph.opsets)).toEqual({ '': 13, 'com.example': 2 });
    expect(Object.fromEntries(graph.metadata)).toEqual({ producer_name: 'maker', k: 'v' });
  });

  test('has every kind of attribute', () => {
    expect(graph.nodes.map(({ op, domain, name, inputs }) => [op, domain, name, inputs])).toEqual([
      ['LeakyRelu', '', 'n1', ['x']],
      ['Custom', 'com.example', 'Custom_1', ['y', '', 'f']],
    ]);
    expect(graph.nodes[0]?.attributes.get('alpha')).toBe(0.25);
    const { t, ...others } = Object.fromEntries(graph.nodes[1]?.attributes ?? []);
    expect(others).toEqual({
      ints: [1n, -2n, 2n ** 63n - 1n],
      floats: [0.5, 2],
      s: 'naïve',
      strings: ['a', 'b'],
      i: -7,
    });
    expect(t).toMatchObject({ name: 'tt', type: 'int32', dims: [2] });
    expect(values(t as Constant)).toEqual([5, -6]);
  });

  test.each<[string, DataType, number[], (number | bigint)[]]>([
    ['f', 'float32', [2], [1.5, -2.25]],
    ['i64', 'int64', [3], [-1n, 2n ** 63n - 1n, -(2n ** 63n)]],
    ['u64', 'uint64', [1], [2n ** 64n - 1n]],
    ['u32', 'uint32', [2], [2 ** 32 - 1, 7]],
    ['i8', 'int8', [3], [-128, -1, 127]],
    ['u8', 'uint8', [2], [255, 0]],
    ['i16', 'int16', [2], [-32768, 32767]],
    ['d', 'float64', [], [0.1]],
    ['b', 'bool', [3], [1, 0, 1]],
    ['h', 'float32', [3], [1, -0.5, 65504]],
    ['bf', 'float32', [2], [1, -3.140625]],
    ['hraw', 'float32', [2, 2], [1, 2, 3, 4]],
    ['empty', 'float32', [0, 3], []],
  ])('has the tensor %s of %s', (name, type, dims, expected) => {
    const constant = graph.constants.get(name);
    expect(constant).toMatchObject({ name, type, dims });
    expect(values(constant)).toEqual(expected);
    expect(values(constant)).toEqual(expected);
  });
});

describe('tensors', () => {
  const samples: [TensorSpec['type'], (number | bigint)[]][] = [
    ['float32', [1.5, -0, Infinity, 3.4028234663852886e38]],
    ['float64', [0.1, -1e300]],
    ['int8', [-128, 127]],
    ['uint8', [0, 255]],
    ['int16', [-32768, 32767]],
    ['uint16', [0, 65535]],
    ['int32', [-(2 ** 31), 2 ** 31 - 1]],
    ['uint32', [0, 2 ** 32 - 1]],
    ['int64', [-(2n ** 63n), 2n ** 53n + 1n, 2n ** 63n - 1n]],
    ['uint64', [0n, 2n ** 64n - 1n]],
    ['bool', [1, 0]],
    ['float16', [1, -2, 65504, 2 ** -24, -0, Infinity]],
    ['bfloat16', [1, -2, 3.3895313892515355e38, -Infinity]],
  ];
  test.each(samples.flatMap(([type, data]) => (['raw', 'typed', 'unpacked'] as const).map((as) => [type, as, data] as const)))(
    'of %s are exact in %s data',
    (type, as, data) => {
      const expected = type === 'float16' || type === 'bfloat16' ? 'float32' : type;
      const { name, tensor } = readTensorProto(encodeTensor({ name: 't', type, data, as }), 't.pb');
      expect([name, tensor.type, tensor.dims]).toEqual(['t', expected, [data.length]]);
      expect(Array.from(tensor.data as ArrayLike<number | bigint>)).toEqual(data);
      const constant = read(withInitializer({ type, data, as })).constants.get('w');
      expect(constant?.type).toBe(expected);
      expect(values(constant)).toEqual(data);
    },
  );

  test.each(
    (['int4', 'uint4', 'int2', 'uint2'] as const).flatMap((type) =>
      (['raw', 'typed', 'unpacked'] as const).map((as) => [type, as] as const),
    ),
  )('of %s in %s data are those of 8 bits, several to a byte', (type, as) => {
    const expected = type.replace(/\d/, '8');
    const [low, high] = { int4: [-8, 7], uint4: [0, 15], int2: [-2, 1], uint2: [0, 3] }[type] as [number, number];
    // Of each length that fills a last byte more or less.
    for (let length = 1; length < 10; length++) {
      const data = Array.from({ length }, (_, i) => (i === length - 1 ? high : low + ((i * 3) % (high - low + 1))));
      const { tensor } = readTensorProto(encodeTensor({ name: 't', type, data, as }), 't.pb');
      expect([tensor.type, tensor.dims, Array.from(tensor.data, Number)]).toEqual([expected, [length], data]);
      const constant = read(withInitializer({ type, data, as })).constants.get('w') as Constant;
      expect([constant.type, values(constant)]).toEqual([expected, data]);
      for (let from = 0; constant.fill && from < length; from++) {
        const part = type.startsWith('u') ? new Uint8Array(length - from) : new Int8Array(length - from);
        constant.fill(part.subarray(1), from + 1);
        constant.fill(part.subarray(0, 1), from);
        expect(Array.from(part)).toEqual(data.slice(from));
      }
    }
    const dims = [3, 3];
    expect(readTensorProto(encodeTensor({ type, dims, data: Array(9).fill(high), as }), 't.pb').tensor.dims).toEqual(dims);
    for (const count of [1, 17]) {
      const error = refusal(withInitializer({ type, dims, data: Array(count).fill(high), as }));
      expect(error.message).toMatch(`initializer 'w' is ${type} [3, 3], 9 elements, but has data for`);
    }
  });

  test('may be scalars or empty, without any data field', () => {
    expect(readTensorProto(encodeTensor({ dims: [], data: [4] }), 't.pb').tensor.dims).toEqual([]);
    expect(readTensorProto(encodeTensor({ dims: [2, 0] }), 't.pb').tensor.data).toHaveLength(0);
  });

  test.each<[string, TensorSpec, string, RegExp]>([
    ['too little data', { dims: [3], data: [1, 2] }, 'INVALID_MODEL', /initializer 'w' is float32 \[3\], 3 elements, but has data for 2/],
    ['too much typed data', { dims: [1], data: [1, 2], as: 'typed' }, 'INVALID_MODEL', /initializer 'w' .* has data for 2/],
    ['a negative size', { dims: [-1], data: [1] }, 'INVALID_MODEL', /initializer 'w' has 1 dimensions \[-1\], which make no shape/],
    ['sizes beyond counting', { dims: [2 ** 30, 2 ** 30], data: [1] }, 'INVALID_MODEL', /make no shape/],
    ['a size beyond numbers', { dims: [2n ** 62n], data: [1] }, 'INVALID_MODEL', /4611686018427387904.* make no shape/],
    ['a large size', { dims: [2 ** 40], data: [1] }, 'INVALID_MODEL', /1099511627776 elements, but has data for 1/],
    ['100,000 dimensions', { dims: Array(100_000).fill(1), data: [1] }, 'INVALID_MODEL', /has 100000 dimensions/],
  ])('with %s', (_, tensor, code, message) => {
    const error = refusal(withInitializer(tensor));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(error.message.length).toBeLessThan(500);
  });

  test.each<RefusedType>([
    'string',
    'complex64',
    'complex128',
    'float8e4m3fn',
    'float8e4m3fnuz',
    'float8e5m2',
    'float8e5m2fnuz',
    'float4e2m1',
    'float8e8m0',
  ])('of %s are refused', (type) => {
    const error = refusal(withInitializer({ type, dims: [1] }));
    const advice = type.startsWith('float') ? ': quantize to int8' : '';
    expect(error.message).toBe(`m.onnx: the initializer 'w' has element type ${type}, which Lanewise does not read${advice}`);
    expect(error.code).toBe('UNSUPPORTED');
    expect(failure(() => readTensorProto(encodeTensor({ type, dims: [1] }), 't.pb')).code).toBe('UNSUPPORTED');
  });

  test('of attributes are refused by the names of node and attribute', () => {
    const error = refusal({
      inputs: [],
      nodes: [{ op: 'Constant', name: 'c', outputs: ['y'], attributes: { value: { tensor: { dims: [2], data: [1] } } } }],
    });
    expect(error.message).toBe("m.onnx: the attribute 'value' of node 'c' is float32 [2], 2 elements, but has data for 1");
  });
});

describe('attributes', () => {
  const attributes = (given: NonNullable<NonNullable<ModelSpec['nodes']>[0]['attributes']>) =>
    Object.fromEntries(read({ nodes: [{ op: 'Any', outputs: ['y'], attributes: given }] }).nodes[0]?.attributes ?? []);

  test('keep 64-bit integers exact', () => {
    expect(attributes({ max: 2n ** 63n - 1n, min: -(2n ** 63n), safe: Number.MAX_SAFE_INTEGER, past: 2n ** 53n, minus: -1 })).toEqual({
      max: 2n ** 63n - 1n,
      min: -(2n ** 63n),
      safe: Number.MAX_SAFE_INTEGER,
      past: 2n ** 53n,
      minus: -1,
    });
    expect(attributes({ ends: [2n ** 63n - 1n, 3], small: [1, 2], none: { ints: [] } })).toEqual({
      ends: [2n ** 63n - 1n, 3n],
      small: [1, 2],
      none: [],
    });
  });

  test('are zero or empty where proto3 writers leave the value out', () => {
    // name 'a' and type only
    const kinds = { 1: 0, 2: 0, 3: '', 6: [], 7: [], 8: [] };
    for (const [kind, expected] of Object.entries(kinds)) {
      const bytes = encodeModel({ nodes: [{ op: 'Any', outputs: ['y'], attributes: { a: 'x' } }] });
      const at = Buffer.from(bytes).indexOf(Buffer.from([0x22, 1, 0x78, 0xa0, 1, 3]));
      // An unknown field of the same size in place of s
      bytes.set([0x62, 1, 0x78, 0xa0, 1, Number(kind)], at);
      expect(readOnnx(bytes, 'm.onnx').nodes[0]?.attributes.get('a')).toEqual(expected);
    }
  });

  test('have the kind of their field where the file does not state it', () => {
    const bytes = encodeModel({ nodes: [{ op: 'Any', outputs: ['y'], attributes: { a: 5 } }] });
    const at = Buffer.from(bytes).indexOf(Buffer.from([0x18, 5, 0xa0, 1, 2]));
    bytes.set([0x18, 5, 0xa0, 1, 0], at);
    expect(readOnnx(bytes, 'm.onnx').nodes[0]?.attributes.get('a')).toBe(5);
  });

  test('that hold graphs are read, references are marked', () => {
    const body = attributes({
      body: {
        graph: {
          nodes: [
            { op: 'Relu', inputs: ['a'], outputs: ['b'] },
            { op: 'Any', outputs: ['a'] },
          ],
        },
      },
    }).body;
    expect(body).toMatchObject({
      inputs: [],
      outputs: [],
      nodes: [
        { op: 'Any', outputs: ['a'] },
        { op: 'Relu', inputs: ['a'], outputs: ['b'] },
      ],
    });
    const bytes = encodeModel({ nodes: [{ op: 'Any', outputs: ['y'], attributes: { a: 'x' } }] });
    const at = Buffer.from(bytes).indexOf(Buffer.from([0x22, 1, 0x78, 0xa0, 1, 3]));
    bytes.set([0xaa, 1, 1, 0x78, 0x60, 0], at);
    expect(readOnnx(bytes, 'm.onnx').nodes[0]?.attributes.get('a')).toEqual({ unsupported: 'reference', reference: 'x' });
  });

  test('must have different names', () => {
    const bytes = encodeModel({ nodes: [{ op: 'Any', name: 'n', outputs: ['y'], attributes: { aaa: 1, bbb: 2 } }] });
    bytes.set(Buffer.from('aaa'), Buffer.from(bytes).indexOf('bbb'));
    expect(failure(() => readOnnx(bytes, 'm.onnx')).message).toBe("m.onnx: node 'n' has two attributes 'aaa'");
  });
});
