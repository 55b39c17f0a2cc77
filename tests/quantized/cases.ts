// Convolutions of bytes that break SIMD code, and what QLinearConv makes of them in plain loops.

import { Tensor } from '../../src/graph/tensor.ts';
import { integerConv, requantize } from '../reference/quantized.ts';

let state = 1;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 8) / 2 ** 24;
};

export interface Case {
  dims: readonly number[];
  filters: readonly number[];
  strides?: readonly number[];
  dilations?: readonly number[];
  pads?: readonly number[];
  group?: number;
  signed?: boolean;
  bias?: boolean;
  /** The zero points of input and output. */
  zeros?: readonly [number, number];
  /** Only the smallest and the largest bytes and weights: how many of them are the largest. */
  extreme?: number;
}

/** A depthwise convolution of so many channels. */
const depthwise = (
  batch: number,
  channels: number,
  size: readonly [number, number],
  kernel: readonly [number, number],
  rest: Partial<Case> = {},
) => ({
  dims: [batch, channels, ...size],
  filters: [channels, 1, ...kernel],
  group: channels,
  ...rest,
});

export const cases: readonly Case[] = [
  ...[1, 3, 4, 5, 7, 8, 17].map((c): Case => ({ dims: [1, c, 5, 6], filters: [c + 3, c, 3, 3], pads: [1, 1, 1, 1] })),
  { dims: [2, 8, 5, 5], filters: [8, 8, 1, 1] },
  { dims: [1, 17, 1, 1], filters: [9, 17, 1, 1], signed: true },
  { dims: [1, 3, 1, 9], filters: [4, 3, 1, 3], pads: [0, 2, 0, 0] },
  { dims: [1, 6, 7, 7], filters: [4, 3, 3, 3], group: 2, strides: [2, 2], pads: [1, 0, 0, 1] },
  { dims: [1, 4, 9, 9], filters: [4, 4, 3, 3], dilations: [2, 3], pads: [2, 2, 2, 2], signed: true, bias: true },
  { dims: [1, 4, 9, 9], filters: [4, 4, 2, 2], strides: [3, 3] },
  { dims: [3, 5, 11, 11], filters: [40, 5, 5, 5], pads: [2, 2, 2, 2], bias: true },
  // First layers; kernels larger than the picture; strides over the kernel; pictures of which no row is whole.
  { dims: [1, 3, 33, 35], filters: [16, 3, 7, 7], strides: [2, 2], pads: [3, 3, 3, 3], bias: true },
  { dims: [2, 3, 3, 3], filters: [8, 3, 7, 7], pads: [3, 3, 3, 3], signed: true },
  { dims: [2, 9, 13, 10], filters: [12, 9, 1, 1], strides: [3, 2], bias: true },
  { dims: [1, 20, 6, 9], filters: [24, 20, 1, 1], pads: [1, 0, 0, 2], zeros: [255, 0] },
  { dims: [1, 12, 7, 9], filters: [24, 4, 3, 3], group: 3, pads: [1, 1, 1, 1], bias: true },
  { dims: [1, 6, 8, 8], filters: [12, 1, 3, 3], group: 6, pads: [1, 1, 1, 1] },
  { dims: [5, 1, 4, 4], filters: [1, 1, 3, 3], pads: [0, 1, 2, 0] },
  // One pixel, and numbers of pixels around the height of a tile, of several blocks, and many columns.
  { dims: [1, 33, 1, 1], filters: [301, 33, 1, 1], bias: true },
  ...[2, 3, 5, 6, 7, 129, 257].map((width): Case => ({ dims: [1, 13, 1, width], filters: [17, 13, 1, 1] })),
  { dims: [1, 40, 12, 12], filters: [515, 40, 1, 1], signed: true, bias: true },
  // By Winograd's algorithm: borders, part of a tile, columns that fill no panel, several blocks; sums that take
  // one slice of the channels, two that differ, four, and more than are taken.
  { dims: [1, 16, 8, 8], filters: [16, 16, 3, 3], pads: [1, 1, 1, 1], bias: true },
  { dims: [2, 24, 11, 13], filters: [21, 24, 3, 3], pads: [1, 1, 1, 1], signed: true },
  { dims: [1, 64, 7, 7], filters: [40, 64, 3, 3], pads: [0, 1, 2, 0], bias: true, zeros: [0, 128] },
  { dims: [1, 96, 30, 29], filters: [16, 96, 3, 3], pads: [2, 2, 2, 2], zeros: [255, 0] },
  { dims: [1, 112, 8, 8], filters: [16, 112, 3, 3], extreme: 1, zeros: [0, 0], pads: [1, 1, 1, 1] },
  { dims: [1, 120, 8, 8], filters: [16, 120, 3, 3], extreme: 1, zeros: [0, 0], pads: [1, 1, 1, 1] },
  { dims: [2, 240, 5, 8], filters: [16, 240, 3, 3], extreme: 1, zeros: [0, 0], pads: [1, 1, 1, 1], bias: true },
  { dims: [1, 480, 5, 5], filters: [16, 480, 3, 3], extreme: 1, zeros: [0, 0], pads: [1, 1, 1, 1] },
  { dims: [1, 112, 12, 8], filters: [24, 112, 3, 3], extreme: 0.5, zeros: [128, 0], pads: [1, 1, 1, 1] },
  { dims: [1, 112, 8, 8], filters: [16, 112, 3, 3], extreme: 0.5, signed: true, zeros: [-128, 0] },
  // Depths over 16,384, and sums near 2^31.
  { dims: [1, 2000, 3, 3], filters: [9, 2000, 3, 3], extreme: 0.5, zeros: [0, 128] },
  { dims: [1, 65_000, 1, 1], filters: [3, 65_000, 1, 1], extreme: 1, zeros: [0, 0] },
  ...[0, 128, 255].flatMap((zero): Case[] => [
    { dims: [1, 17, 6, 6], filters: [9, 17, 3, 3], pads: [1, 1, 1, 1], extreme: 0.5, zeros: [zero, 255 - zero] },
    depthwise(1, 17, [6, 6], [3, 3], { pads: [1, 1, 1, 1], extreme: 0.5, zeros: [zero, 255 - zero] }),
  ]),
  { dims: [1, 17, 6, 6], filters: [9, 17, 3, 3], pads: [1, 1, 1, 1], extreme: 0.5, signed: true, zeros: [-128, 127] },
  depthwise(1, 8, [6, 6], [3, 3], { pads: [1, 1, 1, 1], extreme: 0.5, signed: true, zeros: [-128, 127] }),
  ...[3, 4, 5, 7, 8, 17].flatMap((channels): Case[] => [
    depthwise(1, channels, [5, 6], [3, 3], { pads: [1, 1, 1, 1], bias: true }),
    depthwise(2, channels, [7, 9], [5, 5], { pads: [2, 2, 2, 2], strides: [2, 2], signed: true }),
  ]),
  depthwise(1, 9, [1, 1], [3, 3], { pads: [1, 1, 1, 1] }),
  depthwise(2, 9, [1, 13], [1, 3], { pads: [0, 2, 0, 0], bias: true }),
  depthwise(1, 9, [11, 4], [2, 1], { strides: [4, 3] }),
  depthwise(2, 12, [10, 11], [3, 3], { dilations: [2, 3], pads: [2, 0, 1, 3], signed: true, bias: true }),
  depthwise(1, 6, [9, 9], [4, 7], { pads: [0, 3, 3, 0], strides: [1, 2] }),
  depthwise(1, 5, [3, 3], [6, 5], { pads: [5, 4, 4, 5] }),
  depthwise(3, 40, [14, 14], [3, 3], { pads: [1, 1, 1, 1], strides: [2, 2], bias: true }),
];

