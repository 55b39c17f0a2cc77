import { readOnnx, writeOnnx } from '../../src/formats/index.ts';
import type { Graph, GraphNode } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { load } from '../../src/load.ts';
import { plain20, resnet20 } from '../../src/zoo/index.ts';
import { expectClose, runGraph } from '../kernels/run.ts';
import {
  add,
  array,
  batchNormalization,
  conv,
  flatten,
  gemm,
  globalAveragePool,
  type NdArray,
  offsetOf,
  random,
  relu,
} from '../reference/index.ts';
import { bits, constant, made } from './made.ts';

const small = ['network_in_network', 'resnet20', 'resnet110', 'plain20', 'plain110'];
const large = [
  'alexnet',
  'alexnet2012',
  'vgg11',
  'googlenet',
  'googlenet2014',
  'resnet18',
  'plain18',
  'densenet121',
  'squeezenet1_0',
  'squeezenet1_1',
  'mobilenet_v2',
];

/** The first picture has coarse structure, for noise alone is averaged out. */
function picture(shape: readonly number[], seed: number): Tensor {
  const [, height = 1, width = 1] = shape;
  const { data } = random([1, ...shape], seed);
  const values = Float32Array.from(data, (x, i) => x + ((i % width) + (i / width) * seed) / (height + width));
  return new Tensor('float32', values, [1, ...shape]);
}

test.each([...small, ...large])('%s: sane outputs, the same bits by way of an ONNX file', async (name) => {
  const net = made(name, { classes: 10, ...(large.includes(name) && { inputShape: [3, 67, 67] }) });
  const shape = net.inputs[0]?.dims.slice(1) as number[];
  const model = await net.compile();
  const read = await load(net.toONNX());
  const [first, second] = await Promise.all(
    [1, 2].map(async (seed) => {
      const input = picture(shape, seed);
      const [output, again] = [(await model.run({ input })).output, (await read.run({ input })).output];
      expect(again).toEqual(output);
      return [...(output as Tensor).data].map(Number);
    }),
  );
  for (const handle of [model, read]) handle.dispose();
  const largest = Math.max(...(first ?? []).map(Math.abs));
  expect(largest).toBeGreaterThan(0.05);
  expect(largest).toBeLessThan(200);
  expect(new Set(first).size).toBeGreaterThan(3);
  // Without shortcuts a hundred layers nearly forget what came in: what the paper on residual learning begins with.
  const change = Math.max(...(first ?? []).map((x, i) => Math.abs(x - (second?.[i] as number))));
  expect(change).toBeGreaterThan((name === 'plain110' ? 1e-5 : 1e-3) * largest);
});

/** Plain loops over a network of six n + 2 layers. */
function naive(graph: Graph, input: NdArray, residual: boolean): NdArray {
  const parameter = (name: string) => {
    const { dims, read } = constant(graph, name);
    return array(dims, read() as Float32Array);
  };
  const convolve = (x: NdArray, name: string, stride = 1) =>
    conv({ x, w: parameter(`${name}.weight`), strides: [stride, stride], pads: [1, 1, 1, 1] });
  const norm = (x: NdArray, name: string) => {
    const [scale, bias, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((key) => parameter(`${name}.${key}`));
    return batchNormalization({ x, scale: scale!, bias: bias!, mean: mean!, variance: variance! });
  };
  const shortcut = (x: NdArray) => {
    const [n = 0, c = 0, h = 0, w = 0] = x.dims;
    const y = array([n, 2 * c, h / 2, w / 2]);
    for (let i = 0; i < c; i++) {
      for (let p = 0; p < h / 2; p++) {
        for (let q = 0; q < w / 2; q++)
          y.data[offsetOf(y.dims, [0, c / 2 + i, p, q])] = x.data[offsetOf(x.dims, [0, i, 2 * p, 2 * q])] as number;
      }
    }
    return y;
  };
  let x = relu(norm(convolve(input, 'conv1'), 'bn1'));
  for (const block of ['1.0', '1.1', '1.2', '2.0', '2.1', '2.2', '3.0', '3.1', '3.2']) {
    const stride = block === '2.0' || block === '3.0' ? 2 : 1;
    const inner = relu(norm(convolve(x, `layer${block}.conv1`, stride), `layer${block}.bn1`));
    const y = norm(convolve(inner, `layer${block}.conv2`), `layer${block}.bn2`);
    const around = stride === 2 ? shortcut(x) : x;
    x = relu(residual ? add(y, around) : y);
  }
  return gemm({ a: flatten(globalAveragePool(x)), b: parameter('fc.weight'), transB: true });
}

test('resnet20 against plain loops, shortcuts by its paper; and plain20, without', () => {
  const input = random([1, 3, 32, 32], 1);
  const [residual, plain] = [resnet20({ seed: 3 }).graph(), plain20({ seed: 3 }).graph()];
  // Winograd's convolutions round about three times as far as plain ones.
  expectClose(runGraph(residual, { input })[0] as NdArray, naive(residual, input, true), 2e-5);
  expectClose(runGraph(plain, { input })[0] as NdArray, naive(plain, input, false), 2e-5);
});

/** A node as a file has it, and not what else the reader or the builder knows. */
const stated = ({ op, domain, name, inputs, outputs, attributes }: GraphNode) => ({ op, domain, name, inputs, outputs, attributes });

test.each([
  ['squeezenet1_1', 1],
  ['mobilenet_v2', 1],
  ['resnet20', 2],
])('%s: batch-norms folded or not, from a file or not', (name, batch) => {
  const graph = made(name).graph();
  const size = graph.inputs[0]?.dims[2] as number;
  const input = random([batch, 3, size, size], 1);
  const [output] = runGraph(graph, { input });
  expect(output?.dims).toEqual([batch, name === 'resnet20' ? 10 : 1000]);
  const values = output?.data as Float64Array;
  const largest = Math.max(...values.map(Math.abs));
  expect(largest).toBeGreaterThan(0.1);
  expect(largest).toBeLessThan(100);
  expect(new Set(values).size).toBeGreaterThan(values.length / 3);

  const [unfolded] = runGraph(graph, { input }, { maxPasses: 0 });
  expectClose(unfolded as NdArray, output as NdArray, 1e-5 * largest);

  const read = readOnnx(writeOnnx(graph), name);
  expect(read.nodes.map(stated)).toEqual(graph.nodes.map(stated));
  expect(read.inputs).toEqual(graph.inputs);
  expect(read.outputs).toEqual(graph.outputs);
  expect(bits(read)).toEqual(bits(graph));
});
