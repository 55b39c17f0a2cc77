import { Tensor } from '../../../src/graph/tensor.ts';
import { encodeModel } from '../../formats/onnx-writer.ts';
import { bool, type Case, f32, INF, i8, i32, i64, NAN, type Row, scalar, u8 } from '../row.ts';

/** TensorProto.DataType. */
const codes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;

const cast = (to: 'uint8' | 'int8' | 'int32' | 'int64', values: readonly number[], expected: readonly number[]): Case => ({
  name: `to ${to}`,
  op: 'Cast',
  attributes: { to: codes[to] },
  inputs: [f32(values)],
  expected: [new Tensor(to, to === 'int64' ? expected.map(BigInt) : expected)],
});
const binary = (op: string, a: Tensor, b: Tensor, expected: Tensor | string, rest: Partial<Case> = {}): Case => ({
  name: `${op} of ${a.type}`,
  op,
  inputs: [a, b],
  expected: typeof expected === 'string' ? expected : [expected],
  ...rest,
});
const nothing = (op: string, expected: number): Case => ({
  name: op,
  op,
  opset: 11,
  attributes: { axes: [1], keepdims: 0 },
  inputs: [f32([], [2, 0])],
  expected: [f32([expected, expected])],
});
const mean = (values: readonly number[], expected: number): Case => ({
  name: values.join(' '),
  op: 'ReduceMean',
  attributes: { keepdims: 0 },
  inputs: [i32(values)],
  expected: [i32([expected], [])],
});
const [rows, columns] = [f32([], [2, 0]), f32([], [0, 3])];
/** A number or two of each sign, divided by both signs. */
const [numerators, denominators] = [i32([-7, 7, -7, 7]), i32([3, -3, -3, 3])];

/** To float16, two operations by a constant, and back. */
const half = (name: string, ops: readonly [string, string], by: number, values: readonly number[], expected: readonly number[]): Case => ({
  name,
  op: ops.join(', '),
  inputs: [f32(values)],
  expected: [f32(expected)],
  file: () =>
    encodeModel({
      opset: 13,
      inputs: [{ name: 'x0', dims: [values.length] }],
      initializers: [{ name: 'by', dims: [], type: 'float16', data: [by] }],
      outputs: [{ name: 'y0' }],
      nodes: [
        { op: 'Cast', inputs: ['x0'], outputs: ['h'], attributes: { to: codes.float16 } },
        { op: ops[0], inputs: ['h', 'by'], outputs: ['a'] },
        { op: ops[1], inputs: ['a', 'by'], outputs: ['b'] },
        { op: 'Cast', inputs: ['b'], outputs: ['y0'], attributes: { to: codes.float32 } },
      ],
    }),
});

/** x + w, where w is an initializer, listed among the inputs or not. */
const added = (name: string, listed: boolean, feeds: Record<string, Tensor>, expected: Case['expected']): Case => ({
  name,
  op: 'Add',
  inputs: [f32([1, 2])],
  feeds,
  expected,
  file: () =>
    encodeModel({
      opset: 13,
      inputs: [{ name: 'x0', dims: [2] }, ...(listed ? [{ name: 'w', dims: [2] }] : [])],
      initializers: [{ name: 'w', dims: [2], data: [10, 20] }],
      outputs: [{ name: 'y0', dims: [2] }],
      nodes: [{ op: 'Add', inputs: ['x0', 'w'], outputs: ['y0'] }],
    }),
});

