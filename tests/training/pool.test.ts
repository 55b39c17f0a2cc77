// Gradients of pools, against finite differences of the naive references and against PyTorch.

import type { Attribute } from '../../src/graph/graph.ts';
import { runPlan } from '../kernels/run.ts';
import {
  array,
  averagePool,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  type NdArray,
  type PoolOptions,
  random,
  resolvePads,
} from '../reference/index.ts';
import { backwardPlan, expectGradients } from './gradients.ts';
import { expectSlices } from './slices.ts';
import { type TorchCase, torchTests } from './torch.ts';

interface PoolCase {
  readonly x: readonly number[];
  readonly kernel: readonly number[];
  readonly strides?: readonly number[];
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
  readonly ceilMode?: boolean;
  readonly autoPad?: 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';
}

const cases: readonly PoolCase[] = [
  { x: [1, 1, 1, 1], kernel: [1, 1] },
  { x: [2, 3, 4, 6], kernel: [2, 2], strides: [2, 2] },
  { x: [2, 5, 5, 7], kernel: [2, 2], strides: [2, 2] },
  { x: [1, 17, 5, 4], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  { x: [3, 4, 6, 5], kernel: [3, 2], strides: [1, 2], pads: [0, 1, 2, 0] },
  { x: [1, 7, 1, 9], kernel: [1, 3], strides: [1, 4] },
  { x: [1, 40, 4, 4], kernel: [2, 2], strides: [2, 2] },
  { x: [9, 37, 2, 3], kernel: [2, 2] },
  { x: [1, 7, 11, 3], kernel: [2, 2], strides: [4, 1] },
  { x: [1, 3, 5, 5], kernel: [3, 3], strides: [2, 2], pads: [2, 2, 2, 2] },
  { x: [1, 8, 7, 7], kernel: [2, 3], dilations: [3, 2] },
  { x: [2, 3, 7], kernel: [3], strides: [2], pads: [1, 1] },
  { x: [1, 3, 6, 6], kernel: [3, 3], strides: [2, 2], ceilMode: true },
  { x: [1, 5, 5, 6], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceilMode: true },
  { x: [1, 3, 5, 6], kernel: [3, 2], strides: [2, 2], autoPad: 'SAME_UPPER' },
  { x: [1, 3, 5, 6], kernel: [2, 3], strides: [2, 1], autoPad: 'SAME_LOWER' },
  { x: [1, 3, 5, 6], kernel: [2, 3], strides: [2, 2], autoPad: 'VALID' },
];

const attributesOf = ({ kernel, strides, pads, dilations, ceilMode, autoPad }: PoolCase): Record<string, Attribute | undefined> => ({
  kernel_shape: kernel,
  strides,
  pads,
  dilations,
  ceil_mode: ceilMode ? 1 : undefined,
  auto_pad: autoPad,
});

const optionsOf = ({ kernel, strides, dilations, pads, autoPad, ceilMode }: PoolCase, x: NdArray): PoolOptions => ({
  x,
  kernelShape: kernel,
  ...(strides && { strides }),
  ...(dilations && { dilations }),
  ...(autoPad ? { pads: resolvePads(autoPad, x.dims.slice(2), kernel, strides) } : pads && { pads }),
  ...(ceilMode && { ceilMode }),
});

/** Numbers far enough from each other for finite differences: a shuffled row. */
function distinct(dims: readonly number[], seed: number): NdArray {
  const keys = random(dims, seed);
  const order = Array.from(keys.data, (key, i) => [key, i] as const).sort(([a], [b]) => a - b);
  order.forEach(([, i], rank) => {
    keys.data[i] = Math.fround((rank - order.length / 2) / 16);
  });
  return keys;
}

describe.each(cases.map((config) => [config]))('%j', (config) => {
  const attributes = attributesOf(config);

  test('MaxPool', () => {
    const x = distinct(config.x, 1);
    expectGradients({ op: 'MaxPool', attributes, inputs: [x], reference: ([x]) => maxPool(optionsOf(config, x!)) });
  });

  test.each([false, true])('AveragePool, count_include_pad %j', (countIncludePad) => {
    expectGradients({
      op: 'AveragePool',
      opset: 19,
      attributes: { ...attributes, count_include_pad: Number(countIncludePad) },
      inputs: [random(config.x, 1)],
      reference: ([x]) => averagePool({ ...optionsOf(config, x!), countIncludePad }),
    });
  });
});

test.each([[[1, 1, 1, 1]], [[2, 3, 5, 7]], [[1, 17, 4, 1]], [[3, 40, 2, 3]], [[2, 5, 9]]])('global pools of %j', (dims) => {
  expectGradients({ op: 'GlobalMaxPool', inputs: [distinct(dims, 1)], reference: ([x]) => globalMaxPool(x!) });
  expectGradients({ op: 'GlobalAveragePool', inputs: [random(dims, 1)], reference: ([x]) => globalAveragePool(x!) });
});

test('three spatial dimensions, of which the second stays alone', () => {
  const attributes = { kernel_shape: [3, 1, 2], strides: [1, 1, 2], pads: [1, 0, 0, 1, 0, 0] };
  const x = random([2, 3, 4, 2, 6], 1);
  // The naive pool over [N·height, C, D, W], by moving the second dimension in front.
  const reference = ([x]: NdArray[]) => {
    const [n, c, d, h, w] = x!.dims as [number, number, number, number, number];
    const index = (i: number, j: number, a: number, b: number, k: number, width: number, depth = d) =>
      (((i * c + j) * depth + a) * h + b) * width + k;
    const y = array([n, c, d, h, w / 2]);
    for (let b = 0; b < h; b++) {
      const flat = array([n, c, d, w]);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < c; j++)
          for (let a = 0; a < d; a++)
            for (let k = 0; k < w; k++) flat.data[((i * c + j) * d + a) * w + k] = x!.data[index(i, j, a, b, k, w)] as number;
      const made = averagePool({ x: flat, kernelShape: [3, 2], strides: [1, 2], pads: [1, 0, 1, 0] });
      for (let i = 0; i < n; i++)
        for (let j = 0; j < c; j++)
          for (let a = 0; a < d; a++)
            for (let k = 0; k < w / 2; k++) y.data[index(i, j, a, b, k, w / 2)] = made.data[((i * c + j) * d + a) * (w / 2) + k] as number;
    }
    return y;
  };
  expectGradients({ op: 'AveragePool', attributes, inputs: [x], reference });
});

