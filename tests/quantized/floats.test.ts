// What of networks of QuantizeLinear and DequantizeLinear once ran in float32 though both sides are known, against their meaning.

import { Tensor } from '../../src/graph/tensor.ts';
import { QdqBuilder, random, type Type } from './qdqBuilder.ts';

const next = random(19);

type Result = ReturnType<QdqBuilder['run']>;

const floatKernels = ({ kernels }: Result) => kernels.filter((name) => /^(f32_(?!quantize|transpose)|u8_dequantize|host)/.test(name));

/** Bytes within one step of each other, and of more than `least` values. */
function expectNear({ integers, floats }: Result, most = 1, least = 1): void {
  integers.forEach((tensor, i) => {
    const expected = floats[i]?.data as Uint8Array;
    expect(tensor.dims).toEqual(floats[i]?.dims);
    expect(Math.max(...Array.from(tensor.data as Uint8Array, (value, j) => Math.abs(value - Number(expected[j]))))).toBeLessThanOrEqual(
      most,
    );
    expect(new Set(tensor.data as Uint8Array).size).toBeGreaterThan(least);
  });
}

/** float32 numbers of an output that differ by rounding alone. */
function expectClose({ integers, floats }: Result, output: number): void {
  const [data, expected] = [integers, floats].map((list) => list[output]?.data as Float32Array) as [Float32Array, Float32Array];
  expect(Math.max(...data.map((value, i) => Math.abs(value - (expected[i] as number))))).toBeLessThan(1e-5);
}

const types = [
  ['uint8', 127],
  ['int8', -3],
  ['uint8', 0],
] as const;

describe.each(types)('a clamp before a pool, of %s with zero point %i', (type: Type, zero) => {
  test.each([
    ['MaxPool', { kernel_shape: [2, 2] }, 'u8_maxpool_c16'],
    ['GlobalMaxPool', {}, 'u8_maxpool_c16'],
    ['AveragePool', { kernel_shape: [3, 2], pads: [1, 0, 1, 0] }, 'u8_avgpool_c8'],
    ['GlobalAveragePool', {}, 'u8_avgpool_c8'],
    ['ReduceMean', { axes: [2, 3] }, 'u8_avgpool_c8'],
  ] as const)('%s', (op, attributes, kernel) => {
    for (const channels of [1, 4, 7, 17]) {
      for (const limits of [undefined, [0, 6], [-0.25, 0.75]] as const) {
        const b = new QdqBuilder(next);
        const x = b.qdq(b.input([2, channels, 5, 3]), 1 / 64, zero, type);
        const y = limits ? b.node('Clip', [x, ...limits.map((limit) => b.number(limit))]) : b.node('Relu', [x]);
        const result = b.run(b.q(b.node(op, [y], attributes), 1 / 100, zero, type));
        expectNear(result, 1, channels < 7 || limits ? 0 : 1);
        if (/Max/.test(op)) expect(result.integers).toEqual(result.floats);
        expect(result.kernels).toContain(kernel);
        expect(floatKernels(result)).toEqual([]);
      }
    }
  });
});

test('a clamp whose limits no byte stands for stays float32 before an average', () => {
  const b = new QdqBuilder(next);
  const x = b.qdq(b.input([1, 5, 4, 4], 2), 1 / 64, 127);
  const y = b.node('Clip', [x, b.number(0), b.number(1.007)]);
  const result = b.run(b.q(b.node('GlobalAveragePool', [y]), 1 / 100, 3));
  expectNear(result);
  expect(result.kernels).toContain('f32_clamp');
});

test('a clamp that two layers read, and that changes nothing', () => {
  const b = new QdqBuilder(next);
  const x = b.qdq(b.input([1, 5, 4, 4], 2), 1 / 64, 127);
  const y = b.node('Relu', [b.qdq(b.node('Relu', [x]), 1 / 100, 0)]);
  const conv = b.q(b.node('Conv', [y, b.weights([8, 5, 3, 3])]), 0.02, 120);
  const result = b.run(conv, b.q(b.node('GlobalAveragePool', [y]), 1 / 100, 3));
  expectNear(result);
  expect(floatKernels(result)).toEqual([]);
  expect(result.kernels.filter((name) => name === 'u8_lookup')).toHaveLength(1);
});

test.each([
  [[2, 7, 3, 5], [2, 7, 3, 5], 'none'],
  [[2, 7, 3, 5], [7, 1, 1], 'Relu'],
  [[2, 1, 3, 5], [2, 7, 3, 5], 'none'],
] as const)('a difference of %j and %j, then %s', (first, second, after) => {
  for (const [type, zero] of types) {
    const b = new QdqBuilder(next);
    const difference = b.node('Sub', [b.qdq(b.input(first), 1 / 127, 127), b.qdq(b.input(second), 1 / 100, zero, type)]);
    const result = b.run(b.q(after === 'Relu' ? b.node('Relu', [difference]) : difference, 0.013, zero, type));
    expect(result.integers).toEqual(result.floats);
    expect(floatKernels(result)).toEqual([]);
    expect(result.kernels).toContain('u8_binary');
  }
});