export const numbers: readonly Row[] = [
  {
    title: 'Cast of numbers that the whole type cannot hold',
    cases: [
      cast('uint8', [-1, 300, 1e10, NAN, INF, 1.9, -0.5], [255, 44, 0, 0, 0, 1, 0]),
      cast('int8', [-1, 300, 1e10, NAN, INF, 1.9, -0.5], [-1, 44, 0, 0, 0, 1, 0]),
      cast('int32', [-1, 300, 1e10, NAN, INF, -INF, 1.9], [-1, 300, 1410065408, 0, 0, 0, 1]),
      cast('int64', [-1, 300, 1e10, NAN, INF, -INF], [-1, 300, 1e10, 0, 0, 0]),
    ],
  },
  {
    title: 'Division of negative whole numbers',
    cases: [binary('Div', numerators, i32([2, -2, -2, 2]), i32([-3, -3, 3, 3])), binary('Div', i64([-7, 7]), i64([2, -2]), i64([-3, -3]))],
  },
  {
    title: 'Mod of negative numbers',
    cases: [
      binary('Mod', numerators, denominators, i32([2, -2, -1, 1])),
      binary('Mod', numerators, denominators, i32([-1, 1, -1, 1]), { name: 'fmod = 1', attributes: { fmod: 1 } }),
      binary('Mod', f32([-7, 7, 5.5]), f32([3, -3, 0]), f32([-1, 1, NAN]), { name: 'fmod = 1 of float32', attributes: { fmod: 1 } }),
      binary('Mod', f32([-7]), f32([3]), "node 'Mod_0': fmod should be 1"),
    ],
  },
  {
    title: 'Pow of whole numbers that outgrows them',
    cases: [
      binary('Pow', i32([2, 46341, 3]), i32([31, 2, 40]), i32([-2147483648, -2147479015, 689956897])),
      binary('Pow', i32([10]), f32([10]), i32([1410065408]), { name: 'with an exponent of float32' }),
    ],
  },
  {
    title: 'Whole types that lack a kernel',
    cases: [
      { name: 'Relu of int64', op: 'Relu', opset: 14, inputs: [i64([-1, 2])], expected: [i64([0, 2])] },
      { name: 'Where of int8', op: 'Where', inputs: [bool([1, 0]), i8([-2, 1]), i8([1, 2])], expected: [i8([-2, 2])] },
      binary('Add', u8([200, 1]), u8([100, 1]), u8([44, 2]), { opset: 14 }),
    ],
  },
  { title: 'ReduceMean of whole numbers', cases: [mean([1, 2], 1), mean([-1, -2], -1), mean([2147483647, 2147483647], 2147483647)] },
  {
    title: 'Reductions of nothing',
    cases: [
      nothing('ReduceSum', 0),
      nothing('ReduceProd', 1),
      nothing('ReduceMean', NAN),
      nothing('ReduceMax', -INF),
      nothing('ReduceMin', INF),
      {
        ...nothing('ReduceMax', 0),
        name: 'ReduceMax of int32',
        opset: 13,
        inputs: [i32([], [2, 0])],
        expected: [i32([-2147483648, -2147483648])],
      },
    ],
  },
  {
    title: 'Gemm of depth 0',
    cases: [
      {
        name: 'C and beta',
        op: 'Gemm',
        floats: { beta: 0.5 },
        inputs: [rows, columns, f32([1, 2, 3])],
        expected: [f32([0.5, 1, 1.5, 0.5, 1, 1.5], [2, 3])],
      },
      { name: 'C', op: 'Gemm', inputs: [rows, columns, f32([1, 2, 3])], expected: [f32([1, 2, 3, 1, 2, 3], [2, 3])] },
      { name: 'MatMul', op: 'MatMul', inputs: [rows, columns], expected: [f32([0, 0, 0, 0, 0, 0], [2, 3])] },
    ],
  },
  {
    title: 'Range of fractions',
    cases: [
      {
        name: '0 to 1 by 0.1',
        op: 'Range',
        inputs: [scalar(0), scalar(1), scalar(0.1)],
        constants: [0, 1, 2],
        expected: [
          f32([0, 0.1, 0.2, 0.30000001192092896, 0.4, 0.5, 0.6000000238418579, 0.699999988079071, 0.800000011920929, 0.9000000357627869]),
        ],
      },
    ],
  },
  {
    title: 'Models in float16',
    cases: [
      half('× 1000, / 1000', ['Mul', 'Div'], 1000, [100, 1, 0.1], [100, 1, 0.0999755859375]),
      half('+ 1, - 1', ['Add', 'Sub'], 1, [2048, 1000.1], [2048, 1000]),
    ],
  },
  {
    title: 'Feeds that a model does not know',
    cases: [
      added('another name', false, { z: f32([1]) }, "the model has no input 'z'"),
      added('a weight', false, { w: f32([5, 6]) }, "the model has no input 'w'"),
      added('a weight that is listed among the inputs', true, { w: f32([5, 6]) }, "the model has no input 'w'"),
      added('nothing else', true, {}, [f32([11, 22])]),
    ],
  },
];
