import { type LayersModel, mobilenetV2, resnet50, squeezenet, squeezenet1_0, squeezenet1_1, vgg11Bn, zoo } from '../../src/zoo/index.ts';
import { dims, made } from './made.ts';

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
const cifar: Readonly<Record<string, string>> = { 20: '0.27', 32: '0.46', 44: '0.66', 56: '0.85', 110: '1.73' };
const depths = { imagenet: [18, 34, 50, 101, 152], cifar: Object.keys(cifar).map(Number) };

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
/** Weights and biases of a convolution, or of a dense layer. */
const layer = (from: number, to: number, kernel = 1) => from * to * kernel * kernel + to;
/** Weights of a convolution without a bias, and its batch-norm. */
const normalized = (from: number, to: number, kernel: number) => from * to * kernel * kernel + 2 * to;

test('the registry has each network under its name', () => {
  const plain = [...depths.imagenet, ...depths.cifar].map((depth) => `plain${depth}`);
  const residual = depths.cifar.map((depth) => `resnet${depth}`);
  const papers = ['alexnet2012', 'googlenet2014', 'network_in_network'];
  expect([...zoo.keys()].sort()).toEqual([...Object.keys(torchvision), ...residual, ...plain, ...papers].sort());
  for (const name of zoo.keys()) expect(made(name).name).toBe(name);
  expect(squeezenet).toBe(squeezenet1_0);
});

const pictures = (net: LayersModel) => net.graph().inputs;
const scores = (net: LayersModel) => net.graph().outputs;

describe('parameters', () => {
  test.each(Object.entries(torchvision))('%s has %i', (name, count) => {
    const net = made(name);
    expect(net.parameterCount).toBe(count);
    expect(pictures(net)).toEqual([{ name: 'input', type: 'float32', dims: ['N', 3, 224, 224] }]);
    expect(scores(net)).toEqual([{ name: 'output', type: 'float32', dims: ['N', 1000] }]);
  });

  test.each(Object.entries(cifar))("resnet%s and plain, CIFAR-10's, have %s million", (depth, millions) => {
    // Section 4.2: 6n + 2 layers. A first convolution, three stages of 2n at 16, 32 and 64 channels, a dense layer; shortcuts without parameters.
    const n = (Number(depth) - 2) / 6;
    const stages = [16, 32, 64].flatMap((width) => Array.from({ length: 2 * n }, (_, i) => [i || width === 16 ? width : width / 2, width]));
    const count = sum([[3, 16], ...stages].map(([from = 0, to = 0]) => normalized(from, to, 3))) + layer(64, 10);
    expect((count / 1e6).toFixed(2)).toBe(millions);
    for (const name of [`resnet${depth}`, `plain${depth}`]) {
      const net = made(name);
      expect(net.parameterCount).toBe(count);
      expect(pictures(net)[0]?.dims).toEqual(['N', 3, 32, 32]);
      expect(scores(net)[0]?.dims).toEqual(['N', 10]);
    }
  });

  test.each(depths.imagenet)('plain%i has what resnet%i has but for the convolutions of shortcuts', (depth) => {
    // Where the number of channels changes there is a 1×1 convolution. In networks of bottlenecks it does in the first stage too.
    const changes = depth < 50 ? [64, 128, 256, 512] : [64, 256, 512, 1024, 2048];
    const shortcuts = sum(changes.slice(1).map((to, i) => normalized(changes[i] as number, to, 1)));
    const [plain, residual] = [made(`plain${depth}`), made(`resnet${depth}`)];
    expect(plain.parameterCount).toBe((torchvision[`resnet${depth}`] as number) - shortcuts);
    const names = (net: LayersModel) => [...net.parameters(), ...net.buffers()].map((parameter) => `${parameter.name} ${parameter.dims}`);
    expect(names(plain)).toEqual(names(residual).filter((name) => !name.includes('downsample')));
    expect(plain.graph().nodes.some(({ op }) => op === 'Add')).toBe(false);
  });

  test("AlexNet's by its paper: 60,965,224", () => {
    const net = made('alexnet2012');
    const weights = [
      [96, 3, 11, 11],
      [256, 48, 5, 5],
      [384, 256, 3, 3],
      [384, 192, 3, 3],
      [256, 192, 3, 3],
      [4096, 9216],
      [4096, 4096],
      [1000, 4096],
    ];
    const names = [...[1, 2, 3, 4, 5].map((i) => `conv${i}`), 'fc6', 'fc7', 'fc8'];
    expect(dims(net, ...names.map((name) => `${name}.weight`))).toEqual(weights);
    const sizes = weights.map((shape) => shape.reduce((a, b) => a * b));
    expect(sizes).toEqual([34_848, 307_200, 884_736, 663_552, 442_368, 37_748_736, 16_777_216, 4_096_000]);
    const biases = 96 + 256 + 384 + 384 + 256 + 4096 + 4096 + 1000;
    expect(net.parameterCount).toBe(sum(sizes) + biases);
    expect(net.parameterCount).toBe(60_965_224);
    expect(pictures(net)[0]?.dims).toEqual(['N', 3, 227, 227]);
  });

  test('Network in Network: 966,986', () => {
    const first = layer(3, 192, 5) + layer(192, 160) + layer(160, 96);
    const second = layer(96, 192, 5) + 2 * layer(192, 192);
    const third = layer(192, 192, 3) + layer(192, 192) + layer(192, 10);
    expect(first + second + third).toBe(966_986);
    const net = made('network_in_network');
    expect(net.parameterCount).toBe(966_986);
    // 32×32, half, half of that.
    expect(['pool1', 'pool2', 'pool3'].map((name) => net.layer(name).outputs[0]?.dims)).toEqual([
      ['N', 96, 16, 16],
      ['N', 192, 8, 8],
      ['N', 10, 1, 1],
    ]);
  });

  test("GoogLeNet's by its paper: 6,998,552", () => {
    // Table 1: what comes in, #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj.
    const table = [
      [192, 64, 96, 128, 16, 32, 32],
      [256, 128, 128, 192, 32, 96, 64],
      [480, 192, 96, 208, 16, 48, 64],
      [512, 160, 112, 224, 24, 64, 64],
      [512, 128, 128, 256, 24, 64, 64],
      [512, 112, 144, 288, 32, 64, 64],
      [528, 256, 160, 320, 32, 128, 128],
      [832, 256, 160, 320, 32, 128, 128],
      [832, 384, 192, 384, 48, 128, 128],
    ] as const;
    const modules = table.map(
      ([from, one, before3, three, before5, five, pooled]) =>
        layer(from, one) +
        layer(from, before3) +
        layer(before3, three, 3) +
        layer(from, before5) +
        layer(before5, five, 5) +
        layer(from, pooled),
    );
    // The table's own column, in units of 1024. Two of its rows are some percent off its other columns: 4c and 5a.
    const column = [159, 380, 364, 437, 463, 580, 840, 1072, 1388];
    modules.forEach(
      (count, i) => void expect(Math.abs(count / 1024 / (column[i] as number) - 1)).toBeLessThan(i === 4 || i === 7 ? 0.08 : 0.02),
    );
    const count = layer(3, 64, 7) + layer(64, 64) + layer(64, 192, 3) + sum(modules) + layer(1024, 1000);
    expect(count).toBe(6_998_552);
    const net = made('googlenet2014');
    expect(net.parameterCount).toBe(count);
    const outputs = ['maxpool1', 'maxpool2', 'inception3b', 'inception4a', 'inception4e', 'inception5b'];
    expect(outputs.map((name) => net.layer(name).outputs[0]?.dims.slice(1))).toEqual([
      [64, 56, 56],
      [192, 28, 28],
      [480, 28, 28],
      [512, 14, 14],
      [832, 14, 14],
      [1024, 7, 7],
    ]);
    expect(net.layer('inception3a.branch3.1').parameters[0]?.dims).toEqual([32, 16, 5, 5]);
  });
});

