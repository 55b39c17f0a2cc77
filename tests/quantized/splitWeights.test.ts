// Convolutions whose weights, less their zero point, are more than int8 holds in a few channels: as int8 with those channels twice, against plain loops.

import { QuantizedOp } from '../../assembly/opcodes-quantized.ts';
import { compile } from '../../src/compiler/compile.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { isHost } from '../../src/plan/plan.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { expectTensor, runTensors } from '../kernels/run.ts';
import { integerConv, roundEven } from '../reference/quantized.ts';
import { floats, next, sizeOf } from './random.ts';

addQuantized();

interface Case {
  dims: readonly number[];
  filters: readonly number[];
  /** Of the weights: one, or one for each filter. */
  zeros: readonly number[];
  type?: 'uint8' | 'int8';
  /** How many channels have weights beyond int8. */
  far: number;
  group?: number;
  attributes?: Record<string, number[]>;
  /** Which instructions run, among others: Conv16 where the weights are not split. */
  ops?: QuantizedOp[];
}

const pads = [1, 1, 1, 1];
const depthwise = [QuantizedOp.DepthwiseConv, QuantizedOp.Conv16];

const cases: Case[] = [
  { dims: [1, 16, 5, 6], filters: [7, 16, 3, 3], zeros: [131], far: 1, attributes: { pads } },
  { dims: [1, 16, 8, 8], filters: [16, 16, 3, 3], zeros: [60], far: 8, attributes: { pads }, ops: [QuantizedOp.Winograd] },
  { dims: [2, 24, 8, 9], filters: [33, 24, 3, 3], zeros: [200], far: 3, attributes: { pads }, ops: [QuantizedOp.Winograd] },
  { dims: [2, 17, 7, 3], filters: [4, 17, 3, 3], zeros: [131], far: 2, attributes: { pads, strides: [2, 1] } },
  { dims: [1, 19, 9, 9], filters: [8, 19, 3, 3], zeros: [90, 100, 128, 150, 131, 160, 128, 1], far: 5, attributes: { dilations: [2, 2] } },
  { dims: [3, 40, 1, 1], filters: [5, 40, 1, 1], zeros: [140], far: 4 },
  { dims: [1, 40, 1, 9], filters: [1, 40, 1, 1], zeros: [1], far: 4 },
  { dims: [1, 16, 4, 4], filters: [3, 16, 2, 3], zeros: [-7], type: 'int8', far: 2 },
  { dims: [2, 18, 11], filters: [9, 18, 3], zeros: [150], far: 2, attributes: { pads: [1, 1] } },
  // More than one call's rows.
  { dims: [1, 16, 20, 40], filters: [2, 16, 1, 1], zeros: [131], far: 8 },
  { dims: [1, 4096, 1, 3], filters: [2, 4096, 1, 1], zeros: [131], far: 3 },
  // Depthwise: channels with such weights are computed once more, eight at a time.
  { dims: [2, 21, 5, 6], filters: [21, 1, 3, 3], group: 21, zeros: [131], far: 1, attributes: { pads }, ops: depthwise },
  { dims: [1, 40, 6, 5], filters: [40, 1, 5, 5], group: 40, zeros: [100], far: 9, attributes: { strides: [2, 2] }, ops: depthwise },
  { dims: [1, 17, 4, 4], filters: [17, 1, 3, 3], group: 17, zeros: [160], far: 1, ops: depthwise },
  { dims: [1, 12, 4, 4], filters: [12, 1, 3, 3], group: 12, zeros: [131], far: 0, ops: [QuantizedOp.DepthwiseConv] },
  // Those that are not split: too many channels, too few, too much in one weight, none.
  { dims: [1, 24, 4, 4], filters: [8, 24, 3, 3], zeros: [131], far: 9, ops: [QuantizedOp.Conv16] },
  { dims: [1, 15, 4, 4], filters: [8, 15, 3, 3], zeros: [131], far: 1, ops: [QuantizedOp.Conv16] },
  { dims: [1, 4097, 1, 3], filters: [2, 4097, 1, 1], zeros: [131], far: 3, ops: [QuantizedOp.Conv16] },
  { dims: [1, 16, 4, 4], filters: [8, 16, 3, 3], zeros: [0], far: 1, ops: [QuantizedOp.Conv16] },
  { dims: [1, 16, 4, 4], filters: [8, 16, 3, 3], zeros: [131], far: 0 },
];

