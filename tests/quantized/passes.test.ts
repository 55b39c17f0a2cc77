// Networks of QuantizeLinear (Q) and DequantizeLinear (DQ) as integers, against their meaning in float32.

import { Tensor } from '../../src/graph/tensor.ts';
import { int64 } from '../kernels/graph.ts';
import { QdqBuilder, random } from './qdqBuilder.ts';

const next = random(7);

/** Bytes within one step of each other; float32 numbers within `step`. Most are the same. */
function expectNear({ integers, floats }: { integers: Tensor[]; floats: Tensor[] }, step = 1): void {
  integers.forEach((tensor, i) => {
    const expected = floats[i] as Tensor;
    expect(tensor.type).toBe(expected.type);
    expect(tensor.dims).toEqual(expected.dims);
    const differences = Array.from(tensor.data as Uint8Array, (value, j) => Math.abs(value - Number(expected.data[j])));
    expect(Math.max(0, ...differences)).toBeLessThanOrEqual(step * 1.001);
    // A network of zeros would show nothing.
    expect(new Set(tensor.data as Uint8Array).size).toBeGreaterThan(1);
  });
}

const floatKernels = (kernels: readonly string[]) => kernels.filter((name) => /^(f32_(?!quantize|transpose)|host)/.test(name));

test('scales that are infinite and those that are NaN are not the same', () => {
  const b = new QdqBuilder(next);
  const x = b.input([1, 5]);
  const outputs = [Number.NaN, Number.POSITIVE_INFINITY].map((scale) => b.q(x, scale, 3));
  expect(b.run(...outputs).integers.map(({ data }) => [...(data as Uint8Array)])).toEqual([Array(5).fill(0), Array(5).fill(3)]);
});

describe('products', () => {
  test.each([
    ['conv', [1, 5, 7, 6], [9, 5, 3, 3], 'Relu', 'uint8'],
    ['conv of int8', [2, 3, 5, 5], [4, 3, 1, 1], 'none', 'int8'],
    ['conv with a clip', [1, 8, 4, 4], [8, 8, 3, 3], 'Clip', 'uint8'],
  ] as const)('%s', (_, dims, filters, after, type) => {
    const b = new QdqBuilder(next);
    const zero = type === 'int8' ? -3 : 131;
    const x = b.qdq(b.input(dims), 1 / 127, zero, type);
    const bias = b.floats([filters[0]], 0.3);
    let y = b.node('Conv', [x, b.weights(filters), bias], { pads: [1, 1, 1, 1] });
    if (after === 'Relu') y = b.node('Relu', [y]);
    if (after === 'Clip') y = b.node('Clip', [y, b.number(-0.3), b.number(0.5)]);
    const result = b.run(b.q(y, 0.011, zero + 2, type));
    expectNear(result);
    expect(result.kernels).toContain('u8_conv_igemm_4x8');
    expect(floatKernels(result.kernels)).toEqual([]);
  });

  test.each([
    ['Gemm', { transB: 1 }, 0, [17]],
    ['Gemm', {}, 1, [1, 17]],
    ['MatMul', {}, 1, [17]],
  ] as const)('%s %j', (op, attributes, axis, biasDims) => {
    const b = new QdqBuilder(next);
    const x = b.qdq(b.input([3, 9]), 1 / 127, 127);
    const w = b.weights(axis === 0 ? [17, 9] : [9, 17], axis);
    const bias = b.floats(biasDims, 0.3);
    const y = op === 'Gemm' ? b.node('Gemm', [x, w, bias], attributes) : b.node('Add', [b.node('MatMul', [x, w]), bias]);
    const result = b.run(b.q(b.node('Relu', [y]), 0.011, 3));
    expectNear(result);
    expect(floatKernels(result.kernels)).toEqual([]);
  });

  test('a matrix and its transpose, with zero points for each of the outputs of both', () => {
    const b = new QdqBuilder(next);
    const x = b.qdq(b.input([3, 5]), 1 / 127, 127);
    const [w, scales, zeros] = [b.bytes([5, 5], 'uint8'), b.list([0.01, 0.02, 0.01, 0.02, 0.03]), b.list([1, 90, 128, 200, 7], 'uint8')];
    const weights = (axis: number) => b.node('DequantizeLinear', [w, scales, zeros], { axis });
    const both = b.run(b.q(b.node('Gemm', [x, weights(0)], { transB: 1 }), 0.05, 128), b.q(b.node('Gemm', [x, weights(1)]), 0.05, 128));
    expectNear(both);
    expect(floatKernels(both.kernels)).toEqual([]);
  });

  test('float32 behind a convolution and a dense layer that no Q follows', () => {
    const b = new QdqBuilder(next);
    const x = b.qdq(b.input([1, 6, 5, 5]), 1 / 127, 127);
    const bias = b.floats([7], 0.3);
    const y = b.node('Relu', [b.node('Conv', [x, b.weights([7, 6, 3, 3]), bias])]);
    const flat = b.qdq(b.node('Flatten', [b.node('Sigmoid', [y])]), 1 / 255, 0);
    const z = b.node('Gemm', [flat, b.weights([5, 63], 0, false)], { transB: 1 });
    const result = b.run(y, z);
    expectNear(result, 0.02);
    expect(result.kernels.filter((name) => name === 'u8_conv_igemm_4x8')).toHaveLength(2);
  });

  test('a bias that no whole number of units is near stays float32', () => {
    const b = new QdqBuilder(next);
    const x = b.qdq(b.input([1, 3, 2, 2]), 1 / 127, 127);
    const y = b.node('Conv', [x, b.weights([4, 3, 1, 1]), b.floats([4], 0.01)]);
    // A unit is about 3e-5, and a step of the output less.
    const result = b.run(b.q(y, 1e-5, 100));
    expectNear(result);
    expect(result.kernels).toContain('f32_quantize');
  });

  test('sums beyond int32 stay float32', () => {
    const b = new QdqBuilder(next);
    const x = b.qdq(b.input([1, 2, 2, 2]), 1 / 127, 127);
    const bias = b.constant(new Tensor('float32', Float32Array.of(1e5, -1e5), [2]));
    const result = b.run(b.q(b.node('Conv', [x, b.weights([2, 2, 1, 1]), bias]), 1000, 128));
    expectNear(result);
    expect(result.kernels).toContain('f32_quantize');
  });
});