const whole = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
const pick = <T>(...list: readonly T[]) => list[whole(0, list.length - 1)] as T;

/** Any shape, the same in every run. */
function randomCase(): Case {
  const axes = [0, 1].map(() => {
    const [kernel, dilation] = [pick(1, 1, 2, 3, 3, 5), pick(1, 1, 1, 2, 3)];
    const [before, after] = [whole(0, kernel - 1), whole(0, kernel - 1)];
    const size = Math.max(whole(1, 14), (kernel - 1) * dilation + 1 - before - after);
    return { kernel, dilation, before, after, size, stride: pick(1, 1, 1, 2, 3) };
  });
  const [group, alone] = [pick(1, 1, 1, 2, 3), next() < 0.25];
  const [depth, width] = [pick(1, 2, 3, 4, 5, 7, 8, 16, 17, 33), pick(1, 2, 4, 7, 8, 9, 16, 17)];
  const of = (key: keyof (typeof axes)[number]) => axes.map((axis) => axis[key]);
  const signed = next() < 0.3;
  const zero = () => whole(0, 255) - (signed ? 128 : 0);
  return {
    dims: [pick(1, 1, 2), alone ? depth : depth * group, ...of('size')],
    filters: [alone ? depth : width * group, alone ? 1 : depth, ...of('kernel')],
    group: alone ? depth : group,
    strides: of('stride'),
    dilations: of('dilation'),
    pads: [...of('before'), ...of('after')],
    zeros: [zero(), zero()],
    extreme: pick(0, 0, 0, 0.5, 1),
    bias: next() < 0.5,
    signed,
  };
}

