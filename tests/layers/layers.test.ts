// Every layer against the naive references, over shapes that break SIMD code.

import {
  adaptiveAvgPool2d,
  add,
  avgPool2d,
  batchNorm,
  channelShuffle,
  concat,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  gelu,
  globalAvgPool2d,
  globalMaxPool2d,
  hardSwish,
  input,
  type Layer,
  type LayersModel,
  leakyRelu,
  localResponseNorm,
  maxPool2d,
  model,
  multiply,
  normal,
  pad,
  relu,
  relu6,
  sigmoid,
  silu,
  softmax,
  tanh,
  uniform,
  upsample,
} from '../../src/layers/index.ts';
import { expectClose, runGraph, sumTolerance } from '../kernels/run.ts';
import * as reference from '../reference/index.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { concat as concatReference, pad as padReference, channelShuffle as shuffleReference } from '../reference/move.ts';
import { lrn } from '../reference/normalize.ts';
import { resize } from '../reference/resize.ts';

/** The output of a network of one layer, and its weights by their keys. */
function applied(layer: Layer, x: NdArray): { actual: NdArray; weights: Record<string, NdArray>; net: LayersModel } {
  const start = input(x.dims.slice(1));
  const net = model(start, layer(start, 'layer'), { seed: 5 });
  const all = [...net.parameters(), ...net.buffers()];
  const weights = Object.fromEntries(all.map(({ name, dims, data }) => [name.replace('layer.', ''), array(dims, data)]));
  return { actual: runGraph(net.graph(), { input: x })[0] as NdArray, weights, net };
}

function expectLayer(layer: Layer, x: NdArray, expected: (weights: Record<string, NdArray>) => NdArray, tolerance: number): void {
  const { actual, weights, net } = applied(layer, x);
  expectClose(actual, expected(weights), tolerance);
  // The shape that was known as the layer was written.
  expect(net.outputs.get('output')?.dims).toEqual(['N', ...actual.dims.slice(1)]);
}

const map = (x: NdArray, f: (x: number) => number) => array(x.dims, Array.from(x.data, f));

const pictures = [
  [1, 1, 1, 1],
  [1, 3, 1, 9],
  [2, 4, 7, 5],
  [1, 5, 6, 6],
  [3, 7, 5, 8],
  [1, 8, 9, 9],
  [2, 17, 5, 4],
].map((dims, i) => random(dims, i + 1));

