// quantize(): the file's structure, its weights against plain loops, what stays in float32, and what it computes.

import { readOnnx } from '../../src/formats/onnx/index.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { load, Tensor } from '../../src/index.ts';
import {
  add,
  avgPool2d,
  batchNorm,
  concat,
  conv2d,
  dense,
  flatten,
  globalAvgPool2d,
  input,
  type LayersModel,
  maxPool2d,
  model,
  multiply,
  relu,
  sigmoid,
} from '../../src/layers/index.ts';
import { type QuantizeOptions, quantize } from '../../src/quantize/index.ts';
import { channel, constantOf, dequantized, numbers, producerOf, rint } from './reference.ts';

import.meta.jest.setTimeout(60_000);

const batch = (seed: number, count = 4, scale = 2) => new Tensor('float32', numbers(count * 3 * 64, seed, scale), [count, 3, 8, 8]);
const data = [batch(1), batch(2), batch(3, 2)];

function small(): LayersModel {
  const x = input([3, 8, 8]);
  const stem = relu(batchNorm(conv2d(x, 8, 3, { padding: 1, bias: false, name: 'stem' }), { name: 'norm' }));
  const pooled = maxPool2d(stem, 2);
  const a = conv2d(pooled, 8, 3, { padding: 1, name: 'a' });
  const joined = relu(add(a, pooled));
  const gated = conv2d(joined, 4, 1, { name: 'gate' });
  const all = concat([multiply(gated, sigmoid(gated)), joined]);
  return model(x, dense(flatten(globalAvgPool2d(conv2d(all, 16, 1, { name: 'b' }))), 5, { name: 'head' }));
}

async function made(net: LayersModel = small(), options: QuantizeOptions = {}): Promise<Graph> {
  return readOnnx((await quantize(net, data, options)).onnx);
}

const ops = (graph: Graph) => graph.nodes.map(({ op }) => op);
const count = (graph: Graph, op: string) => ops(graph).filter((name) => name === op).length;
const node = (graph: Graph, op: string, i = 0) => graph.nodes.filter((node) => node.op === op)[i] as Graph['nodes'][number];

test('everything between the layers is bytes, and batch-norms are gone', async () => {
  const graph = await made();
  expect(graph.opsets.get('')).toBe(13);
  expect(ops(graph)).not.toContain('BatchNormalization');
  for (const conv of graph.nodes.filter(({ op }) => /^(Conv|Gemm)$/.test(op))) {
    for (const name of conv.inputs) expect(producerOf(graph, name)?.op).toBe('DequantizeLinear');
  }
  // Behind the activation, not before it.
  expect(producerOf(graph, node(graph, 'Relu').inputs[0] as string)?.op).toBe('Conv');
  expect(producerOf(graph, node(graph, 'Relu', 1).inputs[0] as string)?.op).toBe('Add');
  for (const op of ['MaxPool', 'Add', 'Concat', 'GlobalAveragePool', 'Flatten']) {
    for (const name of node(graph, op).inputs) expect([op, producerOf(graph, name)?.op]).toEqual([op, 'DequantizeLinear']);
  }
  // x · sigmoid(x) is one table: nothing is quantised inside.
  expect(producerOf(graph, node(graph, 'Mul').inputs[1] as string)?.op).toBe('Sigmoid');
  // The model's input and output stay as they are.
  expect(graph.inputs.map(({ type }) => type)).toEqual(['float32']);
  expect(producerOf(graph, graph.outputs[0]?.name as string)?.op).toBe('Gemm');
});

test('what only moves elements keeps scale and zero point', async () => {
  const graph = await made();
  const quantizer = (name: string) => graph.nodes.find(({ op, inputs }) => op === 'QuantizeLinear' && inputs[0] === name);
  for (const op of ['MaxPool', 'Flatten']) {
    const { inputs, outputs } = node(graph, op);
    expect(quantizer(outputs[0] as string)?.inputs.slice(1)).toEqual(producerOf(graph, inputs[0] as string)?.inputs.slice(1));
  }
});