/** Weights that fit int8 less their zero points but for those of the last `far` channels of some filters. */
function weightsOf({ filters, zeros, group, type = 'uint8', far }: Case): Tensor {
  const [, channels = 0, ...kernel] = filters;
  const taps = sizeOf(kernel);
  const [least, most] = type === 'int8' ? [-128, 127] : [0, 255];
  const data = Array.from({ length: sizeOf(filters) }, (_, i) => {
    const filter = Math.floor(i / (channels * taps));
    const zero = zeros[filter % zeros.length] as number;
    const channel = group ? filter : Math.floor(i / taps) % channels;
    // The end that is further away, and what is next to it.
    if (channel >= (group ?? channels) - far && (i % taps === 0 || next() < 0.2)) {
      const near = Math.floor(2 * next());
      return zero - least > most - zero ? least + near : most - near;
    }
    return Math.max(least, Math.min(most, zero + Math.floor(256 * next()) - 128));
  });
  return new Tensor(type, data, filters);
}

/** DynamicQuantizeLinear, in plain loops. */
function quantized(x: Float32Array) {
  const [low, high] = [Math.min(0, ...x), Math.max(0, ...x)];
  const scale = Math.fround(Math.fround(high - low) / 255);
  const zero = Math.min(255, roundEven(Math.fround(-low / scale)));
  return { scale, zero, bytes: Array.from(x, (value) => Math.max(0, Math.min(255, roundEven(Math.fround(value / scale)) + zero))) };
}

describe.each(cases)('%j', (test_) => {
  const { dims, filters, zeros, type = 'uint8', group = 1, attributes = {}, ops = [QuantizedOp.Conv] } = test_;
  const w = weightsOf(test_);
  const x = new Tensor(
    'float32',
    Float32Array.from({ length: sizeOf(dims) }, () => 3 * next() - 1),
    dims,
  );
  const { scale, zero, bytes } = quantized(x.data);
  const flat = dims.length === 3;
  const two = (list: readonly number[] | undefined) => (list && flat ? [0, list[0] as number, 0, list[1] as number] : list);
  const sums = integerConv({
    x: Uint8Array.from(bytes),
    dims: flat ? [dims[0] as number, dims[1] as number, 1, dims[2] as number] : dims,
    zero,
    w: w.data as Int8Array,
    filters: flat ? [filters[0] as number, filters[1] as number, 1, filters[2] as number] : filters,
    zeros: zeros as never,
    group,
    ...attributes,
    ...(attributes.pads && { pads: two(attributes.pads) as number[] }),
  });
  const outDims = flat ? [sums.dims[0] as number, sums.dims[1] as number, sums.dims[3] as number] : sums.dims;
  const perChannel = [filters[0] as number, ...outDims.slice(2).fill(1)];
  const [factors, biases] = [floats(sizeOf(perChannel), 0.01, 0.02), floats(sizeOf(perChannel), -1, 1)].map(
    ({ data }) => new Tensor('float32', data as Float32Array, perChannel),
  ) as [Tensor<'float32'>, Tensor<'float32'>];
  const graph = graphOf({
    opset: 13,
    inputs: { x: { type: 'float32', dims } },
    constants: {
      w: constantOf('w', w),
      z: constantOf('z', new Tensor(type, zeros, zeros.length === 1 ? [] : [zeros.length])),
      f: constantOf('f', factors),
      b: constantOf('b', biases),
    },
    nodes: [
      { op: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['q', 'scale', 'zero'] },
      { op: 'Mul', inputs: ['scale', 'f'], outputs: ['factor'] },
      { op: 'ConvInteger', attributes: { ...attributes, group }, inputs: ['q', 'w', 'zero', 'z'], outputs: ['sums'] },
      { op: 'Cast', attributes: { to: 1 }, inputs: ['sums'], outputs: ['floats'] },
      { op: 'Mul', inputs: ['floats', 'factor'], outputs: ['scaled'] },
      { op: 'Add', inputs: ['scaled', 'b'], outputs: ['y'] },
    ],
    outputs: ['y'],
  });

  test('as float32', () => {
    const [y] = runTensors(graph, { x });
    const inner = sizeOf(outDims.slice(2));
    const expected = Float32Array.from(sums.data, (sum, i) => {
      const f = Math.floor(i / inner) % factors.data.length;
      const factor = Math.fround(scale * (factors.data[f] as number));
      return Math.fround(Math.fround(Math.fround(sum) * factor) + (biases.data[f] as number));
    });
    expectTensor(y, new Tensor('float32', expected, outDims));
    const steps = compile(graph, { dims: new Map([['x', dims]]) }).steps.map((step) => (isHost(step) ? step.host : step.op));
    for (const op of ops) expect(steps).toContain(op);
  });

  test('as sums', () => {
    const [y] = runTensors({ ...graph, outputs: graph.outputs.map((value) => ({ ...value, name: 'sums' })) }, { x });
    expectTensor(y, new Tensor('int32', sums.data, outDims));
  });
});
