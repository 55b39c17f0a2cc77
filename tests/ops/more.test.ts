// Operators that few networks have are fetched when one needs them. Nothing here may import what would make them known before.

import { GraphBuilder } from '../../src/graph/builder.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import * as layers from '../../src/layers/index.ts';
import { createModel, load, prepareOperators } from '../../src/load.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { operators } from '../../src/ops/index.ts';
import { zoo } from '../../src/zoo/index.ts';
import { made } from '../zoo/made.ts';

function graph(op: string, opset = 13): Graph {
  const g = new GraphBuilder('g', opset);
  g.output('y', g.node(op, [g.input('x', [1, 3])], { name: 'here' }));
  return g.build();
}

const x = new Tensor('float32', [1, 3, 2], [1, 3]);

test('what most networks have is there, and layers need no more', async () => {
  const { input, conv2d, batchNorm, relu, upsample, globalAvgPool2d, flatten, dense, softmax, model } = layers;
  const image = input([1, 4, 4]);
  const features = upsample(relu(batchNorm(conv2d(image, 2, 3))), 2);
  const network = model(image, softmax(dense(flatten(globalAvgPool2d(features)), 3)));
  expect(network.summary()).toContain('upsample');
  await network.compile();
  await createModel(graph('Relu'));
  expect(operators.has('ArgMax')).toBe(false);
  expect(operators.has('Relu')).toBe(true);
});

test.each([...zoo.keys()])('%s needs no more', async (name) => {
  expect(await prepareOperators(made(name, { classes: 3 }).graph())).toBe(undefined);
  expect(operators.has('ArgMax')).toBe(false);
});

test('files of plain networks need no more', async () => {
  const network = made('squeezenet1_1', { classes: 3, inputShape: [3, 64, 64] });
  await load(await network.toONNX());
  expect(operators.has('ArgMax')).toBe(false);
});

/** What exporters write of a U-Net, a YOLO and the like, node by node: operator, attributes, how many inputs. */
const plain: [op: string, attributes: Record<string, Attribute>, inputs?: number][] = [
  ['ConvTranspose', { strides: [2, 2], output_padding: [1, 1] }, 3],
  ['Resize', { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor', cubic_coeff_a: -0.75 }, 3],
  ['Resize', { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel', antialias: 0 }, 4],
  ['Resize', { mode: 'linear', coordinate_transformation_mode: 'align_corners' }, 4],
  ['Resize', { mode: 'linear', coordinate_transformation_mode: 'half_pixel', keep_aspect_ratio_policy: 'stretch', axes: [2, 3] }, 4],
  ['Pad', { mode: 'constant' }, 3],
  ['Pad', {}, 2],
  ['Transpose', { perm: [0, 1, 3, 4, 2] }],
  ['Transpose', { perm: [0, 2, 1] }],
  ['Transpose', { perm: [0, 3, 1, 2] }],
  ['BatchNormalization', { epsilon: 1e-3, momentum: 0.97, training_mode: 0 }, 5],
  ['Swish', {}],
  ...['Concat', 'Gather', 'MatMul', 'Max', 'Min', 'Reshape', 'Sum', 'Unsqueeze'].map((op): [string, Record<string, Attribute>, number] => [
    op,
    {},
    2,
  ]),
  ...(
    'AveragePool Cast Clip ConstantOfShape Conv Dropout Flatten Gelu Gemm GlobalAveragePool HardSigmoid HardSwish Identity LRN LeakyRelu LogSoftmax ' +
    'MaxPool ReduceMean Relu Shape Sigmoid Slice Softmax Split Squeeze Tanh'
  )
    .split(' ')
    .map((op): [string, Record<string, Attribute>] => [op, {}]),
];

test.each(plain)('%s %j is there', async (op, attributes, inputs = 1) => {
  const g = new GraphBuilder('g', 24);
  const x = g.input('x', [1, 3]);
  g.output('y', g.node(op, new Array<string>(inputs).fill(x), { attributes }));
  await prepareOperators(g.build());
  expect(operators.has('ArgMax')).toBe(false);
});

test("an operator of the user's that has the name of one takes its place", async () => {
  const own = defineOp({ domain: '', name: 'ArgMax', run: ({ inputs, outputs }) => outputs[0].data.set(inputs[0].data as never) });
  const model = await createModel(graph('ArgMax'), { operators: [own] });
  expect(model.runSync({ x }).y?.data).toEqual(x.data);
  expect(operators.has('ArgMax')).toBe(false);
});

test('the others come when a graph has one of them', async () => {
  const model = await createModel(graph('ArgMax'));
  expect(model.runSync({ x }).y).toEqual(new Tensor('int64', [0n, 0n, 0n], [1, 3]));
  // All at once.
  expect(operators.has('TopK')).toBe(true);
});

test('what no operator runs is said', async () => {
  await expect(createModel(graph('LSTM'))).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: "the model (opset 13) has an unsupported operator: LSTM (node 'here')",
  });
  await expect(createModel(graph('HardSwish'))).rejects.toThrow('HardSwish of opset 13 (supported from opset 14 on)');
});

const rare: [op: string, attributes: Record<string, Attribute>][] = [
  ['Resize', { mode: 'cubic' }],
  ['Resize', { coordinate_transformation_mode: 'tf_crop_and_resize' }],
  ['Resize', { keep_aspect_ratio_policy: 'not_larger' }],
  ['Pad', { mode: 'reflect' }],
  ['Transpose', { perm: [0, 2, 1, 3, 4] }],
  ['BatchNormalization', { training_mode: 1 }],
];

test.each(rare)('%s %j says that it needs more', (op, attributes) => {
  const node = { op, domain: '', name: 'n', inputs: ['x'], outputs: ['y'], attributes: new Map(Object.entries(attributes)) };
  expect(operators.get(op)?.rare?.(node, 18)).toBe(true);
});
