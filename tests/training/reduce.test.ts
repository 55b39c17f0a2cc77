import { expectClose, runPlan } from '../kernels/run.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { reduce } from '../reference/reduce.ts';
import { backwardPlan, expectGradients } from './gradients.ts';
import { torchTests } from './torch.ts';

const shapes: [number[], number[]][] = [
  [[7], [0]],
  [[2, 3], [1]],
  [
    [2, 5, 3, 4],
    [2, 3],
  ],
  [[2, 17, 1, 3], [1]],
  [
    [1, 4, 2, 2],
    [0, 1, 2, 3],
  ],
  [[2, 8, 3, 1], [-1]],
];

const ops = [
  'ReduceMean',
  'ReduceSum',
  'ReduceMax',
  'ReduceMin',
  'ReduceL1',
  'ReduceL2',
  'ReduceSumSquare',
  'ReduceLogSum',
  'ReduceLogSumExp',
] as const;

describe.each(ops)('%s', (op) => {
  test.each(shapes)('of %j over %j', (dims, axes) => {
    for (const keep of [true, false]) {
      const positive = op === 'ReduceLogSum';
      const axesOf = axes.map((axis) => (axis < 0 ? axis + dims.length : axis));
      expectGradients({
        op,
        opset: 18,
        attributes: { keepdims: keep ? 1 : 0 },
        inputs: [random(dims, 4, positive ? 0.5 : -1, 1), array([axes.length], axes)],
        constants: [1],
        types: { 1: 'int64' },
        channelsLast: true,
        reference: ([x]) => reduce(op, x!, axesOf, keep),
        // No two numbers are so near to each other, or to 0.
        step: 1e-6,
      });
    }
  });

  test('of everything, and of nothing', () => {
    const x = random([2, 3, 2], 5, 0.5, 1);
    expectGradients({ op, inputs: [x], reference: ([x]) => reduce(op, x!), step: 1e-6 });
    const none = { inputs: [x, array([0], [])], constants: [1], types: { 1: 'int64' } } as const;
    expectGradients({
      op,
      opset: 18,
      attributes: { noop_with_empty_axes: 1 },
      ...none,
      reference: ([x]) => reduce(op, x!, []),
      step: 1e-6,
    });
  });
});

/** The gradient of one node's first input. */
function gradient(op: string, x: NdArray, dy: NdArray, attributes: Record<string, number[] | number>): NdArray {
  const spec = { inputs: { x: x.dims }, nodes: [{ op, attributes, inputs: ['x'] }] };
  return runPlan(backwardPlan(spec, { x }, ['x'], dy.dims), { x, seed: dy })[0] as NdArray;
}

const ties = array([2, 4], [1, 3, 3, 0, -2, -2, -2, -2]);
const zeros = array([2, 3], [0, 0, 0, 0, 4, -3]);
const dy = array([2], [6, 12]);

torchTests(
  'as PyTorch',
  [
    { name: 'ties of amax', op: 'ReduceMax', code: 'x[0].amax(1)', inputs: [ties], seeds: [dy] },
    { name: 'ties of amin', op: 'ReduceMin', code: 'x[0].amin(1)', inputs: [ties], seeds: [dy] },
    { name: 'the norm of zeros', op: 'ReduceL2', code: 'x[0].norm(dim=1)', inputs: [zeros], seeds: [dy] },
    { name: 'the absolute value of zeros', op: 'ReduceL1', code: 'x[0].abs().sum(1)', inputs: [zeros], seeds: [dy] },
    {
      name: 'logsumexp of large numbers',
      op: 'ReduceLogSumExp',
      code: 'x[0].logsumexp(1)',
      inputs: [array([2, 3], [1e4, 1e4, 0, -1e5, 2, 3])],
      seeds: [dy],
    },
    { name: 'the mean', op: 'ReduceMean', code: 'x[0].mean(1)', inputs: [ties], seeds: [dy] },
  ],
  ({ op, inputs, seeds }, { gradients }) => {
    expectClose(gradient(op, inputs[0]!, seeds[0]!, { axes: [1], keepdims: 0 }), gradients[0]!, 1e-5);
  },
);