describe('functions of one value', () => {
  test.each([
    ['Sigmoid', {}],
    ['HardSigmoid', { alpha: 0.2, beta: 0.5 }],
    ['HardSwish', {}],
    ['LeakyRelu', { alpha: 0.1 }],
    ['Relu', {}],
    ['Tanh', {}],
  ] as const)('%s', (op, attributes) => {
    const b = new QdqBuilder(next);
    const x = b.qdq(b.input([1, 5, 3, 3], 4), 0.03, 120);
    const result = b.run(b.q(b.node(op, [x], attributes), 0.01, 20));
    expectNear(result);
    expect(result.kernels.filter((name) => name !== 'copy')).toEqual(['f32_quantize', 'u8_lookup']);
  });

  test('SiLU, and arithmetic with numbers, of which the file has two DQs', () => {
    const b = new QdqBuilder(next);
    const bytes = b.q(b.input([2, 5, 3, 3], 4), 0.03, 120);
    const silu = b.node('Mul', [b.dq(bytes, 0.03, 120), b.node('Sigmoid', [b.dq(bytes, 0.03, 120)])]);
    const y = b.node('Div', [b.node('Add', [silu, b.number(3)]), b.number(2)]);
    const result = b.run(b.q(y, 0.02, 20, 'uint8'));
    expectNear(result);
    expect(result.kernels.filter((name) => name !== 'copy')).toEqual(['f32_quantize', 'u8_lookup']);
  });

  test('a value in between that somebody else reads stays', () => {
    const b = new QdqBuilder(next);
    const x = b.qdq(b.input([1, 5, 3, 3], 4), 0.03, 120);
    const y = b.node('Sigmoid', [x]);
    const result = b.run(b.q(y, 1 / 256, 0), y);
    expectNear(result);
  });
});

test('sums, products and averages', () => {
  const b = new QdqBuilder(next);
  const x = b.qdq(b.input([2, 7, 5, 4]), 1 / 127, 127);
  const y = b.qdq(b.input([2, 7, 5, 4]), 1 / 100, 100);
  const sum = b.qdq(b.node('Relu', [b.node('Add', [x, y])]), 0.02, 10);
  const pooled = b.qdq(b.node('GlobalAveragePool', [sum]), 0.005, 0);
  const gated = b.qdq(b.node('Mul', [sum, pooled]), 0.003, 5);
  const mean = b.q(b.node('ReduceMean', [gated], { axes: [2, 3], keepdims: 0 }), 0.001, 0);
  const average = b.q(b.node('AveragePool', [gated], { kernel_shape: [2, 2], pads: [1, 1, 0, 0] }), 0.004, 0);
  const result = b.run(mean, average, b.q(sum, 0.02, 10));
  // Roundings of one step add up in the third product.
  expectNear(result, 2);
  expect(floatKernels(result.kernels)).toEqual([]);
});

test('what moves or chooses elements moves bytes', () => {
  const b = new QdqBuilder(next);
  const x = b.qdq(b.input([1, 8, 6, 6]), 1 / 127, 127);
  const y = b.qdq(b.node('MaxPool', [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] }), 1 / 127, 127);
  b.constants.sizes = int64('sizes', [1, 2, 4, 3, 3]);
  b.constants.back = int64('back', [1, 8, 3, 3]);
  const split = b.node('Reshape', [y, 'sizes']);
  const shuffled = b.qdq(b.node('Reshape', [b.node('Transpose', [split], { perm: [0, 2, 1, 3, 4] }), 'back']), 1 / 127, 127);
  b.constants.pads = int64('pads', [0, 0, 1, 1, 0, 0, 1, 1]);
  const padded = b.qdq(b.node('Pad', [shuffled, 'pads']), 1 / 127, 127);
  const part = b.qdq(b.node('Concat', [padded, b.node('LeakyRelu', [padded], { alpha: 0.5 })], { axis: 1 }), 0.009, 120);
  const result = b.run(b.q(b.node('Flatten', [part]), 0.009, 120), b.q(padded, 1 / 127, 127));
  expectNear(result);
  expect(result.integers).toEqual(result.floats);
  expect(floatKernels(result.kernels)).toEqual([]);
});

