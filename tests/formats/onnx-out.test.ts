import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { readOnnx, writeOnnx } from '../../src/formats/index.ts';
import type { Attribute, Constant, Graph, GraphNode } from '../../src/graph/graph.ts';
import { toFloat16 } from '../../src/graph/halves.ts';
import { arrayTypes, type DataType, type TypedArray } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { anyGraph } from './any-graph.ts';
import { encodeModel, type ModelSpec } from './onnx-writer.ts';

const read = (spec: ModelSpec) => readOnnx(encodeModel(spec), 'm.onnx');
const again = (graph: Graph, options?: Parameters<typeof writeOnnx>[1]) => readOnnx(writeOnnx(graph, options), 'again.onnx');
const defaultModel = readOnnx(readFileSync('models/cifar10-resnet20/model.onnx'), 'model.onnx');

const isConstant = (value: unknown): value is Constant => typeof value === 'object' && value !== null && 'read' in value;

/** A graph with the tensors' elements, their bits, in place of what reads them. */
function plain(graph: Graph) {
  const shown = (value: Attribute) => {
    if (!isConstant(value)) return value;
    const { name, type, dims } = value;
    const data = value.read();
    return { name, type, dims, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex') };
  };
  const entries = (map: ReadonlyMap<string, Attribute>) => [...map].map(([key, value]) => [key, shown(value)]);
  return {
    ...graph,
    constants: entries(graph.constants),
    nodes: graph.nodes.map((node) => ({ ...node, attributes: entries(node.attributes) })),
    opsets: [...graph.opsets],
    metadata: [...graph.metadata].sort(),
  };
}

const constant = (name: string, type: DataType, dims: readonly number[], data: TypedArray): Constant => ({
  name,
  type,
  dims,
  read: () => data,
});

const node = (op: string, inputs: string[], outputs: string[], attributes: Record<string, Attribute> = {}): GraphNode => ({
  op,
  domain: '',
  name: `${op}_${outputs[0]}`,
  inputs,
  outputs,
  attributes: new Map(Object.entries(attributes)),
});

/** A graph of opset 13 from x to y. */
const graphOf = (nodes: readonly GraphNode[], constants: readonly Constant[] = []): Graph => ({
  name: 'g',
  inputs: [{ name: 'x', type: 'float32', dims: [1, 2] }],
  outputs: [{ name: 'y', type: 'float32', dims: ['N', 2] }],
  nodes,
  constants: new Map(constants.map((each) => [each.name, each])),
  opsets: new Map([['', 13]]),
  metadata: new Map([['producer_name', 'lanewise']]),
});

describe('a graph that is written and read', () => {
  test('is the same: the default model', () => {
    const producer = { name: 'pytorch', version: '1.13.0' };
    expect(plain(again(defaultModel, { producer }))).toEqual(plain(defaultModel));
    expect(again(defaultModel).metadata).toEqual(new Map([['producer_name', 'lanewise']]));
    // Written again, it is the same to the byte.
    const bytes = writeOnnx(defaultModel);
    expect(Buffer.compare(writeOnnx(readOnnx(bytes, 'm.onnx')), bytes)).toBe(0);
  });

  test('is the same: any graph', () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        const producer = { name: graph.metadata.get('producer_name') ?? '', version: graph.metadata.get('producer_version') };
        expect(plain(again(graph, { producer }))).toEqual(plain(graph));
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  test('is the same: every kind of attribute, whole floats and empty lists too', () => {
    const graph = read({
      inputs: [{ name: 'x', dims: [1] }],
      outputs: [{ name: 'y', dims: [1] }],
      producer: 'lanewise',
      nodes: [
        {
          op: 'Any',
          inputs: ['x'],
          outputs: ['y'],
          attributes: {
            float: { float: 1 },
            minus: { float: -0 },
            fraction: { float: 0.5 },
            nan: { float: Number.NaN },
            int: -1,
            long: 2n ** 63n - 1n,
            string: 'größe',
            empty: '',
            floats: { floats: [1, 2] },
            noFloats: { floats: [] },
            ints: [1, -2],
            longs: [2n ** 60n, 1],
            noInts: { ints: [] },
            strings: ['a', ''],
            noStrings: { strings: [] },
            tensor: { tensor: { name: 't', type: 'uint64', data: [2n ** 64n - 1n] } },
          },
        },
      ],
    });
    expect(plain(again(graph))).toEqual(plain(graph));
  });

  test.each(Object.keys(arrayTypes) as DataType[])('keeps %s: with elements, as a scalar, without elements', (type) => {
    const data = new arrayTypes[type](6);
    new Uint8Array(data.buffer).forEach((_, i, bytes) => {
      bytes[i] = type === 'bool' ? i & 1 : (i * 77) & 0x7f;
    });
    const constants = [
      constant('a', type, [3, 2], data),
      // A view into a larger array.
      constant('b', type, [], data.subarray(2, 3) as TypedArray),
      constant('c', type, [2, 0], data.subarray(0, 0) as TypedArray),
    ];
    const graph = graphOf([node('Relu', ['x'], ['y'])], constants);
    expect(plain(again(graph))).toEqual(plain(graph));
  });

  test('has its external data in it', () => {
    const file = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    const initializers = [{ name: 'w', dims: [2], external: { location: 'w.bin', offset: '4' } }];
    const bytes = encodeModel({ outputs: [{ name: 'w' }], initializers });
    const graph = again(readOnnx(bytes, 'm.onnx', new Map([['w.bin', file]])));
    expect([...(graph.constants.get('w')?.read() ?? [])]).toEqual([2, 3]);
  });
});

test.each([
  [7, 8],
  [18, 8],
  [19, 9],
  [20, 9],
  [21, 10],
  [22, 10],
  [23, 11],
  [24, 12],
  [25, 13],
])('opset %d has IR version %d', (opset, ir) => {
  const bytes = writeOnnx({ ...graphOf([node('Relu', ['x'], ['y'])]), opsets: new Map([['', opset]]) });
  expect([...bytes.subarray(0, 2)]).toEqual([8, ir]);
});

describe('what the file does not say', () => {
  test('a name', () => {
    expect(again({ ...graphOf([node('Relu', ['x'], ['y'])]), name: '' }).name).toBe('graph');
  });

  const shape = constant('shape', 'int64', [3], BigInt64Array.of(1n, 2n, 1n));
  const w = constant('w', 'float32', [2, 2], new Float32Array(4));
  test.each<[string, GraphNode[], object]>([
    ['a unary operator', [node('Relu', ['x'], ['y'])], { type: 'float32', dims: ['', ''] }],
    ['a chain', [node('Relu', ['x'], ['a']), node('Add', ['shape', 'a'], ['y'])], { type: 'int64', dims: ['', ''] }],
    ['a comparison', [node('Less', ['x', 'w'], ['y'])], { type: 'bool', dims: ['', ''] }],
    ['Where', [node('Less', ['x', 'w'], ['c']), node('Where', ['c', 'shape', 'x'], ['y'])], { type: 'int64', dims: ['', ''] }],
    ['Reshape', [node('Reshape', ['x', 'shape'], ['y'])], { type: 'float32', dims: ['', '', ''] }],
    ['Flatten', [node('Reshape', ['x', 'shape'], ['a']), node('Flatten', ['a'], ['y'])], { type: 'float32', dims: ['', ''] }],
    ['MatMul', [node('MatMul', ['x', 'w'], ['y'])], { type: 'float32', dims: ['', ''] }],
    ['Shape', [node('Shape', ['x'], ['y'])], { type: 'int64', dims: [''] }],
    ['Cast', [node('Cast', ['x'], ['y'], { to: 7 })], { type: 'int64', dims: ['', ''] }],
    ['ArgMax', [node('ArgMax', ['x'], ['y'])], { type: 'int64', dims: ['', ''] }],
    ['Constant', [node('Constant', [], ['y'], { value: shape })], { type: 'int64', dims: [3] }],
    ['what nothing tells', [node('Unknown', ['x'], ['y'])], { type: 'float32', dims: undefined }],
    ['ReduceSum to fewer', [node('ReduceSum', ['x'], ['y'], { keepdims: 0 })], { type: 'float32', dims: undefined }],
  ])('the type and the rank of an output: %s', (_, nodes, expected) => {
    const graph = { ...graphOf(nodes, [shape, w]), outputs: [{ name: 'y' }] };
    expect(again(graph).outputs).toEqual([{ name: 'y', ...expected }]);
  });

  test('an output that is an input or an initializer has its shape', () => {
    const graph = { ...graphOf([], [w]), outputs: [{ name: 'x' }, { name: 'w' }, { name: 'x', dims: ['N', ''] }] };
    expect(again(graph).outputs).toEqual([
      { name: 'x', type: 'float32', dims: [1, 2] },
      { name: 'w', type: 'float32', dims: [2, 2] },
      { name: 'x', type: 'float32', dims: ['N', ''] },
    ]);
  });
});

describe('float16', () => {
  const ramp = Float32Array.from({ length: 20 }, (_, i) => i / 3);
  const big = constant('w', 'float32', [2, 10], ramp);
  const names = (graph: Graph) => graph.nodes.map(({ op, inputs, outputs }) => `${op}(${inputs}) ${outputs}`);
  const halved = new Float32Array(20).map((_, i) => Math.round((ramp[i] as number) * 4096) / 4096);

  test('weights keep their names and are cast', () => {
    const graph = graphOf([node('Add', ['x', 'w'], ['a']), node('Mul', ['a', 'w'], ['y'])], [big]);
    const f16 = again(graph, { weights: 'f16' });
    expect(names(f16)).toEqual(['Cast(w) w/f32', 'Add(x,w/f32) a', 'Mul(a,w/f32) y']);
    expect(Object.fromEntries(f16.nodes[0]?.attributes ?? [])).toEqual({ to: 1 });
    const data = f16.constants.get('w')?.read() as Float32Array;
    expect([...toFloat16(data)]).toEqual([...toFloat16(ramp)]);
    data.forEach((x, i) => {
      expect(Math.abs(x - (halved[i] as number))).toBeLessThanOrEqual(2 ** -9);
    });
    // Again, nothing is added.
    expect(Buffer.compare(writeOnnx(f16, { weights: 'f16' }), writeOnnx(graph, { weights: 'f16' }))).toBe(0);
    expect(names(again(f16))).toEqual(names(f16));
  });

  test.each<[string, Constant]>([
    ['vectors', constant('w', 'float32', [20], ramp)],
    ['16 elements', constant('w', 'float32', [4, 4], ramp.slice(0, 16))],
    ['whole numbers', constant('w', 'int32', [2, 10], new Int32Array(20))],
    ['float64', constant('w', 'float64', [2, 10], new Float64Array(20))],
    [
      'a number that would be infinite',
      constant(
        'w',
        'float32',
        [2, 10],
        ramp.map((x, i) => (i === 7 ? -65520 : x)),
      ),
    ],
  ])('%s stay as they are', (_, tensor) => {
    const graph = graphOf([node('Add', ['x', 'w'], ['y'])], [tensor]);
    expect(plain(again(graph, { weights: 'f16' }))).toEqual(plain(graph));
  });

  test('infinity, NaN and the largest number are stored', () => {
    const data = ramp.map((x, i) => [Infinity, -Infinity, NaN, 65519][i] ?? x);
    const graph = again(graphOf([node('Add', ['x', 'w'], ['y'])], [constant('w', 'float32', [2, 10], data)]), { weights: 'f16' });
    expect([...(graph.constants.get('w')?.read() ?? [])].slice(0, 4)).toEqual([Infinity, -Infinity, NaN, 65504]);
  });

  test('an initializer that is an output stays float32; names that are taken are left alone', () => {
    const output = {
      ...graphOf([node('Add', ['x', 'w'], ['y'])], [big]),
      outputs: [{ name: 'w', type: 'float32' as const, dims: [2, 10] }],
    };
    expect(plain(again(output, { weights: 'f16' }))).toEqual(plain(output));
    const taken = graphOf([node('Add', ['x', 'w'], ['w/f32']), node('Add', ['w/f32', 'w/f32_'], ['y'])], [big, { ...big, name: 'w/f32_' }]);
    expect(names(again(taken, { weights: 'f16' })).slice(0, 3)).toEqual([
      'Cast(w) w/f32__',
      'Cast(w/f32_) w/f32_/f32',
      'Add(x,w/f32__) w/f32',
    ]);
  });

  test('before opset 6 there is no such cast', () => {
    const graph = { ...graphOf([node('Add', ['x', 'w'], ['y'])], [big]), opsets: new Map([['', 5]]) };
    const error = failure(() => writeOnnx(graph, { weights: 'f16' }));
    expect([error.code, error.message]).toEqual(['UNSUPPORTED', 'float16 weights take opset 6 or newer; the graph has opset 5']);
  });

  test('as types asked for become float32, as the readers make of them', () => {
    const graph = graphOf([node('Cast', ['x'], ['a'], { to: 10 }), node('RandomNormalLike', ['a'], ['y'], { dtype: 16, to: 7 })]);
    const nodes = again(graph).nodes.map(({ attributes }) => Object.fromEntries(attributes));
    expect(nodes).toEqual([{ to: 1 }, { dtype: 1, to: 7 }]);
  });

  test('the default model takes little more than half', () => {
    const [f32, f16] = [writeOnnx(defaultModel).length, writeOnnx(defaultModel, { weights: 'f16' }).length];
    expect(f16 / f32).toBeLessThan(0.53);
  });
});

describe('refused are', () => {
  const relu = [node('Relu', ['x'], ['y'])];
  test.each<[string, Graph, object, string, string]>([
    [
      'attributes that were not read',
      graphOf([node('If', ['x'], ['y'], { then_branch: { unsupported: 'graph' } })]),
      {},
      'UNSUPPORTED',
      "the attribute 'then_branch' of node 'If_y' is a graph, which Lanewise does not write",
    ],
    ['other weights', graphOf(relu), { weights: 'int8' }, 'INVALID_INPUT', "weights are 'f32' or 'f16', got 'int8'"],
    [
      'tensors of another length',
      graphOf(relu, [constant('w', 'float32', [3], new Float32Array(2))]),
      {},
      'INVALID_INPUT',
      "the initializer 'w' of float32 [3] takes a Float32Array of 3, got Float32Array of 2",
    ],
    [
      'tensors of another type',
      graphOf(relu, [constant('w', 'float32', [2], new Int32Array(2))]),
      {},
      'INVALID_INPUT',
      "the initializer 'w' of float32 [2] takes a Float32Array of 2, got Int32Array of 2",
    ],
    [
      'tensors without a shape',
      graphOf(relu, [constant('w', 'float32', [-1], new Float32Array(2))]),
      {},
      'INVALID_INPUT',
      "the initializer 'w' of float32 has no valid shape: [-1]",
    ],
  ])('%s', (_, graph, options, code, message) => {
    const error = failure(() => writeOnnx(graph, options));
    expect([error.code, error.message]).toEqual([code, message]);
  });

  test('more than 2 GiB, before any tensor is read', () => {
    const huge = ['v', 'w'].map((name): Constant => {
      const read = () => {
        throw new Error('read');
      };
      return { name, type: 'float32', dims: [2 ** 28], read };
    });
    const error = failure(() => writeOnnx(graphOf(relu, huge)));
    expect(error.message).toMatch(/^the model takes 21474\d{5} bytes; an ONNX file without external data has at most 2147483647$/);
    expect(error.code).toBe('TOO_LARGE');
  });
});

test('a tensor is read once, when its turn comes', () => {
  const order: string[] = [];
  const constants = ['a', 'b'].map((name): Constant => {
    const read = () => {
      order.push(name);
      return new Float32Array(2);
    };
    return { name, type: 'float32', dims: [2], read };
  });
  writeOnnx(graphOf([node('Relu', ['x'], ['y'])], constants));
  expect(order).toEqual(['a', 'b']);
});
