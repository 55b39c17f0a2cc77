// QLinearConv against plain loops, over shapes that break SIMD code.

import { Tensor } from '../../src/graph/tensor.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { runTyped } from '../kernels/run.ts';
import { integerConv, requantize } from '../reference/quantized.ts';

addQuantized();

let state = 1;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 8) / 2 ** 24;
};

interface Case {
  dims: readonly number[];
  filters: readonly number[];
  strides?: readonly number[];
  dilations?: readonly number[];
  pads?: readonly number[];
  group?: number;
  signed?: boolean;
  bias?: boolean;
}

const cases: Case[] = [
  ...[1, 3, 4, 5, 7, 8, 17].map((c): Case => ({ dims: [1, c, 5, 6], filters: [c + 3, c, 3, 3], pads: [1, 1, 1, 1] })),
  { dims: [2, 8, 5, 5], filters: [8, 8, 1, 1] },
  { dims: [1, 17, 1, 1], filters: [9, 17, 1, 1], signed: true },
  { dims: [1, 3, 1, 9], filters: [4, 3, 1, 3], pads: [0, 2, 0, 0] },
  { dims: [1, 6, 7, 7], filters: [4, 3, 3, 3], group: 2, strides: [2, 2], pads: [1, 0, 0, 1] },
  { dims: [1, 4, 9, 9], filters: [4, 4, 3, 3], dilations: [2, 3], pads: [2, 2, 2, 2], signed: true, bias: true },
  { dims: [1, 4, 9, 9], filters: [4, 4, 2, 2], strides: [3, 3] },
  { dims: [3, 5, 11, 11], filters: [40, 5, 5, 5], pads: [2, 2, 2, 2], bias: true },
];

test.each(cases)('%j', ({ dims, filters, signed = false, bias = false, ...rest }) => {
  const size = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  const type = signed ? 'int8' : 'uint8';
  const bytes = (signed ? Int8Array : Uint8Array) as Uint8ArrayConstructor;
  const x = bytes.from({ length: size(dims) }, () => Math.floor(256 * next()) - (signed ? 128 : 0));
  const w = Int8Array.from({ length: size(filters) }, () => Math.floor(255 * next()) - 127);
  const [zero, outZero] = signed ? [-3, 5] : [131, 120];
  const count = filters[0] as number;
  const scales = Float32Array.from({ length: count }, () => 0.001 + 0.002 * next());
  const biases = Int32Array.from({ length: count }, () => Math.floor(2000 * next()) - 1000);
  const [xScale, yScale] = [Math.fround(0.013), Math.fround(0.11)];
  const single = (value: number) => new Tensor(type, bytes.of(value), []);
  const float = (value: number) => new Tensor('float32', Float32Array.of(value), []);
  const [y] = runTyped({
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
  });
  const sums = integerConv({ x, dims, zero, w, filters, ...rest });
  const [, , oh = 1, ow = 1] = sums.dims;
  const expected = bytes.from(sums.data, (sum, i) => {
    const f = Math.floor(i / (oh * ow)) % count;
    const scale = Math.fround(Math.fround(xScale * (scales[f] as number)) / yScale);
    return requantize(sum + (bias ? (biases[f] as number) : 0), scale, outZero, type);
  });
  expect(y?.dims).toEqual(sums.dims);
  expect(y?.data).toEqual(expected);
});