test.each([true, false])('a dense layer of a flattened picture has its weights in the order of the bytes; a Q behind: %p', (hasQ) => {
  const b = new QdqBuilder(next);
  const conv = b.node('Conv', [b.qdq(b.input([2, 3, 4, 5]), 1 / 127, 127), b.weights([8, 3, 3, 3])], { pads: [1, 1, 1, 1] });
  const flat = b.qdq(b.node('Flatten', [b.qdq(conv, 0.011, 120)]), 0.011, 120);
  const dense = b.node('Gemm', [flat, b.weights([5, 160], 0), b.floats([5])], { transB: 1 });
  const result = b.run(hasQ ? b.q(dense, 0.05, 100) : dense);
  expectNear(result, hasQ ? 1 : 0.02);
  // One copy is that of the input.
  expect(result.kernels.filter((name) => /copy|transpose/.test(name))).toHaveLength(1);
  expect(floatKernels(result)).toEqual([]);
});

test('a residual block whose convolutions have no Q of their own, with weights as float32 before a Q', () => {
  const b = new QdqBuilder(next);
  const scale = b.list(Array.from({ length: 8 }, (_, i) => 0.001 * (i + 1)));
  const zeros = b.list(new Array(8).fill(0), 'int8');
  const weights = (kernel: number) => {
    const bytes = b.node('QuantizeLinear', [b.floats([8, 8, kernel, kernel], 0.1), scale, zeros], { axis: 0 });
    return b.node('DequantizeLinear', [bytes, scale, zeros], { axis: 0 });
  };
  const x = b.qdq(b.input([1, 8, 6, 5]), 1 / 127, 0, 'int8');
  const conv = (y: string, kernel: number) =>
    b.node('Conv', [y, weights(kernel), b.floats([8])], { pads: new Array(4).fill((kernel - 1) / 2) });
  const inner = b.qdq(b.node('Relu', [conv(x, 3)]), 1 / 60, 0, 'int8');
  const block = b.qdq(b.node('Relu', [b.node('Add', [conv(inner, 3), x])]), 1 / 50, 0, 'int8');
  const last = b.node('Relu', [b.node('Add', [conv(block, 3), conv(block, 1)])]);
  const result = b.run(b.q(last, 1 / 30, 0, 'int8'));
  expectNear(result, 2);
  expect(result.kernels.filter((name) => name === 'u8_conv_igemm_4x8')).toHaveLength(4);
  expect(result.kernels.some((name) => /^f32_conv/.test(name))).toBe(false);
});

describe('factors and addends of channels', () => {
  /** A batch-norm of x with factors of both signs. */
  function batchNorm(b: QdqBuilder, x: string, channels: number, factors?: readonly number[]): string {
    const vector = (least: number, most: number) =>
      b.constant(
        new Tensor(
          'float32',
          Float32Array.from({ length: channels }, () => least + (most - least) * next()),
          [channels],
        ),
      );
    const gamma = factors ? b.constant(new Tensor('float32', Float32Array.from(factors), [channels])) : vector(-1.5, 1.5);
    return b.node('BatchNormalization', [x, gamma, vector(-0.3, 0.3), vector(-0.2, 0.2), vector(0.5, 2)]);
  }

  test.each([
    ['a convolution', [7, 5, 3, 3], 1],
    ['a depthwise convolution', [5, 1, 3, 3], 5],
    ['a convolution by Winograd', [16, 16, 3, 3], 1],
    ['a pointwise convolution without a bias', [8, 5, 1, 1], 1],
  ] as const)('behind %s, with and without a Q', (_, filters, group) => {
    for (const [type, zero] of types) {
      const b = new QdqBuilder(next);
      const x = b.qdq(b.input([2, filters[1] * group, 6, 5]), 1 / 127, zero, type);
      const pad = (filters[2] - 1) / 2;
      const inputs = [x, b.weights(filters, 0, type === 'int8', 5 / filters[1]), ...(pad ? [b.floats([filters[0]], 0.3)] : [])];
      const conv = b.node('Conv', inputs, { group, pads: [pad, pad, pad, pad] });
      const y = b.node('Relu', [batchNorm(b, conv, filters[0])]);
      const result = b.run(b.q(y, 0.02, zero, type));
      expectNear(result);
      expect(floatKernels(result)).toEqual([]);
      // The sums become float32, times the product of the scales.
      const floats = b.run(y);
      expect(floatKernels(floats)).toEqual([]);
      expectClose(floats, 0);
    }
  });

  test('behind a dense layer', () => {
    const b = new QdqBuilder(next);
    const dense = b.node('Gemm', [b.qdq(b.input([3, 9]), 1 / 127, 127), b.weights([9, 7], 1), b.floats([7])]);
    const product = b.node('MatMul', [b.qdq(b.input([3, 9]), 1 / 127, 127), b.weights([9, 7], 1)]);
    const sum = b.node('Mul', [b.node('Add', [product, b.floats([7])]), b.floats([7])]);
    const result = b.run(b.q(batchNorm(b, dense, 7), 0.02, 127), b.q(sum, 0.01, 127));
    expectNear(result);
    expect(floatKernels(result)).toEqual([]);
  });

  test('a factor of zero leaves integers to the convolution alone', () => {
    const b = new QdqBuilder(next);
    const conv = b.node('Conv', [b.qdq(b.input([1, 3, 4, 4]), 1 / 127, 127), b.weights([4, 3, 3, 3])]);
    const result = b.run(b.q(batchNorm(b, conv, 4, [1, 0, -1, 2]), 0.01, 127));
    expectNear(result);
    expect(result.kernels).toContain('u8_conv_igemm_4x8');
    expect(result.kernels).toContain('f32_batchnorm_c4');
  });

  test('alone stays float32, which is as fast', () => {
    const b = new QdqBuilder(next);
    const result = b.run(b.q(batchNorm(b, b.qdq(b.input([1, 5, 4, 4]), 1 / 127, 127), 5), 0.01, 127));
    expect(result.integers).toEqual(result.floats);
    expect(result.kernels).toContain('f32_batchnorm_c4');
  });
});

