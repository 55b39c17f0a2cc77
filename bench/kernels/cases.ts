import type { Attribute } from '../../src/graph/graph.ts';
import type { Winograd } from '../../src/ops/operator.ts';

/** One node whose kernel is timed alone, without changes of layout before it. */
export interface BenchCase {
  name: string;
  /** The kernel to time: the plan's first instruction that calls it. */
  kernel: string;
  op: string;
  /** Default 13. */
  opset?: number;
  /** Shapes, of random numbers: the first input is fed, the others are constants. */
  inputs: readonly (readonly number[])[];
  /** The elements of constants whose values matter, by the input's index. */
  values?: Readonly<Record<number, (i: number) => number>>;
  /** Whether the input is already channels-last, as it is behind a convolution. */
  channelsLast?: boolean;
  /** Bytes that the kernel reads and writes, if they differ from the node's inputs and outputs. */
  bytes?: number;
  attributes?: Readonly<Record<string, Attribute>>;
  /** The form of Winograd's convolution; default: the direct one. */
  winograd?: Winograd;
  /**
   * What limits it: arithmetic is counted in GFLOP/s (a multiply-add is two), memory in GB/s (what goes in and comes out,
   * once).
   */
  limit: 'arithmetic' | 'memory';
}

const same = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };

const gemm = (size: number): BenchCase => ({
  name: `gemm ${size}³`,
  kernel: 'f32_conv_igemm_4x8',
  op: 'Gemm',
  inputs: [[size, size], [size, size], [size]],
  limit: 'arithmetic',
});

const conv = (kernel: number, size: number, channels: number, filters: number, stride = 1): BenchCase => ({
  name: `conv ${kernel}×${kernel}${stride > 1 ? ` s${stride}` : ''} ${size}×${size}×${channels}→${filters}`,
  kernel: 'f32_conv_igemm_4x8',
  op: 'Conv',
  inputs: [[1, channels, size, size], [filters, channels, kernel, kernel], [filters]],
  attributes: { strides: [stride, stride], pads: [0, 0, 0, 0].fill((kernel - 1) / 2) },
  limit: 'arithmetic',
});

const winograd = (form: Winograd, size: number, channels: number, filters: number): BenchCase => {
  const direct = conv(form.taps, size, channels, filters);
  return { ...direct, name: direct.name.replace('conv', `F(${form.size}, ${form.taps})`), kernel: 'f32_winograd', winograd: form };
};

const depthwise = (size: number, channels: number, stride: number, kernel = 3): BenchCase => ({
  name: `depthwise ${kernel}×${kernel} s${stride} ${size}×${size}×${channels}`,
  kernel: 'f32_dwconv_ring_c4',
  op: 'Conv',
  inputs: [[1, channels, size, size], [channels, 1, kernel, kernel], [channels]],
  attributes: { group: channels, strides: [stride, stride], pads: [0, 0, 0, 0].fill((kernel - 1) / 2) },
  limit: 'arithmetic',
});

const memory = (
  name: string,
  kernel: string,
  op: string,
  inputs: number[][],
  attributes: BenchCase['attributes'] = {},
  more: Partial<BenchCase> = {},
): BenchCase => ({ name, kernel, op, inputs, attributes, limit: 'memory', ...more });

const picture = [1, 64, 112, 112];
const channelsLast = { channelsLast: true };

/** A picture of 56 × 56, one of its axes made twice as long. */
const resize = (axis: 'rows' | 'columns', scales: number[]): BenchCase =>
  memory(
    `bilinear 2× of ${axis} 56×56×64`,
    'f32_resample',
    'Resize',
    [[1, 64, 56, 56], [0], [4]],
    { mode: 'linear' },
    {
      values: { 2: (i) => scales[i] ?? 1 },
      ...channelsLast,
    },
  );

const reduce = (name: string, axes: number[]): BenchCase =>
  memory(`mean over ${name} 112×112×64`, 'f32_reduce', 'ReduceMean', [picture], { axes }, channelsLast);

