import { createHash } from 'node:crypto';
import { readOnnx, writeOnnx } from '../../src/formats/index.ts';
import type { Constant, Graph, GraphNode } from '../../src/graph/graph.ts';
import { type Factory, mobilenetV2, resnet20, resnet50, squeezenet1_1, vgg11Bn, zoo } from '../../src/zoo/index.ts';
import { failure } from '../failure.ts';
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
  sizeOf,
} from '../reference/index.ts';

const isStatistic = (name: string) => /\.running_(mean|var)$/.test(name);

/** As papers count: without the statistics of batch-norms. */
const parameters = ({ constants }: Graph) =>
  [...constants.values()].reduce((sum, { name, dims }) => sum + (isStatistic(name) ? 0 : sizeOf(dims)), 0);

/** `num_params` of the weights in torchvision's documentation; googlenet's is without the heads for training. */
const torchvision: Readonly<Record<string, number>> = {
  alexnet: 61_100_840,
  vgg11: 132_863_336,
  vgg11_bn: 132_868_840,
  vgg13: 133_047_848,
  vgg13_bn: 133_053_736,
  vgg16: 138_357_544,
  vgg16_bn: 138_365_992,
  vgg19: 143_667_240,
  vgg19_bn: 143_678_248,
  resnet18: 11_689_512,
  resnet34: 21_797_672,
  resnet50: 25_557_032,
  resnet101: 44_549_160,
  resnet152: 60_192_808,
  densenet121: 7_978_856,
  densenet161: 28_681_000,
  densenet169: 14_149_480,
  densenet201: 20_013_928,
  squeezenet1_0: 1_248_424,
  squeezenet1_1: 1_235_496,
  mobilenet_v2: 3_504_872,
  googlenet: 6_624_904,
};

/** He et al. 2015, table 6: millions of parameters. */
const cifar: Readonly<Record<string, string>> = {
  resnet20: '0.27',
  resnet32: '0.46',
  resnet44: '0.66',
  resnet56: '0.85',
  resnet110: '1.73',
};

const made = (name: string, options?: Parameters<Factory>[0]) => (zoo.get(name) as Factory)(options);

test('the registry has each network under its name', () => {
  expect([...zoo.keys()].sort()).toEqual([...Object.keys(torchvision), ...Object.keys(cifar)].sort());
  for (const name of zoo.keys()) expect(made(name).name).toBe(name);
});