test.each([8, 7] as const)('weights of %i bits, their scales and biases are those of plain loops', async (bits) => {
  const x = input([3, 8, 8]);
  const net = model(x, conv2d(relu(conv2d(x, 5, 3, { name: 'a' })), 4, 1, { name: 'b' }));
  const [weights, bias] = net.layer('a').parameters.map((parameter) => parameter.constant().read() as Float32Array) as [
    Float32Array,
    Float32Array,
  ];
  weights.fill(0, 27, 54);
  bias.set([0.5, 0, 0.125, 3, -2]);
  await net.loadWeights(
    new Map([
      ...net.parameters().map((p) => [p.name, new Tensor('float32', p.constant().read() as Float32Array, p.constant().dims)] as const),
      ['a.weight', new Tensor('float32', weights, [5, 3, 3, 3])] as const,
      ['a.bias', new Tensor('float32', bias, [5])] as const,
    ]) as never,
  );
  const graph = await made(net, { bits, biasCorrection: false, calibration: 'minmax' });
  const conv = node(graph, 'Conv');
  const w = dequantized(graph, conv.inputs[1]);
  const b = dequantized(graph, conv.inputs[2]);
  const most = bits === 8 ? 127 : 63;
  const expected = [0, 1, 2, 3, 4].map((c) => channel([...weights.subarray(c * 27, (c + 1) * 27)], most));
  expect([w.data.type, w.node.attributes.get('axis'), w.data.dims]).toEqual(['int8', 0, [5, 3, 3, 3]]);
  expect([...w.scale.read()]).toEqual(expected.map(({ scale }) => scale));
  expect(expected[1]?.scale).toBe(1);
  expect([...w.data.read()]).toEqual(expected.flatMap(({ bytes }) => bytes));
  expect([...w.zero.read()]).toEqual([0, 0, 0, 0, 0]);

  // The input's range is that of the data, widened to 0, in 255 steps.
  const all = data.flatMap(({ data }) => [...(data as Float32Array)]);
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const q = graph.nodes.find(({ op }) => op === 'QuantizeLinear');
  const scale = constantOf(graph, q?.inputs[1]).read()[0] as number;
  expect(scale).toBe(Math.fround((high - low) / 255));
  expect(constantOf(graph, q?.inputs[2]).read()[0]).toBe(rint(-low / scale));
  const steps = expected.map(({ scale: s }) => Math.fround(scale * s));
  expect([...b.scale.read()]).toEqual(steps);
  expect(b.data.type).toBe('int32');
  expect([...b.data.read()]).toEqual([...bias].map((x, c) => rint(x / (steps[c] as number))));
});

test('the file computes what float32 does, nearly, and its errors are reported', async () => {
  const net = small();
  const { onnx, report } = await quantize(net, data);
  const [right, quantized] = await Promise.all([net.compile(), load(onnx)]);
  const [a, b] = [right, quantized].map((m) => m.runSync({ input: batch(9) }).output?.data as Float32Array) as [Float32Array, Float32Array];
  const most = Math.max(...a.map(Math.abs));
  for (const [i, x] of a.entries()) expect(Math.abs((b[i] as number) - x) / most).toBeLessThan(0.05);
  expect(report.examples).toBe(10);
  expect(report.layers.map(({ name, bits }) => [name, bits])).toEqual(['stem', 'a', 'gate', 'b', 'head'].map((name) => [name, 8]));
  for (const { snr, weightSnr } of report.layers) {
    expect(snr).toBeGreaterThan(20);
    expect(weightSnr).toBeGreaterThan(35);
  }
  // Over the first batch, by hand.
  const [x, y] = [right, quantized].map((m) => m.runSync({ input: data[0] as Tensor }).output?.data as Float32Array) as [
    Float32Array,
    Float32Array,
  ];
  const energy = (list: Float32Array) => list.reduce((sum, value) => sum + value * value, 0);
  const snr = 10 * Math.log10(energy(x) / energy(x.map((value, i) => value - (y[i] as number))));
  expect(report.outputs).toEqual([{ name: 'output', snr: expect.closeTo(snr, 3) as never }]);
});