/** Shapes of VGG, ResNet and MobileNet. */
export const cases: readonly BenchCase[] = [
  gemm(512),
  gemm(256),
  conv(3, 56, 64, 64),
  conv(3, 28, 128, 128),
  conv(3, 14, 256, 256),
  winograd({ size: 4, points: 6, taps: 3 }, 56, 64, 64),
  winograd({ size: 4, points: 6, taps: 3 }, 14, 256, 256),
  winograd({ size: 2, points: 4, taps: 3 }, 14, 256, 256),
  winograd({ size: 2, points: 6, taps: 5 }, 28, 96, 96),
  conv(1, 56, 64, 256),
  conv(7, 224, 3, 64, 2),
  depthwise(112, 32, 1),
  depthwise(112, 96, 2),
  depthwise(56, 144, 1),
  depthwise(56, 144, 2),
  depthwise(28, 192, 1),
  depthwise(28, 192, 2),
  depthwise(14, 384, 1),
  depthwise(14, 576, 1),
  depthwise(14, 576, 2),
  depthwise(7, 960, 1),
  depthwise(56, 72, 2, 5),
  depthwise(28, 120, 1, 5),
  depthwise(14, 672, 2, 5),
  depthwise(7, 960, 1, 5),
  memory('max pool 3×3 s2 112×112×64', 'f32_maxpool_c4', 'MaxPool', [picture], { ...same, strides: [2, 2] }),
  memory('average pool 3×3 s2 112×112×64', 'f32_avgpool_c4', 'AveragePool', [picture], { ...same, strides: [2, 2] }),
  memory('global average pool 7×7×1024', 'f32_avgpool_c4', 'GlobalAveragePool', [[1, 1024, 7, 7]]),
  memory('relu 112×112×64', 'f32_clamp', 'Relu', [picture]),
  memory('add 112×112×64', 'f32_binary', 'Add', [picture, picture]),
  memory('add a channel 112×112×64', 'f32_binary', 'Add', [picture, [64, 1, 1]]),
  memory('batch norm 112×112×64', 'f32_batchnorm_c4', 'BatchNormalization', [picture, [64], [64], [64], [64]]),
  memory('dense 4096→4096', 'f32_gemv_1x16', 'Gemm', [[1, 4096], [4096, 4096], [4096]]),
  memory('softmax 1000', 'f32_softmax', 'Softmax', [[1, 1000]]),
  memory('NCHW to NHWC 112×112×64', 'f32_transpose_4x4', 'MaxPool', [picture], { kernel_shape: [1, 1] }),
  memory('sigmoid 112×112×64', 'f32_unary', 'Sigmoid', [picture]),
  memory('hard swish 112×112×64', 'f32_unary', 'HardSwish', [picture], {}, { opset: 14 }),
  memory('gelu 112×112×64', 'f32_unary', 'Gelu', [picture], {}, { opset: 20 }),
  memory('multiply channels 112×112×64', 'f32_binary', 'Mul', [picture, [1, 64, 1, 1]], {}, channelsLast),
  resize('rows', [1, 1, 2, 1]),
  resize('columns', [1, 1, 1, 2]),
  reduce('pixels', [2, 3]),
  reduce('channels', [1]),
  memory('lrn of 5 56×56×64', 'f32_lrn', 'LRN', [[1, 64, 56, 56]], { size: 5 }),
  memory('lrn of 5, beta 0.6 56×56×64', 'f32_lrn', 'LRN', [[1, 64, 56, 56]], { size: 5, beta: 0.6 }),
  memory(
    'transposed conv 4×4 s2 28×28→56×56×32',
    'f32_col2im_c4',
    'ConvTranspose',
    [[1, 64, 28, 28], [64, 32, 4, 4], [32]],
    { strides: [2, 2], pads: same.pads },
    { bytes: 4 * (28 * 28 * 16 * 32 + 56 * 56 * 32) },
  ),
  memory(
    'grid sample 112×112×64',
    'f32_gridsample',
    'GridSample',
    [picture, [1, 112, 112, 2]],
    {},
    {
      opset: 16,
      // A picture turned a little: x, then y.
      values: { 1: (i) => turned(i >> 1)[i & 1] ?? 0 },
    },
  ),
  memory('pixel shuffle 2× 56×56×256', 'copy', 'DepthToSpace', [[1, 256, 56, 56]], { blocksize: 2 }, channelsLast),
  memory('pixel shuffle 2×, CRD 56×56×256', 'copy', 'DepthToSpace', [[1, 256, 56, 56]], { blocksize: 2, mode: 'CRD' }, channelsLast),
  memory('channel shuffle, NCHW 2×58×28×28', 'copy', 'Transpose', [[1, 2, 58, 28, 28]], { perm: [0, 2, 1, 3, 4] }),
  memory('channel shuffle, NHWC 28×28×2×58', 'f32_transpose_4x4', 'Transpose', [[1, 28, 28, 2, 58]], { perm: [0, 1, 2, 4, 3] }),
  memory('transpose 12×197×64', 'f32_transpose_4x4', 'Transpose', [[12, 197, 64]], { perm: [0, 2, 1] }),
];

/** Where the grid looks for output pixel `i` of 112 × 112. */
function turned(i: number): [number, number] {
  const [x, y] = [(i % 112) / 56 - 1, Math.floor(i / 112) / 56 - 1];
  return [0.9 * x - 0.2 * y, 0.2 * x + 0.9 * y];
}
