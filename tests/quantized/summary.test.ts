// What a quantised network has: parameters, and the binary that it needs.

import { summarize } from '../../src/analysis/index.ts';
import { neededPack, operatorFinder } from '../../src/compiler/bind.ts';
import { addContrib } from '../../src/contrib/index.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { QdqBuilder, random } from './qdqBuilder.ts';

addContrib();

describe('weights and biases of integers are parameters, scales and zero points are not', () => {
  const b = new QdqBuilder(random(3));
  const one = b.number(0.1);
  const [zero, signed] = [b.number(3, 'uint8'), b.number(0, 'int8')];
  const bias = b.constant(new Tensor('int32', new Int32Array(8), [8]));
  const rows = b.q(b.input([3, 4]), 0.1, 3);

  test('convolutions', () => {
    const bytes = b.q(b.input([1, 4, 5, 5]), 0.1, 3);
    const conv = b.node('QLinearConv', [bytes, one, zero, b.bytes([8, 4, 3, 3], 'int8'), one, signed, one, zero, bias]);
    const sums = b.node('ConvInteger', [conv, b.bytes([6, 8, 1, 1], 'uint8'), zero]);
    const last = b.node('Conv', [b.qdq(b.node('Cast', [sums], { to: 1 }), 0.1, 3), b.weights([2, 6, 3, 3])]);
    expect(summarize(b.graph(last))).toMatchObject({ params: 288 + 8 + 48 + 108 });
  });

  test('matrix products', () => {
    const product = b.node('QLinearMatMul', [rows, one, zero, b.bytes([4, 5], 'int8'), one, signed, one, zero]);
    const dense = b.node('MatMulInteger', [product, b.bytes([5, 6], 'int8')]);
    const all = summarize(b.graph(dense));
    expect(all.layers.find(({ name }) => name === product)).toMatchObject({ params: 20 });
    expect(all.layers.find(({ name }) => name === dense)).toMatchObject({ params: 30 });
  });

  test('QGemm', () => {
    const inputs = [rows, one, zero, b.bytes([4, 8], 'int8'), one, signed, bias, one, zero];
    b.nodes.push({ op: 'QGemm', domain: 'com.microsoft', name: 'gemm', inputs, outputs: ['gemm'] });
    const all = summarize(b.graph('gemm'));
    expect(all.layers.find(({ name }) => name === 'gemm')).toMatchObject({ params: 40 });
  });
});

test('a network of which only weights are integers needs no binary of integers', () => {
  const needed = (build: (b: QdqBuilder) => string) => {
    const b = new QdqBuilder(random(5));
    return neededPack(b.graph(build(b)), operatorFinder());
  };
  expect(needed((b) => b.node('Conv', [b.input([1, 3, 4, 4]), b.weights([5, 3, 3, 3])]))).toBe('core');
  expect(needed((b) => b.node('Conv', [b.input([1, 3, 4, 4]), b.weights([5, 3, 3, 3], 0, false)]))).toBe('core');
  // As onnxruntime's optimiser writes it.
  const contrib = (b: QdqBuilder, from: string) => {
    b.nodes.push({
      op: 'DequantizeLinear',
      domain: 'com.microsoft',
      name: 'weights',
      inputs: [from, b.number(0.1), b.number(1, 'uint8')],
      outputs: ['weights'],
    });
    return b.node('Relu', ['weights']);
  };
  expect(needed((b) => contrib(b, b.bytes([2, 3], 'uint8')))).toBe('core');
  expect(needed((b) => contrib(b, b.q(b.input([2, 3]), 0.1, 1)))).toBe('quantized');
  expect(needed((b) => b.qdq(b.input([2, 3]), 0.1, 1))).toBe('quantized');
  // Scales that a run computes.
  expect(needed((b) => b.node('DequantizeLinear', [b.bytes([2, 3], 'int8'), b.input([])]))).toBe('quantized');
});

test('bytes that a file has and a pool before a DequantizeLinear: a kernel for both', () => {
  const b = new QdqBuilder(random(5));
  b.feeds.bytes = new Tensor(
    'uint8',
    Uint8Array.from({ length: 64 }, (_, i) => (37 * i) & 255),
    [1, 4, 4, 4],
  ) as never;
  const result = b.run(b.dq(b.node('MaxPool', ['bytes'], { kernel_shape: [2, 2] }), 0.1, 3));
  expect(result.integers).toEqual(result.floats);
  expect(result.kernels).toContain('u8_maxpool_c16');
});