describe('structure', () => {
  test.each(Object.entries(torchvision))('%s has %i parameters', (name, count) => {
    const graph = made(name);
    expect(parameters(graph)).toBe(count);
    expect(graph.inputs).toEqual([{ name: 'input', type: 'float32', dims: ['N', 3, 224, 224] }]);
    expect(graph.outputs).toEqual([{ name: 'output', type: 'float32', dims: ['N', 1000] }]);
  });

  test.each(Object.entries(cifar))("%s, CIFAR-10's, has %s million", (name, millions) => {
    // Section 4.2: 6n + 2 layers. A first convolution, three stages of 2n at 16, 32 and 64 channels, a dense layer; a batch-norm after
    // each convolution; shortcuts without parameters.
    const n = (Number(name.slice('resnet'.length)) - 2) / 6;
    const layers = [16, 32, 64].flatMap((width) => Array.from({ length: 2 * n }, (_, i) => [i || width === 16 ? width : width / 2, width]));
    const norm = 2;
    const count = [[3, 16], ...layers].reduce((sum, [from = 0, to = 0]) => sum + from * to * 9 + norm * to, 64 * 10 + 10);
    const graph = made(name);
    expect(parameters(graph)).toBe(count);
    expect((count / 1e6).toFixed(2)).toBe(millions);
    expect(graph.inputs[0]?.dims).toEqual(['N', 3, 32, 32]);
    expect(graph.outputs[0]?.dims).toEqual(['N', 10]);
  });

  test.each([...zoo.keys()])('%s: each parameter is read once, by the node that it is called after', (name) => {
    const { nodes, constants } = made(name);
    const keys: Readonly<Record<string, readonly string[]>> = {
      Conv: ['weight', 'bias'],
      Gemm: ['weight', 'bias'],
      BatchNormalization: ['weight', 'bias', 'running_mean', 'running_var'],
    };
    const read = nodes.flatMap(({ op, name, inputs }) => {
      const parameters = inputs.filter((input) => constants.has(input));
      expect(parameters).toEqual((keys[op] ?? []).slice(0, parameters.length).map((key) => `${name}.${key}`));
      expect(parameters.length).toBeGreaterThanOrEqual(keys[op] ? 1 : 0);
      return parameters;
    });
    expect(read.sort()).toEqual([...constants.keys()].sort());
  });

  test('parameters are called as in a state_dict of torchvision, and shaped so', () => {
    const dims = (graph: Graph, ...names: string[]) => names.map((name) => graph.constants.get(name)?.dims);
    expect(dims(made('alexnet'), 'features.10.bias', 'classifier.1.weight')).toEqual([[256], [4096, 9216]]);
    expect(dims(vgg11Bn(), 'features.25.weight', 'features.26.running_var', 'classifier.6.bias')).toEqual([
      [512, 512, 3, 3],
      [512],
      [1000],
    ]);
    expect(dims(resnet50(), 'layer1.0.downsample.0.weight', 'layer4.2.bn3.running_mean', 'layer2.0.conv2.weight')).toEqual([
      [256, 64, 1, 1],
      [2048],
      [128, 128, 3, 3],
    ]);
    expect(dims(made('densenet121'), 'features.denseblock4.denselayer16.conv1.weight', 'features.transition3.norm.bias')).toEqual([
      [128, 992, 1, 1],
      [1024],
    ]);
    expect(dims(squeezenet1_1(), 'features.12.expand3x3.weight', 'classifier.1.weight')).toEqual([
      [256, 64, 3, 3],
      [1000, 512, 1, 1],
    ]);
    expect(dims(mobilenetV2(), 'features.1.conv.0.0.weight', 'features.2.conv.1.0.weight', 'features.18.1.bias')).toEqual([
      [32, 1, 3, 3],
      [96, 1, 3, 3],
      [1280],
    ]);
    expect(dims(made('googlenet'), 'inception4e.branch3.1.conv.weight', 'inception5b.branch4.1.bn.running_var')).toEqual([
      [128, 32, 3, 3],
      [128],
    ]);
  });

  test('as many classes as asked for', () => {
    for (const name of zoo.keys()) {
      const graph = made(name, { classes: 7 });
      expect(graph.outputs[0]?.dims).toEqual(['N', 7]);
      expect([...graph.constants.values()].at(-1)?.dims).toEqual([7]);
    }
  });

  test('options that make no sense', () => {
    for (const [options, message] of [
      [{ classes: 0 }, 'classes takes a whole number from 1 on, got 0'],
      [{ classes: 1.5 }, 'classes takes a whole number from 1 on, got 1.5'],
      [{ seed: -1 }, 'seed takes a whole number from 0 on, got -1'],
      [{ seed: 2 ** 53 }, 'seed takes a whole number from 0 on, got 9007199254740992'],
      [null as never, 'the options are an object, or left out'],
      [{ seed: '1' as never }, 'seed takes a whole number from 0 on, got 1'],
    ] as const) {
      const { code, message: got } = failure(() => resnet20(options));
      expect([code, got]).toEqual(['INVALID_INPUT', message]);
    }
    expect(failure(() => resnet20({ classes: 2 ** 52 })).code).toBe('TOO_LARGE');
    const { constants } = resnet20({ classes: 2 ** 40 });
    expect(failure(() => constants.get('fc.weight')?.read()).code).toBe('TOO_LARGE');
  });
});

/** Every constant's shape and bits, the latter hashed. */
const bits = ({ constants }: Graph) =>
  new Map([...constants].map(([name, { dims, read }]) => [name, `${dims}: ${createHash('sha256').update(read()).digest('hex')}`]));

/** A node as a file has it, and not what else the reader or the builder knows. */
const stated = ({ op, domain, name, inputs, outputs, attributes }: GraphNode) => ({ op, domain, name, inputs, outputs, attributes });