test('the same bytes each time, from one list, a function, and an iterable that comes once', async () => {
  const lists = [
    data,
    () => data,
    (function* () {
      // It fills one tensor anew, as loops that allocate nothing do.
      const pixels = new Float32Array(4 * 192);
      for (const { data: numbers, dims } of data) {
        pixels.set(numbers as Float32Array);
        yield new Tensor('float32', pixels.subarray(0, numbers.length), dims);
      }
    })(),
    (async function* () {
      for (const tensor of data) yield { input: tensor };
    })(),
  ];
  const files = await Promise.all(lists.map(async (list) => Buffer.from((await quantize(small(), list)).onnx)));
  for (const file of files) expect(file.equals(files[0] as Buffer)).toBe(true);
});

test('biasCorrection takes the mean error of each channel off', async () => {
  const x = input([3, 8, 8]);
  const net = model(x, conv2d(relu(conv2d(x, 6, 3, { name: 'a' })), 4, 3, { name: 'b' }));
  expect(await meanErrors(net.toONNX(), 16, true)).toBeLessThan(0.6 * (await meanErrors(net.toONNX(), 16, false)));
});

test('biasCorrection of a layer with more rows than there are examples', async () => {
  const graph = new GraphBuilder('rows');
  const weights = (name: string, dims: number[], seed: number) => {
    graph.constant({
      name,
      type: 'float32',
      dims,
      read: () =>
        numbers(
          dims.reduce((a, b) => a * b),
          seed,
        ),
    });
    return name;
  };
  const x = graph.node('Conv', [graph.input('input', ['N', 3, 8, 8]), weights('w', [12, 3, 1, 1], 3)]);
  graph.constant({ name: 'rows', type: 'int64', dims: [4], read: () => BigInt64Array.of(-1n, 1n, 8n, 8n) });
  const rows = graph.node('Reshape', [graph.node('Relu', [x]), 'rows']);
  graph.output('output', graph.node('Conv', [rows, weights('v', [4, 1, 3, 3], 5), weights('b', [4], 6)]));
  const file = writeOnnx(graph.build());
  expect(await meanErrors(file, 36, true)).toBeLessThan(0.6 * (await meanErrors(file, 36, false)));
});

test('a deep network needs little more memory than float32', async () => {
  const picture = input([8, 32, 32]);
  let x = picture;
  for (let i = 0; i < 12; i++) x = relu(conv2d(x, 8, 3, { padding: 1, name: `layer${i}` }));
  // A value takes 256 KB; what every layer reads and gives would take 6 MB.
  const batches = [new Tensor('float32', numbers(8 * 8192, 1), [8, 8, 32, 32])];
  const { report } = await quantize(model(picture, x), batches, { memoryLimit: 4 * 2 ** 20 });
  expect(report.layers).toHaveLength(12);
});

/** The sum of what the four channels of a network's output are off on average, times elements. */
async function meanErrors(file: Uint8Array, pixels: number, biasCorrection: boolean): Promise<number> {
  const { onnx } = await quantize(file, data, { biasCorrection, bits: 7 });
  const models = await Promise.all([load(file), load(onnx)]);
  const sums = [0, 0, 0, 0];
  for (const tensor of data) {
    const [a, b] = models.map((m) => m.runSync({ input: tensor }).output as Tensor<'float32'>) as Tensor<'float32'>[];
    a?.data.forEach((value, i) => {
      sums[Math.floor(i / pixels) % 4] = (sums[Math.floor(i / pixels) % 4] as number) + value - (b?.data[i] as number);
    });
  }
  return sums.reduce((sum, x) => sum + Math.abs(x), 0);
}

test.each([
  [['first'], ['stem']],
  [['last'], ['head']],
  [
    ['first', 'last', 'b'],
    ['stem', 'b', 'head'],
  ],
])('float %j keeps %j in float32', async (float, kept) => {
  const { onnx, report } = await quantize(small(), data, { float });
  expect(report.layers.filter(({ bits }) => bits === 32).map(({ name }) => name)).toEqual(kept);
  const graph = readOnnx(onnx);
  for (const { name, op, inputs } of graph.nodes) {
    if (!/^(Conv|Gemm)$/.test(op)) continue;
    expect(graph.constants.has(inputs[1] as string)).toBe(kept.includes(name));
  }
  if (float.includes('first')) expect(node(graph, 'Conv').inputs[0]).toBe('input');
  await load(onnx);
});

