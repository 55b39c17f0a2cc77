import { array } from '../reference/index.ts';
import { torchTests } from './torch.ts';

const x = array([3], [-1, 0, Number.NaN]);

torchTests(
  'PyTorch as a reference',
  [
    {
      name: 'a tensor',
      code: 'F.relu(x[0])',
      inputs: [x],
      seeds: [array([3], [1, 2, 3])],
      outputs: [[0, 0, Number.NaN]],
      gradients: [[0, 0, 3]],
    },
    {
      name: 'a tuple after a statement, a constant, whole numbers',
      code: 'y = x[0] * x[1]\n(y, x[0][x[2]])',
      inputs: [array([2], [3, 4]), array([2], [5, 6]), array([3], [1, 1, 0])],
      constants: [1],
      integers: [2],
      outputs: [
        [15, 24],
        [4, 4, 3],
      ],
      gradients: [[6, 8], undefined, undefined],
    },
  ],
  ({ outputs, gradients }, made) => {
    expect(made.outputs.map(({ data }) => [...data])).toEqual(outputs);
    expect(made.gradients.map((gradient) => gradient && [...gradient.data])).toEqual(gradients);
  },
);
