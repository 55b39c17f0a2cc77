// Zero points of less than a byte, as files state them: QuantizeLinear clamps to their type.

import { openFetching } from '../../src/formats/onnx/open.ts';
import { readOnnx } from '../../src/formats/onnx/read.ts';
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