test('a Q behind a Flatten, a pool or a concatenation becomes part of what is before', () => {
  const b = new QdqBuilder(next);
  const x = b.qdq(b.input([1, 4, 6, 6]), 1 / 127, 127);
  const one = b.node('Relu', [b.node('Conv', [x, b.weights([5, 4, 3, 3])])]);
  const two = b.node('Conv', [x, b.weights([3, 4, 3, 3])]);
  const joined = b.node('Concat', [one, two], { axis: 1 });
  const pooled = b.node('MaxPool', [joined], { kernel_shape: [2, 2], strides: [2, 2] });
  const result = b.run(b.q(b.node('Flatten', [pooled]), 0.01, 100));
  expectNear(result);
  expect(floatKernels(result.kernels)).toEqual([]);
});

describe('products of bytes by scales that a run computes', () => {
  /** The scale and the zero point of the weights: one, or one for each channel. */
  const cases = [
    ['ConvInteger', 'int8', undefined, 1],
    ['ConvInteger', 'uint8', [131], 1],
    ['ConvInteger', 'uint8', [0], 6],
    ['ConvInteger', 'uint8', [120, 131, 128, 140, 125, 133], 6],
    ['MatMulInteger', 'int8', [0], 1],
    ['MatMulInteger', 'uint8', [100], 6],
  ] as const;

  test.each(cases)('%s of %s, zero points %j, %i scales', (op, type, zeros, scales) => {
    const b = new QdqBuilder(next);
    const isConv = op === 'ConvInteger';
    const dims = isConv ? [2, 5, 4, 3] : [7, 5];
    const dynamic = b.input(dims);
    b.nodes.push({ op: 'DynamicQuantizeLinear', name: 'range', inputs: [dynamic], outputs: ['bytes', 'scale', 'zero'] });
    const w = b.bytes(isConv ? [6, 5, 3, 3] : [5, 6], type);
    const points = zeros ? [b.list(zeros, type)] : [];
    const sums = b.node(op, ['bytes', w, 'zero', ...points], isConv ? { pads: [1, 1, 1, 1] } : {});
    const wScale = b.floats(scales === 1 ? [] : isConv ? [1, 6, 1, 1] : [6], 0.01);
    const scaled = b.node('Mul', [b.node('Cast', [sums], { to: 1 }), b.node('Mul', ['scale', wScale])]);
    const y = b.node('Relu', [b.node('Add', [scaled, b.floats(isConv ? [1, 6, 1, 1] : [6], 0.2)])]);
    const result = b.run(y, b.q(y, 0.01, 7));
    // The same operations in the same order.
    expect(result.integers).toEqual(result.floats);
    expect(result.kernels.filter((name) => /binary|clamp|host Cast/.test(name))).toEqual(['f32_binary']);
  });

  test('a bias that is no constant, and sums that somebody else reads', () => {
    const b = new QdqBuilder(next);
    b.nodes.push({ op: 'DynamicQuantizeLinear', name: 'range', inputs: [b.input([3, 5])], outputs: ['bytes', 'scale', 'zero'] });
    const sums = b.node('MatMulInteger', ['bytes', b.bytes([5, 6], 'int8'), 'zero']);
    const scaled = b.node('Mul', ['scale', b.node('Cast', [sums], { to: 1 })]);
    const result = b.run(b.node('Add', [scaled, b.input([6])]), sums);
    expect(result.integers).toEqual(result.floats);
  });
});

test.each([
  ['uint8', [128]],
  ['uint8', [0, 3, 255, 128, 127, 90]],
  ['int8', [5]],
] as const)('weights of %s with zero points %j', (type, zeros) => {
  const b = new QdqBuilder(next);
  const x = b.qdq(b.input([1, 5, 4, 4]), 1 / 127, 131);
  const scale = b.list(zeros.map((_, i) => 0.003 + 0.001 * i));
  const w = b.node('DequantizeLinear', [b.bytes([6, 5, 3, 3], type), scale, b.list(zeros, type)], { axis: 0 });
  const v = b.node('DequantizeLinear', [b.bytes([6, 24], type), scale, b.list(zeros, type)], { axis: 0 });
  const y = b.node('Conv', [x, w]);
  const flat = b.qdq(b.node('Flatten', [b.node('Clip', [y, b.number(-1), b.number(1)])]), 1 / 127, 127);
  const result = b.run(b.q(y, 0.03, 120), b.q(b.node('Gemm', [flat, v], { transB: 1 }), 0.05, 120));
  expectNear(result);
  expect(floatKernels(result.kernels)).not.toContain('f32_conv_igemm_4x8');
});