test('percentile leaves outliers out, minmax does not', async () => {
  const x = input([3, 8, 8]);
  const net = model(x, conv2d(x, 4, 1));
  const outlier = batch(5);
  outlier.data[7] = 100;
  const scale = async (options: QuantizeOptions) => {
    const graph = readOnnx((await quantize(net, [outlier], options)).onnx);
    return constantOf(graph, graph.nodes.find(({ op }) => op === 'QuantizeLinear')?.inputs[1]).read()[0] as number;
  };
  const [minmax, percentile, mse] = [
    await scale({ calibration: 'minmax' }),
    await scale({ calibration: 'percentile', percentile: 99 }),
    await scale({ calibration: 'mse' }),
  ];
  expect(minmax).toBeGreaterThan(100 / 255);
  expect(percentile).toBeLessThan(4.1 / 255);
  expect(mse).toBeLessThanOrEqual(minmax);
});

test('layers alone, without pads of its own, and networks that end in what is no layer', async () => {
  const x = input([3, 8, 8]);
  const graph = await made(model(x, avgPool2d(relu(conv2d(x, 4, 3)), 2)));
  // Nothing behind the last layer is quantised: it would only lose.
  expect([count(graph, 'QuantizeLinear'), producerOf(graph, node(graph, 'AveragePool').inputs[0] as string)?.op]).toEqual([1, 'Relu']);
});

