import { array, random } from '../reference/index.ts';
import { expectGradients } from './gradients.ts';

const shapes = [[1], [7], [2, 3, 5, 1], [1, 17, 1, 1], [3, 8, 4, 5]];

test.each(shapes.map((dims) => [dims]))('Relu of %j', (dims) => {
  const x = random(dims, 1);
  expectGradients({
    op: 'Relu',
    inputs: [x],
    reference: ([x]) =>
      array(
        x!.dims,
        Array.from(x!.data, (v) => Math.max(v, 0)),
      ),
  });
});