describe('layers', () => {
  test.each([...zoo.keys()])('%s: each parameter is read once, by the node that it is called after', (name) => {
    const { nodes, constants } = made(name).graph();
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

  test("AlexNet's stand as section 3.5 of its paper has them", () => {
    const net = made('alexnet2012');
    const { nodes } = net.graph();
    const ops = nodes.map(({ op }) => op).filter((op) => op !== 'Constant');
    const twice = ['Conv', 'Relu', 'LRN', 'MaxPool', 'Conv', 'Relu', 'LRN', 'MaxPool'];
    const convolutions = ['Conv', 'Relu', 'Conv', 'Relu', 'Conv', 'Relu', 'MaxPool', 'Flatten'];
    expect(ops).toEqual([...twice, ...convolutions, 'Gemm', 'Relu', 'Dropout', 'Gemm', 'Relu', 'Dropout', 'Gemm']);
    const attributes = nodes.filter(({ op }) => op === 'LRN').map((node) => Object.fromEntries(node.attributes));
    const lrn = { size: 5, alpha: Math.fround(5 * 1e-4), beta: 0.75, bias: 2 };
    expect(attributes).toEqual([lrn, lrn]);
    const sizes = ['conv1', 'pool1', 'conv2', 'pool2', 'conv5', 'pool5'].map((name) => net.layer(name).outputs[0]?.dims[2]);
    expect(sizes).toEqual([55, 27, 27, 13, 13, 6]);
  });

  test('parameters are called as in a state_dict of torchvision, and shaped so', () => {
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
});
