import { type Case, f32, type Row } from '../row.ts';

const line = (length: number) =>
  f32(
    Array.from({ length }, (_, i) => i + 1),
    [1, 1, 1, length],
  );
const row = (values: readonly number[]) => [f32(values, [1, 1, 1, values.length])];
/** Over a picture of one row: 1, 2, 3, ... */
const pool = (name: string, op: string, length: number, attributes: Case['attributes'], expected: readonly number[], opset = 19): Case => ({
  name: `${name}, opset ${opset}`,
  op,
  opset,
  attributes,
  inputs: [line(length)],
  expected: row(expected),
});
const dilated = { kernel_shape: [1, 3], strides: [1, 1], dilations: [1, 2], auto_pad: 'SAME_UPPER' };
const transpose = (name: string, attributes: Case['attributes'], expected: readonly number[], kernel = [1, 10, 100]): Case => ({
  name,
  op: 'ConvTranspose',
  attributes,
  inputs: [line(3), f32(kernel, [1, 1, 1, kernel.length])],
  expected: row(expected),
});
/** All of a transposed convolution of 1 2 3 by 1 10 100 with stride 2, of which one element is to go. */
const full = [1, 10, 102, 20, 203, 30, 300];
const [withoutEnd, withoutStart] = [full.slice(0, -1), full.slice(1)];
const lrn = (size: number, expected: readonly number[]): Case => ({
  name: `size ${size}`,
  op: 'LRN',
  attributes: { size },
  floats: { alpha: size, beta: 1, bias: 1 },
  inputs: [f32([1, 2, 3, 4], [1, 4, 1, 1])],
  expected: [f32(expected, [1, 4, 1, 1])],
  within: 1e-6,
});
const ceil = { kernel_shape: [1, 3], strides: [1, 2], pads: [0, 1, 0, 1], ceil_mode: 1 };
const late = { kernel_shape: [1, 2], strides: [1, 3], pads: [0, 1, 0, 1], ceil_mode: 1 };
const wide = { kernel_shape: [1, 2], strides: [1, 1], pads: [0, 2, 0, 2] };

export const windows: readonly Row[] = [
  {
    title: 'SAME padding with dilation',
    cases: [
      pool('max', 'MaxPool', 6, dilated, [3, 4, 5, 6, 5, 6]),
      pool('average', 'AveragePool', 6, dilated, [2, 3, 3, 4, 4, 5]),
      {
        name: 'Conv',
        op: 'Conv',
        attributes: dilated,
        inputs: [line(6), f32([1, 1, 1], [1, 1, 1, 3])],
        expected: row([4, 6, 9, 12, 8, 10]),
      },
    ],
  },
  {
    title: 'Which end ConvTranspose crops',
    cases: [
      transpose('SAME_UPPER', { auto_pad: 'SAME_UPPER', strides: [1, 2] }, withoutEnd),
      transpose('SAME_LOWER', { auto_pad: 'SAME_LOWER', strides: [1, 2] }, withoutStart),
      transpose('output_shape', { strides: [1, 2], output_shape: [1, 6] }, withoutStart),
      transpose('output_shape, SAME_UPPER', { auto_pad: 'SAME_UPPER', strides: [1, 2], output_shape: [1, 6] }, withoutEnd),
      transpose('4 wide, SAME_UPPER', { auto_pad: 'SAME_UPPER', strides: [1, 1] }, [12, 123, 1230], [1, 10, 100, 1000]),
      transpose('4 wide, SAME_LOWER', { auto_pad: 'SAME_LOWER', strides: [1, 1] }, [123, 1230, 2300], [1, 10, 100, 1000]),
    ],
  },
  {
    title: 'Average pools with ceil_mode and count_include_pad',
    cases: [10, 11, 19, 21].flatMap((opset) => [
      pool('counted', 'AveragePool', 4, { ...ceil, count_include_pad: 1 }, [1, 3, 2], opset),
      pool('not counted', 'AveragePool', 4, { ...ceil, count_include_pad: 0 }, [1.5, 3, 4], opset),
      pool('a last window in the padding', 'AveragePool', 4, { ...late, count_include_pad: 1 }, [0.5, 3.5], opset),
      pool('a last window in the padding, max', 'MaxPool', 4, late, [1, 4], opset),
    ]),
  },
  {
    title: 'Pools larger than the picture',
    cases: [1, 2].flatMap((stride) =>
      ['MaxPool', 'AveragePool'].map((op) => pool(`stride ${stride}`, op, 2, { kernel_shape: [1, 3], strides: [1, stride] }, [])),
    ),
  },
  {
    title: 'Pads as wide as the window',
    cases: [
      pool('max', 'MaxPool', 2, wide, [Number.NEGATIVE_INFINITY, 1, 2, 2, Number.NEGATIVE_INFINITY]),
      pool('average', 'AveragePool', 2, wide, [0, 1, 1.5, 2, 0]),
    ],
  },
  {
    title: 'LRN of even size',
    cases: [lrn(2, [1 / 6, 2 / 14, 3 / 26, 4 / 17]), lrn(3, [1 / 6, 2 / 15, 3 / 30, 4 / 26]), lrn(4, [1 / 15, 2 / 31, 3 / 30, 4 / 26])],
  },
];
