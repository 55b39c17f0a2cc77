// What bench/accuracy measures: one operator each, its inputs, and its answer in float64.

import { GraphBuilder, type NodeOptions } from '../../src/graph/builder.ts';
import type { Graph } from '../../src/graph/graph.ts';
import {
  array,
  conv,
  functions,
  gemm,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  lrn,
  matMul,
  type NdArray,
  random,
  reduce,
  softmax,
} from '../../tests/reference/index.ts';

export interface AccuracyCase {
  readonly name: string;
  /**
   * Which table the row is in: convolutions and products summed directly, those by Winograd's algorithm, other operators,
   * outliers under Winograd's.
   */
  readonly table: 'direct' | 'winograd' | 'operators' | 'outliers';
  readonly op: string;
  /** The first input is fed, or all of them if `fed`; the others are weights. */
  readonly inputs: readonly NdArray[];
  readonly fed?: boolean;
  readonly options?: NodeOptions;
  /** Whether Winograd's algorithm may run it; a layer that reads the caller's input has fewer forms of it to choose from. */
  readonly winograd?: 'within a network' | 'at the input' | false;
  /** Default 18. */
  readonly opset?: number;
  /** The answer, or its first elements. */
  reference(): NdArray;
  /** Indices in the answer that are ignored. */
  ignored?(place: number): boolean;
}

export function graphOf({ op, opset = 18, inputs, fed, options, winograd }: AccuracyCase): Graph {
  const builder = new GraphBuilder(op, opset);
  const names = inputs.map((input, i) => {
    const [name, { dims, data }] = [`x${i}`, input];
    if (i === 0 || fed) return builder.input(name, dims);
    return builder.constant({ name, type: 'float32', dims, read: () => Float32Array.from(data) });
  });
  if (winograd === 'within a network') names[0] = builder.node('MaxPool', names.slice(0, 1), { attributes: { kernel_shape: [1, 1] } });
  builder.output('y', builder.node(op, names, options));
  return builder.build();
}

// Jest's sandbox looks globals up slowly.
const { cos, fround, log, max, PI, sqrt } = Math;

/** Standard normal numbers (Box and Muller 1958), rounded to float32. */
export function normal(dims: readonly number[], seed: number, deviation = 1, mean = 0): NdArray {
  const [u, v] = [random(dims, seed, 0, 1).data, random(dims, seed + 1000, 0, 1).data];
  const data = u.map((value, i) => fround(mean + deviation * sqrt(-2 * log(1 - value)) * cos(2 * PI * (v[i] as number))));
  return array(dims, data);
}

/** The output of a ReLU on normal numbers, as layers of a network receive it. */
const activations = (dims: readonly number[], seed: number): NdArray => {
  const { data } = normal(dims, seed);
  return array(
    dims,
    data.map((value) => max(0, value)),
  );
};

interface ConvShape {
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
}

function convolution(table: AccuracyCase['table'], shape: ConvShape, outlier = 0, atInput = false): AccuracyCase {
  const { size, channels, filters, kernel, stride = 1, dilation = 1, groups = 1 } = shape;
  const pad = ((kernel - 1) * dilation) >> 1;
  const depth = (channels / groups) * kernel ** 2;
  // The first layer sees a normalised picture.
  const x = channels === 3 || channels === 4 ? normal([1, channels, size, size], 1) : activations([1, channels, size, size], 1);
  const [middle, plane] = [size >> 1, size * size];
  if (outlier) x.data[middle * size + middle] = outlier;
  const near = (at: number) => Math.abs(at - middle) <= pad;
  const w = normal([filters, channels / groups, kernel, kernel], 2, Math.sqrt(2 / depth));
  const b = normal([filters], 3, 0.1);
  const [strides, dilations, pads] = [[stride, stride], [dilation, dilation], new Array<number>(4).fill(pad)];
  const extras = [
    ...(stride > 1 ? [`stride ${stride}`] : []),
    ...(dilation > 1 ? [`dilation ${dilation}`] : []),
    ...(groups > 1 ? [`${groups} groups`] : []),
    ...(outlier ? [`a number of ${outlier.toExponential(0)}`] : []),
    ...(atInput ? ['at the input'] : []),
  ];
  return {
    name: [`${kernel}×${kernel} ${channels}→${filters} at ${size}×${size}`, ...extras].join(', '),
    table,
    op: 'Conv',
    inputs: [x, w, b],
    options: { attributes: { strides, dilations, pads, group: groups } },
    winograd: table !== 'direct' && (atInput ? 'at the input' : 'within a network'),
    reference: () => conv({ x, ...(groups === 1 ? firstFilters(w, b) : { w, b }), strides, dilations, pads, group: groups }),
    // Outputs that depend on the outlier are as large as it is.
    ...(outlier && { ignored: (place: number) => near(Math.floor((place % plane) / size)) && near(place % size) }),
  };
}

