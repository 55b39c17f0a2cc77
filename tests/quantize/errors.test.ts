// What quantize() refuses, in sentences.

import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import type { Constant } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/index.ts';
import { conv2d, flatten, input, model, relu } from '../../src/layers/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { numbers } from './reference.ts';

import.meta.jest.setTimeout(60_000);

const x = input([3, 8, 8]);
const net = model(x, relu(conv2d(x, 4, 3, { name: 'conv' })));
const picture = new Tensor('float32', numbers(192, 1), [1, 3, 8, 8]);

test.each([
  [[net, undefined], "quantize needs batches of inputs to calibrate with; the option weights: 'int8' needs none"],
  [[net, []], 'quantize got no batches: it needs inputs as they will come, such as a hundred pictures'],
  [[net, picture], 'quantize takes a list of batches to calibrate with, or a function that gives one; got an object'],
  [[net, 'pictures'], "quantize takes a list of batches to calibrate with, or a function that gives one; got 'pictures'"],
  [[net, () => 3], 'the function that gives batches gave 3'],
  [[net, [new Tensor('float32', new Float32Array(48), [1, 3, 4, 4])]], "input 'input' takes [N, 3, 8, 8], got [1, 3, 4, 4]"],
  [[net, [picture], { bits: 6 }], 'option bits takes 8 or 7, got 6'],
  [[net, [picture], { calibration: 'max' }], "option calibration takes 'minmax' or 'percentile' or 'mse', got 'max'"],
  [[net, [picture], { percentile: 30 }], 'option percentile takes a number over 50 and up to 100, got 30'],
  [[net, [picture], { float: ['convv'] }], "option float: the model has no node 'convv'; its layers are 'conv'"],
  [[net, [picture], { wieghts: 'int8' }], "quantize has no option 'wieghts': did you mean 'weights'?"],
  [[net, undefined, { weights: 'int2' }], "option weights takes 'int8' or 'int4', got 'int2'"],
  [[net, undefined, { weights: 'int4', blockSize: 3 }], 'option blockSize takes a whole number from 16 on, got 3'],
  [[model(x, flatten(x)), [picture]], 'the model has nothing to quantise: no Conv, Gemm or MatMul of constant float32 weights'],
  [[net, [picture], { float: ['first'] }], 'the option float keeps every layer of the model in float32, which leaves nothing to quantise'],
  [
    [net, [new Tensor('float32', [], [0, 3, 8, 8])]],
    'quantize got no batches: it needs inputs as they will come, such as a hundred pictures',
  ],
  [[net, [picture], { percentile: 99 }], "option percentile does nothing without calibration: 'percentile'"],
  [[net, [picture], { blockSize: 32 }], "option blockSize does nothing without weights: 'int4'"],
  [[net, undefined, { weights: 'int4', bits: 7 }], "option bits does nothing with weights: 'int4'"],
])('%#: %s', async ([source, data, options], message) => {
  await expect(quantize(source as never, data as never, options as never)).rejects.toMatchObject({ code: 'INVALID_INPUT', message });
});

test('a model that is quantised already', async () => {
  const { onnx } = await quantize(net, [picture]);
  await expect(quantize(onnx, [picture])).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/^the model is quantised already: node '.*' is (Deq|Q)uantizeLinear$/) as never,
  });
});

test.each([undefined, 'int8', 'int4'] as const)('weights and biases that are not finite: %s', async (weights) => {
  for (const [name, at] of weights ? [['conv.weight', 3] as const] : [['conv.weight', 3] as const, ['conv.bias', 1] as const]) {
    const graph = net.graph();
    const wrong = graph.constants.get(name) as Constant;
    const data = wrong.read().slice() as Float32Array;
    data[at] = Number.NaN;
    const constants = new Map(graph.constants).set(name, { ...wrong, read: () => data });
    await expect(quantize(writeOnnx({ ...graph, constants }), [picture], weights ? { weights } : {})).rejects.toMatchObject({
      code: 'NOT_FINITE',
      message: `'${name}' of node 'conv' has infinities or NaN`,
    });
  }
});

test('values that are not finite', async () => {
  const wrong = new Tensor('float32', numbers(192, 1), [1, 3, 8, 8]);
  wrong.data[5] = Number.POSITIVE_INFINITY;
  await expect(quantize(net, [picture, wrong])).rejects.toMatchObject({
    code: 'NOT_FINITE',
    message: "'input' has infinities or NaN for batch 2 of the calibration data",
  });
});
