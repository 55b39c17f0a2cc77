// Weight-only quantisation, and integers of 4 bits in files.

import { readOnnx } from '../../src/formats/onnx/index.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { load, Tensor } from '../../src/index.ts';
import { batchNorm, conv2d, conv2dTranspose, dense, flatten, globalAvgPool2d, input, model, relu } from '../../src/layers/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { inBlocks } from '../../src/quantize/weights.ts';
import { dequantized, numbers, rint } from './reference.ts';

import.meta.jest.setTimeout(60_000);

function net() {
  const x = input([3, 8, 8]);
  const stem = relu(batchNorm(conv2d(x, 40, 3, { padding: 1, bias: false, name: 'stem' })));
  const deep = conv2d(stem, 24, 3, { padding: 1, name: 'deep' });
  const up = conv2dTranspose(deep, 32, 2, { stride: 2, name: 'up' });
  return model(x, dense(flatten(globalAvgPool2d(up)), 40, { name: 'head' }));
}

const feed = { input: new Tensor('float32', numbers(3 * 64, 4), [1, 3, 8, 8]) };

test.each([
  ['int8', 13, 35],
  ['int4', 21, 14],
] as const)('%s: the same network from a smaller file', async (weights, opset, least) => {
  const network = net();
  const { onnx, report } = await quantize(network, undefined, { weights });
  const float = network.toONNX();
  expect(onnx.length / float.length).toBeLessThan(weights === 'int8' ? 0.34 : 0.25);
  const graph = readOnnx(onnx);
  expect(graph.opsets.get('')).toBe(opset);
  expect(graph.nodes.map(({ op }) => op)).not.toContain('QuantizeLinear');
  expect(report.layers.map(({ bits }) => bits)).toEqual(weights === 'int8' ? [8, 8, 8, 8] : [8, 4, 4, 4]);
  const [a, b] = (await Promise.all([load(float), load(onnx)])).map((m) => m.runSync(feed).output?.data as Float32Array) as [
    Float32Array,
    Float32Array,
  ];
  const energy = (list: Float32Array) => list.reduce((sum, x) => sum + x * x, 0);
  const snr = 10 * Math.log10(energy(a) / energy(a.map((x, i) => x - (b[i] as number))));
  expect(snr).toBeGreaterThan(least);
});

test('blocks go along the input channels', async () => {
  const network = net();
  const graph = readOnnx((await quantize(network, undefined, { weights: 'int4' })).onnx);
  const node = graph.nodes.find(({ name }) => name === 'deep');
  const dequantize = graph.nodes.find(({ outputs }) => outputs[0] === node?.inputs[1]);
  expect([...(dequantize?.attributes ?? [])].sort()).toEqual([
    ['axis', 1],
    ['block_size', 32],
  ]);
  const [bytes, scales] = (dequantize?.inputs ?? []).map((name) => graph.constants.get(name));
  expect([bytes?.dims, scales?.dims]).toEqual([
    [24, 40, 3, 3],
    [24, 2, 3, 3],
  ]);
});

test.each([
  [[2, 40, 3], 1, 32],
  [[5, 16], 1, 16],
  [[33, 4], 0, 32],
])('blocks of %j along axis %i hold what rounding to 7 steps does, or better', (dims, axis, block) => {
  const size = dims.reduce((a, b) => a * b, 1);
  const weights = numbers(size, 3);
  const { data, scales } = inBlocks(weights, dims, axis, block);
  const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const length = dims[axis] as number;
  const blocks = Math.ceil(length / block);
  let [own, plain] = [0, 0];
  for (let i = 0; i < size; i++) {
    const [o, c, r] = [Math.floor(i / inner / length), Math.floor(i / inner) % length, i % inner];
    const b = Math.floor(c / block);
    const scale = scales[(o * blocks + b) * inner + r] as number;
    let largest = 0;
    for (let k = b * block; k < Math.min(length, (b + 1) * block); k++) {
      largest = Math.max(largest, Math.abs(weights[(o * length + k) * inner + r] as number));
    }
    const w = weights[i] as number;
    expect(data[i]).toBe(Math.max(-7, Math.min(7, rint(Math.fround(w / scale)))) + 0);
    own += (w - (data[i] as number) * scale) ** 2;
    plain += (w - (rint(w / (largest / 7)) * largest) / 7) ** 2;
  }
  expect(own).toBeLessThanOrEqual(plain * (1 + 1e-6));
});

test('weights of zeros have the scale 1', () => {
  expect([...inBlocks(new Float32Array(16), [1, 16], 1, 16).scales]).toEqual([1]);
});

test('a file holds two integers of 4 bits in a byte, also where one is left', () => {
  const data = Int8Array.of(-8, 7, 3, -1, 5);
  const base = readOnnx(net().toONNX());
  const constant = (values: Int8Array) => ({ name: 'q', type: 'int8' as const, dims: [5], packed: 'int4' as const, read: () => values });
  const file = (values: Int8Array) =>
    writeOnnx({ ...base, constants: new Map([...base.constants, ['q', constant(values)]]), opsets: new Map([['', 21]]) });
  const bytes = file(data);
  expect([...(readOnnx(bytes).constants.get('q')?.read() ?? [])]).toEqual([...data]);
  const start = Buffer.from(bytes).indexOf(Buffer.from([0x78, 0xf3, 0x05]));
  expect(start).toBeGreaterThan(0);
  expect(() => file(Int8Array.of(0, 0, 8, 0, 0))).toThrow("the initializer 'q' has 8, which int4 does not hold");
});

test('float keeps layers', async () => {
  const { report } = await quantize(net(), undefined, { weights: 'int8', float: ['deep', 'last'] });
  expect(report.layers.map(({ name, bits }) => [name, bits])).toEqual([
    ['stem', 8],
    ['deep', 32],
    ['up', 8],
    ['head', 32],
  ]);
});

test('int8 weights are those of plain loops', async () => {
  const network = net();
  const graph = readOnnx((await quantize(network, undefined, { weights: 'int8' })).onnx);
  const weights = network.layer('head').parameters[0]?.constant().read() as Float32Array;
  const { data, scale, node } = dequantized(graph, graph.nodes.find(({ name }) => name === 'head')?.inputs[1]);
  expect([data.type, node.attributes.has('axis')]).toEqual(['int8', true]);
  const transposed = data.dims[0] === 40;
  const size = data.dims[transposed ? 1 : 0] as number;
  for (let c = 0; c < 40; c++) {
    const own = Array.from({ length: size }, (_, k) => weights[transposed ? c * size + k : k * 40 + c] as number);
    const largest = Math.max(...own.map(Math.abs));
    expect(scale.read()[c]).toBe(Math.fround(largest / 127));
  }
});