test('progress, and the end by a signal', async () => {
  const stages: string[] = [];
  await quantize(small(), data, { onProgress: ({ stage, done, total }) => void stages.push(`${stage} ${done}/${total}`) });
  expect(stages).toEqual(['calibrate 1/3', 'calibrate 2/3', 'calibrate 3/3', 'correct 1/3', 'correct 2/3', 'correct 3/3', 'compare 1/1']);
  await expect(quantize(small(), data, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
});

test('a channel whose weights are nothing beside its bias keeps the bias', async () => {
  const x = input([3, 8, 8]);
  const net = model(x, conv2d(x, 2, 1, { name: 'a' }));
  const weights = Float32Array.of(1e-30, 0, 0, 1, 2, 3);
  await net.loadWeights(
    new Map([
      ['a.weight', new Tensor('float32', weights, [2, 3, 1, 1])],
      ['a.bias', new Tensor('float32', Float32Array.of(5, 0), [2])],
    ]),
  );
  const { onnx } = await quantize(net, data, { biasCorrection: false });
  const { output } = (await load(onnx)).runSync({ input: data[0] as Tensor });
  expect(output?.data[0]).toBeCloseTo(5, 5);
});

test('an older opset is brought to 13', async () => {
  const graph = new GraphBuilder('old', 9);
  const x = graph.input('x', ['N', 3, 8, 8]);
  const conv = (from: string, name: string, channels: number) => {
    const data = numbers(4 * channels, 7);
    graph.constant({ name: `${name}.w`, type: 'float32', dims: [4, channels, 1, 1], read: () => data });
    return graph.node('Conv', [from, `${name}.w`], { name });
  };
  const clipped = graph.node('Clip', [conv(x, 'a', 3)], { floats: { min: 0, max: 1 } });
  const padded = graph.node('Pad', [clipped], { attributes: { pads: [0, 0, 1, 1, 0, 0, 1, 1] } });
  const cut = graph.node('Slice', [padded], { attributes: { starts: [1], ends: [9], axes: [2] } });
  const larger = graph.node('Upsample', [cut, graph.node('Constant', [], { attributes: { value: scales() } })]);
  const mean = graph.node('ReduceMean', [conv(larger, 'b', 4)], { attributes: { axes: [2], keepdims: 0 } });
  const squeezed = graph.node('Squeeze', [graph.node('Unsqueeze', [mean], { attributes: { axes: [0] } })], { attributes: { axes: [0] } });
  graph.output('y', graph.node('Softmax', [squeezed], { attributes: { axis: 1 } }));
  const file = writeOnnx(graph.build());
  const { onnx } = await quantize(file, data);
  const made = readOnnx(onnx);
  expect(made.opsets.get('')).toBe(13);
  expect(ops(made)).toContain('Resize');
  const [a, b] = (await Promise.all([load(file), load(onnx)])).map((m) => m.runSync({ x: data[0] as Tensor }).y) as [Tensor, Tensor];
  expect(b.dims).toEqual(a.dims);
  for (const [i, value] of (a.data as Float32Array).entries()) expect(b.data[i]).toBeCloseTo(value, 2);
});

test.each([
  [[1, 1, 0.5, 0.75], 1],
  [[1, 1, 2, 0.4], 2],
])('the nearest elements of an older Resize by %j are the same', async (factors, nodes) => {
  const graph = new GraphBuilder('old', 10);
  const x = graph.input('x', ['N', 3, 8, 8]);
  graph.constant({ name: 'w', type: 'float32', dims: [4, 3, 1, 1], read: () => numbers(12, 7) });
  graph.constant({ name: 'factors', type: 'float32', dims: [4], read: () => Float32Array.from(factors) });
  graph.output('y', graph.node('Resize', [graph.node('Conv', [x, 'w']), 'factors']));
  const file = writeOnnx(graph.build());
  const { onnx, report } = await quantize(file, data);
  expect(count(readOnnx(onnx), 'Resize')).toBe(nodes);
  expect(report.outputs[0]?.snr).toBeGreaterThan(40);
  // Scales that only a run computes may shrink or grow.
  const open = new GraphBuilder('open', 10);
  const [picture, fed] = [open.input('x', ['N', 3, 8, 8]), open.input('factors', [4])];
  open.constant({ name: 'w', type: 'float32', dims: [4, 3, 1, 1], read: () => numbers(12, 7) });
  open.output('y', open.node('Resize', [open.node('Conv', [picture, 'w']), fed], { name: 'resize' }));
  await expect(quantize(writeOnnx(open.build()), undefined, { weights: 'int8' })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message:
      "the model is of opset 10 and needs 13; its scales, which a run computes, cannot be rewritten (node 'resize', Resize): export it with opset 13",
  });
});

test('GridSample has the names of opset 20', async () => {
  const graph = new GraphBuilder('grid', 16);
  const [x, grid] = [graph.input('x', [1, 3, 8, 8]), graph.input('grid', [1, 5, 5, 2])];
  graph.constant({ name: 'w', type: 'float32', dims: [40, 3, 3, 3], read: () => numbers(40 * 27, 7) });
  graph.output('y', graph.node('GridSample', [graph.node('Conv', [x, 'w']), grid], { attributes: { mode: 'bicubic' } }));
  graph.output('z', graph.node('GridSample', [x, grid]));
  const { onnx } = await quantize(writeOnnx(graph.build()), undefined, { weights: 'int4' });
  const made = readOnnx(onnx);
  expect(made.opsets.get('')).toBe(21);
  expect(made.nodes.filter(({ op }) => op === 'GridSample').map(({ attributes }) => attributes.get('mode'))).toEqual(['cubic', 'linear']);
});

test('a Dropout whose mask is an output stays', async () => {
  const graph = new GraphBuilder('mask');
  const x = graph.input('x', ['N', 3, 8, 8]);
  graph.constant({ name: 'w', type: 'float32', dims: [4, 3, 1, 1], read: () => numbers(12, 7) });
  const [dropped, mask] = graph.nodes('Dropout', [x], 2) as [string, string];
  graph.output('y', graph.node('Conv', [dropped, 'w']));
  graph.output('mask', mask, undefined, 'bool');
  const outputs = (await load((await quantize(writeOnnx(graph.build()), data)).onnx)).runSync({ x: data[0] as Tensor });
  expect(outputs.mask?.data.every((kept) => kept === 1)).toBe(true);
});

const scales = () => ({ name: 'scales', type: 'float32' as const, dims: [4], read: () => Float32Array.of(1, 1, 2, 2) });
