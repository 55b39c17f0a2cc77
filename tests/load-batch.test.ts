// Models whose first dimension is open and cannot be 1: they load, and are planned by the first run.

import { type DataType, load, Tensor } from '../src/index.ts';
import { encodeModel, type ModelSpec, type NodeSpec, type TensorSpec } from './formats/onnx-writer.ts';

const float32 = (name: string, dims: number[]): TensorSpec => ({
  name,
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i),
});
const int64 = (name: string, data: number[], dims = [data.length]): TensorSpec => ({ name, type: 'int64', dims, data: data.map(BigInt) });

const modelOf = (dims: (string | number)[], nodes: NodeSpec[], initializers: TensorSpec[] = [], spec: ModelSpec = {}): Uint8Array =>
  encodeModel({ inputs: [{ name: 'x', dims }], outputs: [{ name: 'y' }], nodes, initializers, ...spec });

const ramp = (dims: number[]) =>
  new Tensor(
    'float32',
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i),
    dims,
  );

test.each<[string, Uint8Array, number[], number[], number[]]>([
  [
    'Reshape of video segments',
    modelOf(['N', 3, 4, 4], [{ op: 'Reshape', inputs: ['x', 's'], outputs: ['y'] }], [int64('s', [-1, 8, 3, 4, 4])]),
    [16, 3, 4, 4],
    [2, 8, 3, 4, 4],
    [8, 3, 4, 4],
  ],
  ['Split by sizes', modelOf([''], [{ op: 'Split', inputs: ['x', 's'], outputs: ['a', 'y'] }], [int64('s', [2, 5])]), [7], [5], [7]],
  ['TopK', modelOf(['T'], [{ op: 'TopK', inputs: ['x', 'k'], outputs: ['y', 'i'] }], [int64('k', [3])]), [5], [3], [9]],
  [
    'Pad that reflects',
    modelOf(['T', 2], [{ op: 'Pad', inputs: ['x', 'p'], outputs: ['y'], attributes: { mode: 'reflect' } }], [int64('p', [2, 0, 2, 0])]),
    [4, 2],
    [8, 2],
    [3, 2],
  ],
  ['Gather', modelOf(['T', 2], [{ op: 'Gather', inputs: ['x', 'i'], outputs: ['y'] }], [int64('i', [2])]), [3, 2], [1, 2], [4, 2]],
  [
    // The first convolution halves 1 and 2 to 1, so that the second says the same of both.
    'convolutions of a waveform',
    modelOf(
      ['T'],
      [
        { op: 'Unsqueeze', inputs: ['x', 'a'], outputs: ['u'] },
        { op: 'Conv', inputs: ['u', 'w'], outputs: ['c'], attributes: { strides: [2], pads: [1, 1] } },
        { op: 'Conv', inputs: ['c', 'v'], outputs: ['y'] },
      ],
      [int64('a', [0, 1]), float32('w', [1, 1, 3]), float32('v', [1, 1, 8])],
    ),
    [30],
    [1, 1, 8],
    [31],
  ],
])('%s', async (_, bytes, first, expected, next) => {
  const model = await load(bytes);
  expect(model.memory.activations).toBe(0);
  const y = (await model.run({ x: ramp(first) })).y as Tensor;
  expect(y.dims).toEqual(expected);
  expect(model.memory.activations).toBeGreaterThan(0);
  expect((await model.run({ x: ramp(next) })).y).toBeDefined();
  // What the run's own shape does not fit is told by the run.
  await expect(model.run({ x: ramp(first.map((dim, i) => (i === 0 ? 1 : dim))) })).rejects.toMatchObject({ name: 'LanewiseError' });
});

test('a shape that a run gives is planned at load where options give it', async () => {
  const bytes = modelOf(['T'], [{ op: 'TopK', inputs: ['x', 'k'], outputs: ['y', 'i'] }], [int64('k', [3])]);
  expect((await load(bytes, { inputShapes: { x: [5] } })).memory.activations).toBeGreaterThan(0);
  await expect(load(bytes, { inputShapes: { x: [2] } })).rejects.toMatchObject({ message: "node 'TopK_0': the 3 largest of 2 elements" });
});

test.each<[string, NodeSpec[], TensorSpec[], string, string]>([
  ['an operator that does not run', [{ op: 'Einsum', inputs: ['x'], outputs: ['y'] }], [], 'UNSUPPORTED', 'Einsum'],
  [
    'an attribute that does not exist',
    [{ op: 'Relu', inputs: ['x'], outputs: ['y'], attributes: { slope: 1 } }],
    [],
    'UNSUPPORTED',
    "attribute 'slope' is not known",
  ],
  [
    'an axis that no batch has',
    [{ op: 'Flatten', inputs: ['x'], outputs: ['y'], attributes: { axis: 7 } }],
    [],
    'INVALID_MODEL',
    'axis 7 is outside a tensor of rank 2',
  ],
  [
    'weights that do not fit, whatever the batch',
    [{ op: 'Add', inputs: ['c', 'd'], outputs: ['y'] }],
    [float32('c', [2]), float32('d', [3])],
    'INVALID_MODEL',
    'shapes [2] and [3] do not broadcast',
  ],
  [
    'what is too large even for one',
    [{ op: 'Expand', inputs: ['x', 's'], outputs: ['y'] }],
    [int64('s', [2 ** 20, 2 ** 20])],
    'TOO_LARGE',
    'would take',
  ],
])('refused at load as before: %s', async (_, nodes, initializers, code, message) => {
  const dims = nodes[0]?.op === 'Expand' ? ['N', 1] : ['N', 2];
  await expect(load(modelOf(dims, nodes, initializers))).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

test('what no shape fits is told by the first run', async () => {
  const nodes = [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }];
  const model = await load(modelOf(['N', 2], nodes, [float32('w', [3, 4])]));
  await expect(model.run({ x: ramp([5, 2]) })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/^the model does not take inputs of these shapes \('x' \[5, 2\]\): node 'MatMul_0'/),
  });
});

test('several inputs are planned by the run too', async () => {
  const two: { name: string; type: DataType; dims: string[] }[] = ['x', 'z'].map((name) => ({ name, type: 'float32', dims: [name] }));
  const nodes = [
    { op: 'TopK', inputs: ['x', 'k'], outputs: ['t', 'i'] },
    { op: 'Add', inputs: ['t', 'z'], outputs: ['y'] },
  ];
  const model = await load(modelOf([], nodes, [int64('k', [2])], { inputs: two }));
  const { y } = await model.run({ x: ramp([4]), z: ramp([2]) });
  expect([...(y as Tensor).data]).toEqual([3, 3]);
});