describe('weights', () => {
  test('are the same for the same seed, others for another one, and different from each other', () => {
    const first = bits(resnet20());
    expect(bits(resnet20({ seed: 0 }))).toEqual(first);
    const seen = new Set(first.values());
    for (const seed of [1, 2 ** 32]) {
      for (const [name, text] of bits(resnet20({ seed }))) {
        expect([name, seen.has(text)]).toEqual([name, name === 'fc.bias']);
        seen.add(text);
      }
    }
    // Alike is only the dense layer's bias, which is 0.
    expect(seen.size).toBe(3 * (first.size - 1) + 1);
  });

  test('are made anew by each read, so that nobody can spoil them', () => {
    const weights = resnet20().constants.get('fc.weight') as Constant;
    const first = weights.read();
    const copy = first.slice();
    first.fill(0 as never);
    expect(weights.read()).toEqual(copy);
  });

  test('spread as He et al. 2015 say: even, of variance 2 / fan-in', () => {
    const { constants } = mobilenetV2();
    for (const [name, fanIn] of [
      ['features.18.0.weight', 320],
      ['features.17.conv.1.0.weight', 9],
    ] as const) {
      const data = (constants.get(name) as Constant).read() as Float32Array;
      const limit = Math.sqrt(6 / fanIn);
      const mean = data.reduce((a, b) => a + b, 0) / data.length;
      const square = data.reduce((a, b) => a + b * b, 0) / data.length;
      expect(Math.abs(mean)).toBeLessThan((5 * limit) / Math.sqrt(3 * data.length));
      expect(square * fanIn).toBeCloseTo(2, 1);
      expect(data.every((x) => Math.abs(x) <= limit)).toBe(true);
      expect(data.some((x) => Math.abs(x) > 0.99 * limit)).toBe(true);
    }
  });

  test('batch-norms do something; biases start at 0', () => {
    const { constants } = vgg11Bn();
    for (const [key, center] of [
      ['weight', 1],
      ['bias', 0],
      ['running_mean', 0],
      ['running_var', 1],
    ] as const) {
      const data = [...((constants.get(`features.26.${key}`) as Constant).read() as Float32Array)];
      expect(Math.max(...data) - center).toBeCloseTo(0.1, 2);
      expect(Math.min(...data) - center).toBeCloseTo(-0.1, 2);
    }
    const bias = (constants.get('features.25.bias') as Constant).read() as Float32Array;
    expect(new Set(bias)).toEqual(new Set([0]));
  });
});

describe('running', () => {
  test('resnet20 against plain loops, shortcuts by its paper', () => {
    const graph = resnet20({ seed: 3 });
    const constant = (name: string) => {
      const { dims, read } = graph.constants.get(name) as Constant;
      return array(dims, read() as Float32Array);
    };
    const convolve = (x: NdArray, name: string, stride = 1) =>
      conv({ x, w: constant(`${name}.weight`), strides: [stride, stride], pads: [1, 1, 1, 1] });
    const norm = (x: NdArray, name: string) => {
      const [scale, bias, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((key) => constant(`${name}.${key}`));
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
    const input = random([1, 3, 32, 32], 1);
    let x = relu(norm(convolve(input, 'conv1'), 'bn1'));
    for (const block of ['1.0', '1.1', '1.2', '2.0', '2.1', '2.2', '3.0', '3.1', '3.2']) {
      const stride = block === '2.0' || block === '3.0' ? 2 : 1;
      const inner = relu(norm(convolve(x, `layer${block}.conv1`, stride), `layer${block}.bn1`));
      const y = norm(convolve(inner, `layer${block}.conv2`), `layer${block}.bn2`);
      x = relu(add(y, stride === 2 ? shortcut(x) : x));
    }
    const expected = gemm({ a: flatten(globalAveragePool(x)), b: constant('fc.weight'), transB: true });
    expectClose(runGraph(graph, { input })[0] as NdArray, expected, 1e-5);
  });

  test.each([
    ['squeezenet1_1', 1],
    ['mobilenet_v2', 1],
    ['resnet20', 2],
  ])('%s: batch-norms folded or not, from a file or not', (name, batch) => {
    const graph = made(name);
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
});