test.each(['MaxPool', 'AveragePool'])('%s of slices', (op) => {
  expectSlices({ op, attributes: { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0] } }, [2, 5, 6], [2, 3, 3]);
  expectSlices({ op, attributes: { kernel_shape: [2, 2], strides: [2, 2] } }, [3, 4, 6], [3, 2, 3]);
});

// Every window of one value, NaN or infinities only: what PyTorch does then.
const ties = (dims: readonly number[], seed: number): NdArray => {
  const x = random(dims, seed);
  return array(
    x.dims,
    x.data.map((v) => Math.round(v)),
  );
};
const special = (dims: readonly number[], seed: number): NdArray => {
  const x = random(dims, seed, 0, 8);
  const values = [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, -0, 1];
  return array(
    x.dims,
    x.data.map((v) => values[Math.floor(v)] ?? Number.NEGATIVE_INFINITY),
  );
};

interface PoolTorchCase extends TorchCase {
  readonly op: string;
  readonly attributes: Record<string, Attribute>;
}

const seeded = (op: string, code: string, attributes: Record<string, Attribute>, x: NdArray, y: readonly number[]): PoolTorchCase => ({
  name: `${op}: ${code}`,
  op,
  code,
  attributes,
  inputs: [x],
  seeds: [random(y, 7)],
  type: 'float32',
});

torchTests(
  'as PyTorch',
  [
    seeded('MaxPool', 'F.max_pool2d(x[0], 2)', { kernel_shape: [2, 2], strides: [2, 2] }, ties([2, 5, 6, 6], 1), [2, 5, 3, 3]),
    seeded(
      'MaxPool',
      'F.max_pool2d(x[0], 3, 2, 1)',
      { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
      ties([2, 9, 7, 7], 2),
      [2, 9, 4, 4],
    ),
    seeded('MaxPool', 'F.max_pool2d(x[0], 3, 1, 1)', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, special([2, 9, 7, 7], 3), [2, 9, 7, 7]),
    seeded('MaxPool', 'F.max_pool2d(x[0], (2, 3))', { kernel_shape: [2, 3], strides: [2, 3] }, special([2, 7, 6, 6], 4), [2, 7, 3, 2]),
    seeded(
      'MaxPool',
      'F.max_pool2d(x[0], 2, 3, 0, 2, True)',
      { kernel_shape: [2, 2], strides: [3, 3], dilations: [2, 2], ceil_mode: 1 },
      special([1, 3, 8, 8], 5),
      [1, 3, 3, 3],
    ),
    seeded('GlobalMaxPool', 'F.max_pool2d(x[0], (5, 4))', {}, special([6, 5, 5, 4], 6), [6, 5, 1, 1]),
    seeded(
      'AveragePool',
      'F.avg_pool2d(x[0], 3, 2, 1, True, True)',
      { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad: 1 },
      random([2, 3, 6, 8], 7),
      [2, 3, 4, 5],
    ),
    seeded(
      'AveragePool',
      'F.avg_pool2d(x[0], 3, 2, 1, True, False)',
      { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
      random([2, 3, 6, 8], 8),
      [2, 3, 4, 5],
    ),
    seeded(
      'AveragePool',
      'F.adaptive_avg_pool2d(x[0], (3, 2))',
      { kernel_shape: [2, 4], strides: [2, 4] },
      random([2, 3, 6, 8], 9),
      [2, 3, 3, 2],
    ),
  ],
  ({ op, attributes, inputs, seeds }, { gradients }) => {
    const [x, seed] = [inputs[0] as NdArray, seeds?.[0] as NdArray];
    const plan = backwardPlan({ inputs: { x: x.dims }, nodes: [{ op, attributes, inputs: ['x'] }] }, { x }, ['x'], seed.dims);
    const [made] = runPlan(plan, { x, seed });
    const expected = gradients[0] as NdArray;
    expect(Array.from(expected.data).some((v) => v !== 0)).toBe(true);
    // Sums of gradients in PyTorch's order, or nearly.
    expected.data.forEach((v, i) => {
      expect(Math.abs((made?.data[i] as number) - v)).toBeLessThanOrEqual(1e-6);
    });
  },
);