describe('a transposed convolution has integers in its products', () => {
  test.each([
    [[1, 5, 4, 3], [5, 7, 2, 2], { strides: [2, 2] }],
    [[2, 8, 3, 5], [8, 4, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }],
    [[1, 3, 4, 4], [3, 1, 3, 3], { strides: [2, 1], output_padding: [1, 0], dilations: [1, 2] }],
    [[1, 17, 5], [17, 9, 3], { strides: [2] }],
  ] as const)('of %j by %j, %j', (dims, filters, attributes) => {
    for (const [type, zero] of types) {
      const b = new QdqBuilder(next);
      const x = b.qdq(b.input(dims), 1 / 127, zero, type);
      const [, outputs] = filters;
      const y = b.node('ConvTranspose', [x, b.weights(filters, 1, type === 'int8'), b.floats([outputs], 0.3)], attributes);
      const result = b.run(b.q(b.node('Relu', [y]), 0.011, zero, type), y);
      expectNear({ ...result, integers: result.integers.slice(0, 1) });
      expectClose(result, 1);
      expect(result.kernels).toContain('u8_conv_igemm_4x8');
      expect(result.kernels.some((name) => /^f32_conv|^u8_dequantize/.test(name))).toBe(false);
    }
  });

  test('with weights of bytes that have zero points, and a batch-norm and a Relu behind', () => {
    const b = new QdqBuilder(next);
    const x = b.qdq(b.input([1, 6, 4, 4]), 1 / 127, 131);
    const zeros = [0, 3, 255, 128];
    const w = b.node(
      'DequantizeLinear',
      [b.bytes([6, 4, 2, 2], 'uint8'), b.list(zeros.map((_, i) => 0.003 + 0.001 * i)), b.list(zeros, 'uint8')],
      { axis: 1 },
    );
    const vectors = Array.from({ length: 3 }, () => b.floats([4]));
    const variance = b.constant(new Tensor('float32', Float32Array.of(0.5, 1, 2, 3), [4]));
    const y = b.node('Relu', [b.node('BatchNormalization', [b.node('ConvTranspose', [x, w], { strides: [2, 2] }), ...vectors, variance])]);
    const result = b.run(b.q(y, 0.02, 7));
    expectNear(result);
    expect(result.kernels.filter((name) => /^(f32|u8)/.test(name) && !/transpose/.test(name))).toEqual([
      'f32_quantize',
      'u8_conv_igemm_4x8',
      'f32_col2im_c4',
      'f32_quantize',
    ]);
  });

  test('in groups stays float32', () => {
    const b = new QdqBuilder(next);
    const x = b.qdq(b.input([1, 6, 4, 4]), 1 / 127, 131);
    const result = b.run(b.q(b.node('ConvTranspose', [x, b.weights([6, 2, 2, 2], 1)], { group: 2, strides: [2, 2] }), 0.01, 120));
    expectNear(result);
    expect(result.kernels).not.toContain('u8_conv_igemm_4x8');
  });
});
