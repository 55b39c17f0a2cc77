// Operators that few networks have are fetched when one needs them. Nothing here may import what would make them known before.

import { GraphBuilder } from '../../src/graph/builder.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import * as layers from '../../src/layers/index.ts';
import { createModel } from '../../src/load.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { operators } from '../../src/ops/index.ts';

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