/** Only some of them, because the others are similar and references are slow. */
function firstFilters({ dims: [filters = 0, ...rest], data }: NdArray, b: NdArray): { w: NdArray; b: NdArray } {
  const count = Math.min(filters, 16);
  return { w: array([count, ...rest], data.subarray(0, (data.length / filters) * count)), b: array([count], b.data.subarray(0, count)) };
}

/** A product of [rows, depth] and [depth, columns]. */
function product(rows: number, depth: number, columns: number, { fed = false, positive = false } = {}): AccuracyCase {
  const [a, b] = positive
    ? [random([rows, depth], 1, 0, 1), random([depth, columns], 2, 0, 1)]
    : [normal([rows, depth], 1), normal([depth, columns], 2, 1 / Math.sqrt(depth))];
  return {
    name: `MatMul ${rows}×${depth}×${columns}${fed ? ', both fed' : ''}${positive ? ', all positive' : ''}`,
    table: 'direct',
    op: 'MatMul',
    inputs: [a, b],
    fed,
    reference: () => matMul(a, b),
  };
}

function denseLayer(rows: number, depth: number, columns: number): AccuracyCase {
  const [a, b, c] = [activations([rows, depth], 1), normal([columns, depth], 2, Math.sqrt(2 / depth)), normal([columns], 3, 0.1)];
  return {
    name: `Gemm ${rows}×${depth}×${columns}`,
    table: 'direct',
    op: 'Gemm',
    inputs: [a, b, c],
    options: { attributes: { transB: 1 } },
    reference: () => gemm({ a, b, c, transB: true }),
  };
}

/** ResNet-50's convolutions: pixels along an axis of the input, channels, filters, kernel, stride. */
const resnet50: readonly (readonly [number, number, number, number, number?])[] = [
  [224, 3, 64, 7, 2],
  [56, 64, 64, 1],
  [56, 64, 64, 3],
  [56, 64, 256, 1],
  [56, 256, 64, 1],
  [56, 256, 512, 1, 2],
  [56, 128, 128, 3, 2],
  [28, 128, 128, 3],
  [28, 128, 512, 1],
  [28, 512, 128, 1],
  [28, 512, 1024, 1, 2],
  [28, 256, 256, 3, 2],
  [14, 256, 256, 3],
  [14, 256, 1024, 1],
  [14, 1024, 256, 1],
  [14, 1024, 2048, 1, 2],
  [14, 512, 512, 3, 2],
  [7, 512, 512, 3],
  [7, 512, 2048, 1],
  [7, 2048, 512, 1],
];

/** M-LSD's (Gu et al. 2022, arXiv:2106.00186): MobileNetV2's beginnings and blocks whose last convolution is dilated. */
const mlsd: readonly ConvShape[] = [
  { size: 128, channels: 4, filters: 32, kernel: 3, stride: 2 },
  { size: 64, channels: 32, filters: 32, kernel: 3, groups: 32 },
  { size: 32, channels: 144, filters: 32, kernel: 1 },
  { size: 16, channels: 384, filters: 64, kernel: 1 },
  { size: 16, channels: 576, filters: 96, kernel: 1 },
  { size: 32, channels: 128, filters: 128, kernel: 3 },
  { size: 32, channels: 64, filters: 64, kernel: 3, dilation: 5 },
  { size: 32, channels: 64, filters: 16, kernel: 1 },
];

const convolutions: readonly ConvShape[] = [
  ...resnet50.map(([size, channels, filters, kernel, stride = 1]) => ({ size, channels, filters, kernel, stride })),
  ...mlsd,
];

/** Channels of 3×3 convolutions, and of 5×5. */
const winograd: readonly ConvShape[] = [
  ...[64, 128, 256, 512, 1024].map((channels) => ({ size: 14, channels, filters: channels > 512 ? 64 : 128, kernel: 3 })),
  { size: 56, channels: 64, filters: 64, kernel: 3 },
  { size: 7, channels: 160, filters: 320, kernel: 3 },
  { size: 28, channels: 32, filters: 96, kernel: 5 },
  { size: 14, channels: 256, filters: 64, kernel: 5 },
];

const row = (length: number, seed: number, deviation = 1, mean = 0) => normal([4, length], seed, deviation, mean);

function elementwise(op: string, low: number, high: number, options?: NodeOptions): AccuracyCase {
  const x = random([100_000], 7, low, high);
  const f = functions[op];
  if (!f) throw new Error(`there is no reference of ${op}`);
  const attributes = { ...options?.floats, ...options?.attributes };
  return {
    name: `${op} from ${low} to ${high}`,
    table: 'operators',
    op,
    inputs: [x],
    ...(options && { options }),
    reference: () =>
      array(
        x.dims,
        x.data.map((value) => f(value, attributes)),
      ),
  };
}

