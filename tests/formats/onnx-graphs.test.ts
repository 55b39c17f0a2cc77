import { readOnnx } from '../../src/formats/onnx/index.ts';
import { failure } from '../failure.ts';
import { encodeModel, type ModelSpec } from './onnx-writer.ts';

const read = (spec: ModelSpec) => readOnnx(encodeModel(spec), 'm.onnx');
const refusal = (spec: ModelSpec) => failure(() => read(spec));

describe('graphs', () => {
  test('leave initializers out of the inputs, as IR 3 lists them', () => {
    const graph = read({
      ir: 3,
      opset: { 'ai.onnx': 7, 'com.example': 1 },
      inputs: [
        { name: 'x', dims: ['', -1, 0, 5, 'width'] },
        { name: 'w', dims: [2] },
      ],
      outputs: [{ name: 'y', type: null }],
      initializers: [{ name: 'w', data: [1, 2] }],
      nodes: [{ op: 'Add', domain: 'ai.onnx', inputs: ['x', 'w'], outputs: ['y'] }],
      metadata: { author: 'someone' },
      producer: 'writer',
    });
    expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', dims: ['', '', 0, 5, 'width'] }]);
    expect(graph.outputs).toEqual([{ name: 'y', type: undefined, dims: undefined }]);
    expect(graph.opsets).toEqual(new Map(Object.entries({ '': 7, 'com.example': 1 })));
    expect(graph.nodes[0]).toMatchObject({ domain: '', name: 'Add_0' });
    expect(Object.fromEntries(graph.metadata)).toEqual({ author: 'someone', producer_name: 'writer' });
  });

  test.each(['/a/b/Conv_output_0', 'a:0', 'two words', 'größe 層 🙂', '0', '__proto__', 'constructor', 'a\\b', "it's", '\ufefftext'])(
    'keep the name %p everywhere',
    (name) => {
      const graph = read({
        name,
        inputs: [{ name, dims: [name] }],
        outputs: [{ name: `${name}!`, dims: [name] }],
        initializers: [{ name: `${name}?`, data: [1] }],
        nodes: [{ op: 'Add', name, inputs: [name, `${name}?`], outputs: [`${name}!`], attributes: { [name]: name } }],
        metadata: { [name]: name },
      });
      expect(graph.name).toBe(name);
      expect(graph.inputs).toEqual([{ name, type: 'float32', dims: [name] }]);
      expect(graph.outputs).toEqual([{ name: `${name}!`, type: 'float32', dims: [name] }]);
      expect([...graph.constants.keys()]).toEqual([`${name}?`]);
      expect(graph.nodes[0]).toMatchObject({ name, inputs: [name, `${name}?`], outputs: [`${name}!`] });
      // A literal { __proto__: ... } states no name.
      if (name !== '__proto__') {
        expect(graph.nodes[0]?.attributes).toEqual(new Map([[name, name]]));
        expect(graph.metadata).toEqual(new Map([[name, name]]));
      }
    },
  );

  test('say of which attributes the value does not tell the kind', () => {
    const { nodes } = read({
      nodes: [
        {
          op: 'Any',
          outputs: ['y'],
          attributes: {
            f: { float: 1 },
            fs: { floats: [1] },
            i: 1,
            is: [1],
            none: { ints: [] },
            no: { floats: [] },
            n: { strings: [] },
            s: ['a'],
          },
        },
        { op: 'Any', outputs: ['z'], attributes: { i: 1 } },
      ],
    });
    expect(Object.fromEntries(nodes[0]?.kinds ?? [])).toEqual({ f: 'float', fs: 'floats', no: 'floats', n: 'strings' });
    expect(nodes[1]).not.toHaveProperty('kinds');
  });

  test('may return an input or an initializer, and leave outputs and inputs out by empty names', () => {
    const graph = read({
      inputs: [{ name: 'x', type: 'float16', dims: [] }],
      outputs: [{ name: 'x' }, { name: 'w' }],
      initializers: [{ name: 'w', data: [1] }],
      nodes: [
        { op: 'A', inputs: ['x', ''], outputs: ['', 'a'] },
        { op: 'B', inputs: ['a'], outputs: ['', 'b'] },
      ],
    });
    expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', face: 'float16', dims: [] }]);
    expect(graph.nodes[0]?.inputs).toEqual(['x', '']);
  });

  const x = { name: 'x', dims: [1] };
  test.each<[string, ModelSpec, string]>([
    [
      'a value that nothing produces',
      { inputs: [x], nodes: [{ op: 'Relu', name: 'first', inputs: ['later'], outputs: ['y'] }] },
      "Relu 'first' reads 'later', which no input, initializer or node produces",
    ],
    [
      'a node that reads itself',
      { inputs: [x], nodes: [{ op: 'Relu', name: 'r', inputs: ['y'], outputs: ['y'] }] },
      "nodes read each other's outputs in a circle: Relu 'r'",
    ],
    [
      'nodes that go round in a circle',
      {
        inputs: [x],
        nodes: [
          { op: 'Relu', name: 'before', inputs: ['b'], outputs: ['o'] },
          { op: 'Add', name: 'a', inputs: ['x', 'c'], outputs: ['b'] },
          { op: 'Relu', name: 'c', inputs: ['b'], outputs: ['c'] },
        ],
      },
      "nodes read each other's outputs in a circle: Add 'a', Relu 'c'",
    ],
    [
      'a value that is produced twice',
      {
        inputs: [x],
        nodes: [
          { op: 'Relu', inputs: ['x'], outputs: ['y'] },
          { op: 'Neg', inputs: ['x'], outputs: ['y'] },
        ],
      },
      "Neg 'Neg_1' produces 'y', which exists already",
    ],
    [
      'a node that overwrites an input',
      { inputs: [x], nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['x'] }] },
      "Relu 'Relu_0' produces 'x', which exists already",
    ],
    ['two inputs of one name', { inputs: [x, x] }, "an input produces 'x', which exists already"],
    [
      'two initializers of one name',
      {
        initializers: [
          { name: 'w', data: [1] },
          { name: 'w', data: [1] },
        ],
      },
      "there are two initializers 'w'",
    ],
    ['an initializer without a name', { initializers: [{ data: [1] }] }, 'initializer 0 has no name'],
    ['an output that nothing produces', { inputs: [x], outputs: [{ name: 'y' }] }, "nothing produces the output 'y'"],
    ['a node without op_type', { nodes: [{ op: '', name: 'n' }] }, "node 'n' has no op_type"],
    ['no opset_import', { inputs: [x], opset: null }, 'the model has no opset_import'],
    ['an input without a shape', { inputs: [{ name: 'x' }] }, "the input 'x' has no shape"],
    ['an input without a type', { inputs: [{ name: 'x', type: null }] }, "the input 'x' has no shape"],
    ['an input without a name', { inputs: [{ ...x, name: '' }] }, "the input '' has no name"],
    [
      'an input with too many dimensions',
      { inputs: [{ name: 'x', dims: Array(65).fill(1) }] },
      "the input 'x' has more than 64 dimensions",
    ],
  ])('are refused with %s', (_, spec, message) => {
    const error = refusal(spec);
    expect(error.message).toBe(`m.onnx: ${message}`);
    expect(error.code).toBe('INVALID_MODEL');
  });

  test('are refused with inputs of strings', () => {
    const error = refusal({ inputs: [{ name: 'x', type: 'string', dims: [1] }] });
    expect(error.message).toBe("m.onnx: the input 'x' has element type string, which Lanewise does not read");
    expect(error.code).toBe('UNSUPPORTED');
  });

  test('are refused with maps as inputs and sparse initializers', () => {
    const bytes = encodeModel({ inputs: [x] });
    // TypeProto.tensor_type (field 1) becomes map_type (field 5).
    const at = Buffer.from(bytes).indexOf(Buffer.from([0x0a, 1, 0x78, 0x12]));
    bytes[at + 5] = 0x2a;
    expect(failure(() => readOnnx(bytes, 'm.onnx')).message).toBe("m.onnx: the input 'x' is not a tensor");
    const sparse = encodeModel({ name: 'abc' });
    sparse[Buffer.from(sparse).indexOf('\x12\x03abc')] = 0x7a;
    const error = failure(() => readOnnx(sparse, 'm.onnx'));
    expect([error.code, error.message]).toEqual(['UNSUPPORTED', 'm.onnx: the graph has sparse initializers, which Lanewise does not read']);
  });
});
