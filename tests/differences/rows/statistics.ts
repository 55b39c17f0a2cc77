import { Tensor } from '../../../src/graph/tensor.ts';
import { type Case, f32, filled, noise, type Row } from '../row.ts';

const [MILLION, SIDE] = [1024 * 1024, 1024];
const photo = noise(0, 1, [1, 1, SIDE, SIDE]);
const grey = filled(0.1, [1, 1, SIDE, SIDE]);

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};
const meanOf = ({ data }: Tensor<'float32'>): number => sum(data) / data.length;

/** (x - mean) / √(variance + epsilon) over all elements, in float64. */
function normalized({ data, dims }: Tensor<'float32'>, epsilon: number): Tensor<'float32'> {
  const mean = sum(data) / data.length;
  const variance = sum(Array.from(data, (x) => (x - mean) ** 2)) / data.length;
  return new Tensor(
    'float32',
    data.map((x) => (x - mean) / Math.sqrt(variance + epsilon)),
    dims,
  );
}

const average = (name: string, op: string, x: Tensor<'float32'>, attributes: Case['attributes'] = {}): Case => ({
  name,
  op,
  attributes,
  inputs: [x],
  expected: [f32([meanOf(x)], op === 'ReduceMean' ? [1, 1] : [1, 1, 1, 1])],
  within: 2e-5,
});
const group = (name: string, x: Tensor<'float32'>, within?: number): Case => {
  const channels = x.dims[1] as number;
  return {
    name,
    op: 'GroupNormalization',
    opset: 21,
    attributes: { num_groups: 1 },
    floats: { epsilon: 1e-5 },
    inputs: [x, filled(1, [channels]), filled(0, [channels])],
    constants: [1, 2],
    expected: [normalized(x, 1e-5)],
    ...(within !== undefined && { within }),
  };
};
const flat = (value: number, size: number, within?: number): Case => ({
  name: `${size}×${size} of ${value}`,
  op: 'MeanVarianceNormalization',
  attributes: { axes: [0, 2, 3] },
  inputs: [filled(value, [1, 1, size, size])],
  expected: [filled(0, [1, 1, size, size])],
  ...(within !== undefined && { within }),
});

export const statistics: readonly Row[] = [
  {
    title: 'Means of a million pixels',
    cases: [
      average('photo', 'GlobalAveragePool', photo),
      average('grey', 'GlobalAveragePool', grey),
      average('grey, as a pool', 'AveragePool', grey, { kernel_shape: [SIDE, SIDE] }),
      average('photo, reduced', 'ReduceMean', photo, { axes: [2, 3], keepdims: 0 }),
      average('grey, reduced', 'ReduceMean', grey, { axes: [2, 3], keepdims: 0 }),
      {
        name: 'rows of two numbers',
        op: 'ReduceMean',
        attributes: { axes: [0], keepdims: 0 },
        inputs: [filled(0.1, [MILLION, 2])],
        expected: [f32([0.1, 0.1])],
        within: 2e-5,
      },
      {
        name: '4097² ones, added',
        op: 'ReduceSum',
        attributes: { keepdims: 0 },
        inputs: [filled(1, [4097, 4097])],
        expected: [f32([4097 * 4097], [])],
        within: 1e-6,
      },
    ],
  },
  {
    title: 'MeanVarianceNormalization of a flat plane',
    cases: [flat(0, 2), flat(1, 2), flat(0.1, 2), flat(0.3, 3), flat(127, 5), flat(0.7, 28, 1e-5)],
  },
  {
    title: 'GroupNormalization of a blank or bright picture',
    cases: [
      group('blank: 0', filled(0, [1, 2, 8, 8])),
      group('blank: 0.7', filled(0.7, [1, 4, 64, 64]), 1e-6),
      group('240 to 241', noise(240, 1, [1, 2, 32, 32]), 2e-6),
      group('250 to 250.1', noise(250, 0.1, [1, 2, 32, 32]), 2e-6),
      group('5000 to 5001', noise(5000, 1, [1, 2, 32, 32]), 2e-6),
    ],
  },
  {
    title: 'InstanceNormalization over one pixel',
    cases: [
      {
        name: 'two channels',
        op: 'InstanceNormalization',
        inputs: [f32([5, -7], [1, 2, 1, 1]), f32([2, 2]), f32([3, 4])],
        constants: [1, 2],
        expected: [f32([3, 4], [1, 2, 1, 1])],
      },
      {
        name: 'a large one',
        op: 'InstanceNormalization',
        inputs: [f32([1e10], [1, 1, 1, 1]), f32([2]), f32([3])],
        constants: [1, 2],
        expected: [f32([3], [1, 1, 1, 1])],
      },
    ],
  },
  {
    title: 'Numbers that are left out',
    cases: [
      { name: 'LeakyRelu: alpha 0.01', op: 'LeakyRelu', inputs: [f32([-1])], expected: [f32([-0.01])] },
      { name: 'HardSigmoid: 0.2 x + 0.5', op: 'HardSigmoid', inputs: [f32([1, 2.9])], expected: [f32([0.7, 1])], within: 1e-6 },
      {
        name: 'BatchNormalization: epsilon 1e-5',
        op: 'BatchNormalization',
        opset: 15,
        inputs: [f32([1], [1, 1, 1, 1]), f32([1]), f32([0]), f32([0]), f32([0])],
        constants: [1, 2, 3, 4],
        expected: [f32([316.22777], [1, 1, 1, 1])],
        within: 1e-6,
      },
      {
        name: 'LRN: alpha 1e-4, beta 0.75, bias 1',
        op: 'LRN',
        attributes: { size: 3 },
        inputs: [f32([1, 2, 3], [1, 3, 1, 1])],
        expected: [f32([0.9998750686645508, 1.999300241470337, 2.999025344848633], [1, 3, 1, 1])],
        within: 1e-6,
      },
    ],
  },
];