function normalized(length: number, mean: number): AccuracyCase[] {
  const x = row(length, 1, 1, mean);
  const image = array([1, 4, length / 16, 16], x.data);
  const [scale, bias] = [array([length], new Float64Array(length).fill(1)), array([length])];
  const [scales, biases] = [array([4], [1, 1, 1, 1]), array([4])];
  const what = `of ${length} around ${mean}`;
  return [
    {
      name: `LayerNormalization ${what}`,
      table: 'operators',
      op: 'LayerNormalization',
      inputs: [x, scale, bias],
      reference: () => layerNormalization({ x, scale, bias }).y,
    },
    {
      name: `InstanceNormalization ${what}`,
      table: 'operators',
      op: 'InstanceNormalization',
      inputs: [image, scales, biases],
      reference: () => instanceNormalization({ x: image, scale: scales, bias: biases }),
    },
    {
      name: `GroupNormalization ${what}, two groups`,
      table: 'operators',
      op: 'GroupNormalization',
      inputs: [image, array([2], [1, 1]), array([2])],
      options: { attributes: { num_groups: 2 } },
      reference: () => groupNormalization({ x: image, scale: array([2], [1, 1]), bias: array([2]), groups: 2, perGroup: true }),
    },
  ];
}

function reduction(op: string, length: number, mean: number): AccuracyCase {
  const x = row(length, 1, 1, mean);
  return {
    name: `${op} of ${length} around ${mean}`,
    table: 'operators',
    op,
    // Later ones take the axes as an input.
    opset: 12,
    inputs: [x],
    options: { attributes: { axes: [1] } },
    reference: () => reduce(op, x, [1]),
  };
}

const softmaxOf = (length: number, deviation: number): AccuracyCase => {
  const x = row(length, 1, deviation);
  return {
    name: `Softmax of ${length}, deviation ${deviation}`,
    table: 'operators',
    op: 'Softmax',
    inputs: [x],
    reference: () => softmax(x),
  };
};

const columnSoftmax = (): AccuracyCase => {
  const x = normal([1, 8400, 4], 1);
  const options = { attributes: { axis: 1 } };
  return { name: 'Softmax along 8400 rows', table: 'operators', op: 'Softmax', inputs: [x], options, reference: () => softmax(x, 1) };
};

const globalAverage = (size: number, mean: number): AccuracyCase => {
  const x = normal([1, 4, size, size], 1, 1, mean);
  const reference = () => reduce('ReduceMean', x, [2, 3]);
  return {
    name: `GlobalAveragePool of ${size}×${size} around ${mean}`,
    table: 'operators',
    op: 'GlobalAveragePool',
    inputs: [x],
    reference,
  };
};

const localResponse = (): AccuracyCase => {
  const x = normal([1, 96, 27, 27], 1);
  return {
    name: 'LRN of 5 channels',
    table: 'operators',
    op: 'LRN',
    inputs: [x],
    options: { attributes: { size: 5 } },
    reference: () => lrn({ x, size: 5 }),
  };
};

export const winogradCases = (): AccuracyCase[] => winograd.map((shape) => convolution('winograd', shape));

/** Within a network, then at its input. */
export const outlierCases = (outliers: readonly number[] = [1e3, 1e5, 1e7], size = 56): AccuracyCase[] =>
  [false, true].flatMap((atInput) =>
    outliers.map((outlier) => convolution('outliers', { size, channels: 64, filters: 64, kernel: 3 }, outlier, atInput)),
  );

/** All of them: tens of millions of random numbers. */
export const allCases = (): AccuracyCase[] => [
  ...convolutions.map((shape) => convolution('direct', shape)),
  product(1, 20_000, 512),
  product(16, 20_000, 64),
  product(16, 20_000, 64, { fed: true }),
  product(16, 20_000, 64, { positive: true }),
  product(1, 20_000, 512, { positive: true }),
  product(64, 64, 64, { fed: true }),
  product(64, 512, 64),
  denseLayer(1, 2048, 1000),
  denseLayer(1, 9216, 512),
  denseLayer(1, 25_088, 128),
  denseLayer(8, 4096, 128),
  ...winogradCases(),
  ...[0, 10, 10_000].flatMap((mean) => normalized(1024, mean)),
  ...normalized(65_536, 10),
  ...['ReduceSum', 'ReduceMean', 'ReduceL1', 'ReduceL2', 'ReduceSumSquare'].flatMap((op) =>
    [1000, 1_000_000].map((length) => reduction(op, length, 1)),
  ),
  reduction('ReduceLogSumExp', 10_000, 1),
  globalAverage(7, 1),
  globalAverage(500, 1),
  globalAverage(1000, 1),
  softmaxOf(1000, 1),
  softmaxOf(1000, 10),
  softmaxOf(50_000, 1),
  columnSoftmax(),
  localResponse(),
  elementwise('Sigmoid', -10, 10),
  elementwise('Tanh', -4, 4),
  elementwise('Exp', -10, 10),
  elementwise('Log', 0.01, 100),
  elementwise('Erf', -3, 3),
  elementwise('Softplus', -10, 10),
  elementwise('Elu', -3, 3),
  elementwise('Selu', -3, 3),
  elementwise('Mish', -5, 5),
  elementwise('HardSwish', -5, 5),
  elementwise('Sqrt', 0, 100),
  elementwise('Reciprocal', 0.01, 100),
  elementwise('Sin', -100, 100),
  elementwise('Cos', -100, 100),
  ...outlierCases(),
];