export const randomCases: readonly Case[] = Array.from({ length: 300 }, randomCase);

/** A node, and its output. */
export function nodeOf({ dims, filters, signed = false, bias = false, extreme = 0, zeros, ...rest }: Case) {
  const size = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  const type = signed ? 'int8' : 'uint8';
  const bytes = (signed ? Int8Array : Uint8Array) as Uint8ArrayConstructor;
  const x = bytes.from(
    { length: size(dims) },
    () => (extreme ? 255 * Math.floor(next() + extreme) : Math.floor(256 * next())) - (signed ? 128 : 0),
  );
  const w = Int8Array.from({ length: size(filters) }, () =>
    extreme ? 255 * Math.floor(next() + extreme) - 128 : Math.floor(255 * next()) - 127,
  );
  const [zero, outZero] = zeros ?? (signed ? [-3, 5] : [131, 120]);
  const count = filters[0] as number;
  const scales = Float32Array.from({ length: count }, () => 0.001 + 0.002 * next());
  const biases = Int32Array.from({ length: count }, () => Math.floor(2000 * next()) - 1000);
  const [xScale, yScale] = [Math.fround(0.013), Math.fround(0.11)];
  const single = (value: number) => new Tensor(type, bytes.of(value), []);
  const float = (value: number) => new Tensor('float32', Float32Array.of(value), []);
  const node = {
    op: 'QLinearConv',
    attributes: { ...rest },
    inputs: [
      new Tensor(type, x, dims),
      float(xScale),
      single(zero),
      new Tensor('int8', w, filters),
      new Tensor('float32', scales, [count]),
      new Tensor('int8', new Int8Array(count), [count]),
      float(yScale),
      single(outZero),
      ...(bias ? [new Tensor('int32', biases, [count])] : []),
    ],
    constants: [1, 2, 3, 4, 5, 6, 7, 8],
  };
  const sums = integerConv({ x, dims, zero, w, filters, ...rest });
  const [, , oh = 1, ow = 1] = sums.dims;
  const expected = bytes.from(sums.data, (sum, i) => {
    const f = Math.floor(i / (oh * ow)) % count;
    const scale = Math.fround(Math.fround(xScale * (scales[f] as number)) / yScale);
    return requantize(sum + (bias ? (biases[f] as number) : 0), scale, outZero, type);
  });
  return { node, expected: new Tensor(type, expected, sums.dims) };
}