describe('convolutions', () => {
  const weight = uniform(0, 1);
  const bias = uniform(0, 1);
  test.each([
    ['padding of one number', 5, 3, { padding: 1 }, { pads: [1, 1, 1, 1] }],
    ['a pair', 4, [1, 3] as const, { padding: [0, 1] as const }, { pads: [0, 1, 0, 1] }],
    ['four sides', 8, 3, { padding: [2, 0, 1, 3] as const }, { pads: [2, 0, 1, 3] }],
    ['a stride over the kernel', 3, 1, { stride: 3 }, { strides: [3, 3] }],
    ['two strides', 9, 3, { stride: [2, 1] as const, padding: 1 }, { strides: [2, 1], pads: [1, 1, 1, 1] }],
    ['dilation', 7, 3, { dilation: 2, padding: 2 }, { dilations: [2, 2], pads: [2, 2, 2, 2] }],
    ['nothing', 1, 1, { padding: 'valid' as const }, {}],
  ])('conv2d with %s', (_, filters, kernel, options, expected) => {
    for (const x of pictures) {
      const depth = (x.dims[1] as number) * 9;
      const layer = conv2d(filters, kernel, { ...options, weight, bias });
      expectLayer(
        layer,
        x,
        ({ weight: w, bias: b }) => reference.conv({ x, w: w as NdArray, b: b as NdArray, ...expected }),
        sumTolerance(depth),
      );
    }
  });

  test.each([1, 2, 3])("padding 'same' at stride %i has TensorFlow's sizes and sides", (stride) => {
    for (const x of pictures) {
      const size = x.dims.slice(2);
      for (const kernel of [2, 3, 5]) {
        const strides = [stride, stride];
        const pads = reference.resolvePads('SAME_UPPER', size, [kernel, kernel], strides);
        const layer = conv2d(4, kernel, { stride, padding: 'same', weight, bias: false });
        const { actual, weights } = applied(layer, x);
        expectClose(actual, reference.conv({ x, w: weights.weight as NdArray, strides, pads }), sumTolerance((x.dims[1] as number) * 25));
        expect(actual.dims.slice(2)).toEqual(size.map((pixels) => Math.ceil(pixels / stride)));
      }
    }
  });

  test('groups see their own channels', () => {
    for (const [channels, filters, groups] of [
      [4, 6, 2],
      [9, 3, 3],
      [8, 16, 4],
    ] as const) {
      const x = random([2, channels, 5, 7], channels);
      const layer = conv2d(filters, 3, { groups, padding: 1, weight, bias });
      expectLayer(
        layer,
        x,
        ({ weight: w, bias: b }) => reference.conv({ x, w: w as NdArray, b: b as NdArray, group: groups, pads: [1, 1, 1, 1] }),
        1e-5,
      );
    }
  });

  test.each([1, 2])('depthwiseConv2d with %i filters a channel', (multiplier) => {
    for (const x of pictures) {
      const group = x.dims[1] as number;
      const layer = depthwiseConv2d(3, { multiplier, padding: 1, weight, bias });
      expectLayer(
        layer,
        x,
        ({ weight: w, bias: b }) => reference.conv({ x, w: w as NdArray, b: b as NdArray, group, pads: [1, 1, 1, 1] }),
        1e-5,
      );
    }
  });

  test.each([
    ['stride', { stride: 2 }, { strides: [2, 2] }],
    ['cropping', { stride: 2, padding: 1, outputPadding: 1 }, { strides: [2, 2], pads: [1, 1, 1, 1], outputPadding: [1, 1] }],
    ['dilation', { dilation: 2 }, { dilations: [2, 2] }],
    ["'same'", { stride: 2, padding: 'same' as const }, { strides: [2, 2], autoPad: 'SAME_UPPER' as const }],
  ])('conv2dTranspose with %s', (_, options, expected) => {
    for (const x of pictures) {
      const layer = conv2dTranspose(5, 3, { ...options, weight, bias });
      expectLayer(
        layer,
        x,
        ({ weight: w, bias: b }) => reference.convTranspose({ x, w: w as NdArray, b: b as NdArray, ...expected }),
        1e-4,
      );
    }
  });

  test('dense takes rows', () => {
    for (const x of pictures) {
      const features = x.dims.slice(1).reduce((a, b) => a * b, 1);
      const layer: Layer = (x, name) => dense(7, { bias })(flatten(x), name);
      expectLayer(
        layer,
        x,
        ({ weight: b, bias: c }) => reference.gemm({ a: reference.flatten(x), b: b as NdArray, c: c as NdArray, transB: true }),
        sumTolerance(features),
      );
    }
  });
});

