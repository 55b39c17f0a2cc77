import type { Attribute } from '../../src/graph/graph.ts';

/** One node whose kernel is timed alone, without what brings values into its layout. */
export interface BenchCase {
  name: string;
  /** The kernel to time: the plan's first instruction that calls it. */
  kernel: string;
  op: string;
  /** Shapes: the first input is fed, the others are constants. */
  inputs: readonly (readonly number[])[];
  attributes?: Readonly<Record<string, Attribute>>;
  /** What limits it: arithmetic is counted in GFLOP/s (a multiply-add is two), memory in GB/s (what goes in and comes out, once). */
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

const depthwise = (stride: number): BenchCase => ({
  name: `depthwise 3×3 s${stride} 112×112×32`,
  kernel: 'f32_dwconv_c8',
  op: 'Conv',
  inputs: [[1, 32, 112, 112], [32, 1, 3, 3], [32]],
  attributes: { group: 32, strides: [stride, stride], pads: same.pads },
  limit: 'arithmetic',
});

const memory = (name: string, kernel: string, op: string, inputs: number[][], attributes: BenchCase['attributes'] = {}): BenchCase => ({
  name,
  kernel,
  op,
  inputs,
  attributes,
  limit: 'memory',
});

const picture = [1, 64, 112, 112];

/** Shapes of VGG, ResNet and MobileNet. */
export const cases: readonly BenchCase[] = [
  gemm(512),
  gemm(256),
  conv(3, 56, 64, 64),
  conv(3, 28, 128, 128),
  conv(3, 14, 256, 256),
  conv(1, 56, 64, 256),
  conv(7, 224, 3, 64, 2),
  depthwise(1),
  depthwise(2),
  memory('max pool 3×3 s2 112×112×64', 'f32_maxpool_c4', 'MaxPool', [picture], { ...same, strides: [2, 2] }),
  memory('average pool 3×3 s2 112×112×64', 'f32_avgpool_c4', 'AveragePool', [picture], { ...same, strides: [2, 2] }),
  memory('global average pool 7×7×1024', 'f32_avgpool_c4', 'GlobalAveragePool', [[1, 1024, 7, 7]]),
  memory('relu 112×112×64', 'f32_clamp', 'Relu', [picture]),
  memory('add 112×112×64', 'f32_binary', 'Add', [picture, picture]),
  memory('add a channel 112×112×64', 'f32_binary', 'Add', [picture, [64, 1, 1]]),
  memory('batch norm 112×112×64', 'f32_batchnorm_c4', 'BatchNormalization', [picture, [64], [64], [64], [64]]),
  memory('softmax 1000', 'f32_softmax', 'Softmax', [[1, 1000]]),
  memory('NCHW to NHWC 112×112×64', 'f32_transpose_4x4', 'MaxPool', [picture], { kernel_shape: [1, 1] }),
];
