// The gradient of local response normalisation.

import { expectClose, runPlan } from '../kernels/run.ts';
import { lrn, type NdArray, random } from '../reference/index.ts';
import { backwardPlan, expectGradients } from './gradients.ts';
import { expectSlices } from './slices.ts';
import { torchTests } from './torch.ts';

const shapes = [
  [1, 1, 1, 1],
  [2, 3, 3, 2],
  [1, 4, 2, 2],
  [1, 5, 1, 3],
  [2, 8, 2, 1],
  [1, 17, 2, 2],
  [2, 7, 5],
];

describe.each(shapes.map((dims) => [dims]))('%j', (dims) => {
  // A window over all channels, and further; even ones, of which ONNX's reach further up.
  test.each([1, 2, 3, 4, 5, 40])('size %i', (size) => {
    expectGradients({
      op: 'LRN',
      attributes: { size, alpha: 0.8, beta: 0.75, bias: 1.5 },
      inputs: [random(dims, 1)],
      reference: ([x]) => lrn({ x: x as NdArray, size, alpha: 0.8, beta: 0.75, bias: 1.5 }),
    });
  });

  test('another beta', () => {
    expectGradients({
      op: 'LRN',
      attributes: { size: 4, alpha: 2, beta: 0.6, bias: 0.5 },
      inputs: [random(dims, 1)],
      reference: ([x]) => lrn({ x: x as NdArray, size: 4, alpha: 2, beta: 0.6, bias: 0.5 }),
    });
  });
});

test('of slices', () => {
  expectSlices({ op: 'LRN', attributes: { size: 5, alpha: 1 } }, [2, 3, 4], [2, 3, 4]);
});

// Of an odd size: PyTorch's even windows reach further down, ONNX's further up.
torchTests(
  'as PyTorch',
  [3, 5, 9].map((size) => ({
    name: `size ${size}`,
    size,
    code: `F.local_response_norm(x[0], ${size}, 0.7, 0.75, 2.0)`,
    inputs: [random([2, 11, 3, 2], size, -3, 3)],
    seeds: [random([2, 11, 3, 2], 9)],
  })),
  ({ size, inputs, seeds }, { gradients }) => {
    const [x, seed] = [inputs[0] as NdArray, seeds[0] as NdArray];
    const attributes = { size, alpha: 0.7, beta: 0.75, bias: 2 };
    const plan = backwardPlan({ inputs: { x: x.dims }, nodes: [{ op: 'LRN', attributes, inputs: ['x'] }] }, { x }, ['x'], seed.dims);
    expectClose(runPlan(plan, { x, seed })[0] as NdArray, gradients[0] as NdArray, 1e-6);
  },
);
