// Zero points of less than a byte, as files state them: QuantizeLinear clamps to their type.

import { openFetching } from '../../src/formats/onnx/open.ts';
import { readOnnx } from '../../src/formats/onnx/read.ts';
import type { Attribute, GraphNode } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { encodeModel, type ModelSpec, type PackedType } from '../formats/onnx-writer.ts';
import { expectTensor, runTensors } from '../kernels/run.ts';

addQuantized();

const x = new Tensor('float32', [-100, -8.5, -2, -1, 0, 1, 2.5, 6, 15, 100], [10]);

const model = (rest: ModelSpec): Uint8Array =>
  encodeModel({
    opset: 25,
    inputs: [{ name: 'x', dims: [10] }, ...(rest.inputs ?? [])],
    outputs: [{ name: 'y', type: null }],
    initializers: [{ name: 's', data: [1], dims: [] }, ...(rest.initializers ?? [])],
    nodes: [...(rest.nodes ?? []), { op: 'QuantizeLinear', inputs: ['x', 's', 'z'], outputs: ['y'] }],
  });

test.each<[PackedType, readonly number[]]>([
  ['int4', [-8, -7, -1, 0, 1, 2, 3, 7, 7, 7]],
  ['uint4', [0, 0, 0, 0, 1, 2, 3, 7, 15, 15]],
  ['int2', [-2, -2, -1, 0, 1, 1, 1, 1, 1, 1]],
  ['uint2', [0, 0, 0, 0, 1, 2, 3, 3, 3, 3]],
])('%s', async (type, expected) => {
  const zero = { name: 'z', type, data: [1], dims: [] };
  const ways: ModelSpec[] = [
    { initializers: [zero] },
    { initializers: [{ ...zero, as: 'typed' }] },
    { nodes: [{ op: 'Constant', outputs: ['z'], attributes: { value: { tensor: zero } } }] },
    { inputs: [{ name: 'z', type, dims: [] }] },
  ];
  for (const way of ways) {
    const stored = type.replace(/t[24]$/, 't8') as 'int8';
    const feeds = { x, ...(way.inputs && { z: new Tensor(stored, [1], []) }) };
    for (const graph of [readOnnx(model(way)), (await openFetching(model(way), 'm.onnx')).graph()])
      expectTensor(runTensors(graph, feeds)[0], new Tensor(stored, expected, [10]));
  }
});

describe('a zero point of int4 that goes another way', () => {
  const zero = { name: 'stored', type: 'int4' as const, data: [1], dims: [1] };
  const expected = [-8, -7, -1, 0, 1, 2, 3, 7, 7, 7];
  const clamped = (bytes: Uint8Array) => openFetching(bytes, 'm.onnx').then((file) => file.graph());

  const places = (data: readonly number[], dims: readonly number[]) => [{ name: 'to', type: 'int64' as const, data, dims }];

  test.each([
    ['Identity', []],
    ['Reshape', places([], [0])],
    ['Squeeze', []],
    ['Gather', places([0], [])],
    ['Concat', []],
  ])('through %s', async (op, more) => {
    const inputs = ['stored', ...more.map(({ name }) => name)];
    const attributes = op === 'Concat' ? { axis: 0 } : undefined;
    const nodes = [
      { op, inputs, outputs: ['z0'], ...(attributes && { attributes }) },
      { op: 'Identity', inputs: ['z0'], outputs: ['z'] },
    ];
    const graph = await clamped(model({ initializers: [zero, ...more], nodes }));
    // A scale of one number takes a zero point of one, in a list or not.
    expectTensor(runTensors(graph, { x })[0], new Tensor('int8', expected, [10]));
  });

  const names = ({ nodes }: { readonly nodes: readonly GraphNode[] }): (Attribute | undefined)[] =>
    nodes.flatMap(({ op, attributes }) => [
      ...(op === 'QuantizeLinear' ? [attributes.get('output_dtype')] : []),
      ...[...attributes.values()].flatMap((value) => (typeof value === 'object' && 'nodes' in value ? names(value) : [])),
    ]);

  test('into a branch, and out of one', async () => {
    const other = { name: 'other', type: 'int4' as const, data: [2], dims: [] };
    const inside = (name: string) => ({
      graph: {
        initializers: [{ ...other, name: `own ${name}` }],
        nodes: [
          { op: 'QuantizeLinear', inputs: ['x', 's', 'stored'], outputs: [`a ${name}`] },
          { op: 'QuantizeLinear', inputs: ['x', 's', `own ${name}`], outputs: [`b ${name}`] },
          { op: 'Identity', inputs: ['stored'], outputs: [name] },
        ],
        outputs: [{ name }],
      },
    });
    const branches = { then_branch: inside('then'), else_branch: inside('else') };
    const graph = await clamped(
      model({
        inputs: [{ name: 'which', type: 'bool', dims: [] }],
        initializers: [{ ...zero, dims: [] }],
        nodes: [{ op: 'If', inputs: ['which'], outputs: ['z'], attributes: branches } as never],
      }),
    );
    expect(names(graph)).toEqual([22, 22, 22, 22, 22]);
  });
});