describe('pools', () => {
  const large = pictures.filter(({ dims }) => (dims[2] as number) > 2);

  test('maxPool2d: stride of the kernel where nothing is said', () => {
    for (const x of large) {
      expectLayer(maxPool2d(2), x, () => reference.maxPool({ x, kernelShape: [2, 2], strides: [2, 2] }), 0);
      expectLayer(
        maxPool2d(3, { stride: 2, padding: 1, ceilMode: true }),
        x,
        () => reference.maxPool({ x, kernelShape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceilMode: true }),
        0,
      );
    }
  });

  test('avgPool2d counts its padding, unless it is told otherwise', () => {
    for (const x of large) {
      const common = { x, kernelShape: [3, 3], strides: [1, 1] };
      const options = { stride: 1, padding: 1 };
      expectLayer(avgPool2d(3, options), x, () => reference.averagePool({ ...common, pads: [1, 1, 1, 1], countIncludePad: true }), 1e-6);
      expectLayer(
        avgPool2d(3, { ...options, countIncludePad: false }),
        x,
        () => reference.averagePool({ ...common, pads: [1, 1, 1, 1] }),
        1e-6,
      );
      expectLayer(avgPool2d(3, { stride: 1, padding: 'same' }), x, () => reference.averagePool({ ...common, pads: [1, 1, 1, 1] }), 1e-6);
    }
  });

  test('global pools', () => {
    for (const x of pictures) {
      expectLayer(globalAvgPool2d(), x, () => reference.globalAveragePool(x), 1e-6);
      expectLayer(globalMaxPool2d(), x, () => reference.globalMaxPool(x), 0);
    }
  });

  test('adaptiveAvgPool2d: any size to any size', () => {
    for (const x of pictures) {
      const [, , height = 0, width = 0] = x.dims;
      for (const [h, w] of [
        [1, 1],
        [2, 3],
        [7, 7],
        [height, width],
        [height, 1],
      ] as const) {
        const expected = array([x.dims[0] as number, x.dims[1] as number, h, w]);
        const range = (i: number, to: number, from: number) => [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)] as const;
        for (let plane = 0; plane < (x.dims[0] as number) * (x.dims[1] as number); plane++) {
          for (let i = 0; i < h; i++) {
            for (let j = 0; j < w; j++) {
              const [top, bottom] = range(i, h, height);
              const [left, right] = range(j, w, width);
              let sum = 0;
              for (let p = top; p < bottom; p++)
                for (let q = left; q < right; q++) sum += x.data[(plane * height + p) * width + q] as number;
              expected.data[(plane * h + i) * w + j] = sum / ((bottom - top) * (right - left));
            }
          }
        }
        expectLayer(adaptiveAvgPool2d([h, w]), x, () => expected, 1e-6);
      }
    }
  });
});

describe('normalisations', () => {
  test('batchNorm', () => {
    const init = { weight: uniform(1, 0.5), bias: normal(0, 1), runningMean: uniform(0, 1), runningVar: uniform(1, 0.5), epsilon: 1e-3 };
    for (const x of pictures) {
      expectLayer(
        batchNorm(init),
        x,
        ({ weight, bias, running_mean, running_var }) =>
          reference.batchNormalization({ x, scale: weight!, bias: bias!, mean: running_mean!, variance: running_var!, epsilon: 1e-3 }),
        2e-6,
      );
    }
  });

  test('batchNorm that nothing was said of changes next to nothing', () => {
    const x = pictures[2] as NdArray;
    expectLayer(batchNorm(), x, () => x, 1e-5);
  });

  test('localResponseNorm', () => {
    for (const x of pictures) {
      expectLayer(localResponseNorm(), x, () => lrn({ x, size: 5 }), 1e-6);
      const options = { size: 3, alpha: 0.5, beta: 0.6, bias: 2 };
      expectLayer(localResponseNorm(options), x, () => lrn({ x, ...options }), 1e-6);
    }
  });

  test('dropout drops nothing', () => {
    for (const x of pictures) expectLayer(dropout(0.3), x, () => x, 0);
  });
});

describe('activations', () => {
  const sigma = (x: number) => 1 / (1 + Math.exp(-x));
  const tests: [string, Layer, (x: number) => number][] = [
    ['relu', relu(), (x) => Math.max(0, x)],
    ['relu6', relu6(), (x) => Math.min(6, Math.max(0, x))],
    ['leakyRelu', leakyRelu(), (x) => (x < 0 ? 0.01 * x : x)],
    ['leakyRelu 0.2', leakyRelu(0.2), (x) => (x < 0 ? 0.2 * x : x)],
    ['sigmoid', sigmoid(), sigma],
    ['tanh', tanh(), Math.tanh],
    ['silu', silu(), (x) => x * sigma(x)],
    ['hardSwish', hardSwish(), (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6],
    ['gelu', gelu(), (x) => (x * reference.erfc(-x / Math.SQRT2)) / 2],
    ['gelu tanh', gelu({ approximate: 'tanh' }), (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))],
  ];
  test.each(tests)('%s', (_, layer, f) => {
    for (const picture of pictures) {
      const x = map(picture, (value) => 8 * value);
      expectLayer(layer, x, () => map(x, f), 4e-6);
    }
  });

  test('softmax is over the channels, or another axis', () => {
    for (const x of pictures) {
      expectLayer(softmax(), x, () => reference.softmax(x, 1), 1e-6);
      expectLayer(softmax({ axis: -1 }), x, () => reference.softmax(x, -1), 1e-6);
    }
  });
});

