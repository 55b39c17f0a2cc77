import { array, gemm, matMul, random } from '../reference/index.ts';
import { expectGradients } from './gradients.ts';

const sizes = [
  [1, 1, 1],
  [3, 5, 7],
  [2, 17, 4],
  [8, 3, 9],
];

describe.each(sizes)('Gemm of %i × %i × %i', (rows, depth, columns) => {
  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('transA %s, transB %s', (transA, transB) => {
    const a = random(transA ? [depth, rows] : [rows, depth], 1);
    const b = random(transB ? [columns, depth] : [depth, columns], 2);
    expectGradients({
      op: 'Gemm',
      attributes: { transA: transA ? 1 : 0, transB: transB ? 1 : 0 },
      inputs: [a, b, random([columns], 3)],
      reference: ([a, b, c]) => gemm({ a: a!, b: b!, c: c!, transA, transB }),
    });
  });
});

test.each([[[]], [[1]], [[5]], [[1, 5]], [[3, 1]], [[3, 5]]])('Gemm with a bias of %j, alpha and beta', (dims) => {
  const options = { alpha: 0.5, beta: -1.5 };
  expectGradients({
    op: 'Gemm',
    attributes: options,
    inputs: [random([3, 4], 1), random([4, 5], 2), random(dims, 3)],
    reference: ([a, b, c]) => gemm({ a: a!, b: b!, c: c!, ...options }),
  });
});

test('Gemm without a bias, of a constant', () => {
  expectGradients({
    op: 'Gemm',
    inputs: [random([3, 4], 1), random([4, 5], 2)],
    constants: [1],
    reference: ([a, b]) => gemm({ a: a!, b: b! }),
  });
});

test.each([
  [
    [3, 4],
    [4, 5],
  ],
  [[4], [4]],
  [[4], [4, 5]],
  [[3, 4], [4]],
  [
    [2, 3, 4],
    [4, 5],
  ],
  [[2, 3, 4], [4]],
  [[4], [2, 4, 5]],
  [
    [2, 3, 4],
    [2, 4, 5],
  ],
  [
    [1, 3, 4],
    [2, 4, 5],
  ],
  [
    [2, 3, 4],
    [1, 4, 5],
  ],
  [
    [3, 4],
    [2, 4, 5],
  ],
  [
    [2, 1, 3, 4],
    [3, 4, 5],
  ],
  [
    [3, 4],
    [1, 1, 4, 5],
  ],
  [
    [3, 1, 1, 7],
    [1, 2, 7, 1],
  ],
  [
    [2, 3, 1, 1],
    [1, 17],
  ],
])('MatMul of %j and %j', (a, b) => {
  expectGradients({ op: 'MatMul', inputs: [random(a, 1), random(b, 2)], reference: ([a, b]) => matMul(a!, b!) });
});

test('MatMul of a matrix with itself', () => {
  const x = random([3, 3], 1);
  const square = array([3, 3], x.data);
  expectGradients({ op: 'MatMul', inputs: [square, random([3, 3], 2)], reference: ([a, b]) => matMul(a!, b!) });
});