describe('shapes and combinations', () => {
  test('pad', () => {
    for (const x of pictures) {
      const pads = [0, 0, 1, 2, 0, 0, 3, 0];
      expectLayer(pad([1, 2, 3, 0]), x, () => padReference(x, { pads }), 0);
      expectLayer(pad(1, { value: -2.5 }), x, () => padReference(x, { pads: [0, 0, 1, 1, 0, 0, 1, 1], value: -2.5 }), 0);
      expectLayer(pad(1, { mode: 'edge' }), x, () => padReference(x, { pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: 'edge' }), 0);
      if ((x.dims[2] as number) > 2)
        expectLayer(pad([2, 1], { mode: 'reflect' }), x, () => padReference(x, { pads: [0, 0, 2, 1, 0, 0, 2, 1], mode: 'reflect' }), 0);
    }
  });

  test('upsample', () => {
    for (const x of pictures) {
      const scales = [1, 1, 2, 3];
      expectLayer(upsample([2, 3]), x, () => resize(x, { scales, mode: 'nearest', coordinates: 'asymmetric', nearest: 'floor' }), 0);
      expectLayer(upsample([2, 3], { mode: 'bilinear' }), x, () => resize(x, { scales, mode: 'linear', coordinates: 'half_pixel' }), 1e-6);
      expectLayer(
        upsample(2, { mode: 'bilinear', alignCorners: true }),
        x,
        () => resize(x, { scales: [1, 1, 2, 2], mode: 'linear', coordinates: 'align_corners' }),
        2e-6,
      );
      expectLayer(
        upsample(2, { mode: 'bicubic' }),
        x,
        () => resize(x, { scales: [1, 1, 2, 2], mode: 'cubic', coordinates: 'half_pixel', cubic: -0.75 }),
        2e-6,
      );
    }
  });

  test('upsample by a part of a pixel has the sizes and the places that PyTorch has', () => {
    const x = random([1, 2, 10, 5], 1);
    // Of 10 · fround(1.3), the 13th is not whole.
    expectLayer(
      upsample([1.3, 1]),
      x,
      () => resize(x, { sizes: [1, 2, 13, 5], mode: 'nearest', coordinates: 'asymmetric', nearest: 'floor' }),
      0,
    );
    for (const mode of ['bilinear', 'bicubic'] as const) {
      const common = { mode: mode === 'bilinear' ? 'linear' : 'cubic', coordinates: 'align_corners', cubic: -0.75 } as const;
      expectLayer(upsample([0.77, 1.5], { mode, alignCorners: true }), x, () => resize(x, { ...common, sizes: [1, 2, 7, 7] }), 2e-6);
    }
    expectLayer(upsample([1, 1.1], { mode: 'bilinear' }), x, () => x, 0);
  });

  test('channelShuffle', () => {
    for (const [channels, groups] of [
      [4, 2],
      [6, 3],
      [16, 4],
      [5, 1],
    ] as const) {
      const x = random([2, channels, 3, 5], channels);
      expectLayer(channelShuffle(groups), x, () => shuffleReference(x, groups), 0);
    }
  });

  test('add, multiply and concat take several', () => {
    for (const x of pictures) {
      const start = input(x.dims.slice(1));
      const y = relu(start);
      const z = tanh(start);
      const weights = sigmoid(globalAvgPool2d(start));
      const net = model(start, {
        sum: add(start, y, z),
        product: multiply(y, weights),
        both: concat([start, z, y], { name: 'both' }),
      });
      const [sum, product, both] = runGraph(net.graph(), { input: x });
      const positive = reference.relu(x);
      const bounded = map(x, Math.tanh);
      expectClose(sum as NdArray, reference.add(reference.add(x, positive), bounded), 1e-6);
      const gates = map(reference.globalAveragePool(x), (value) => 1 / (1 + Math.exp(-value)));
      expectClose(
        product as NdArray,
        reference.broadcastMap((a, b) => a * b, positive, gates),
        1e-6,
      );
      expectClose(both as NdArray, concatReference([x, bounded, positive], 1), 1e-6);
    }
  });
});
