import { type DataType, Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { graphOf } from '../kernels/graph.ts';
import { runTensors } from '../kernels/run.ts';
import { array, binaryFunctions, broadcastMap, fromTensor, random, where } from '../reference/index.ts';
import { bigTypes, bothWays, expectBoth, floatTypes, rangeOf, tensor, types } from './typed.ts';

const comparisons = ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'];
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const asBool = ({ dims, data }: { dims: readonly number[]; data: ArrayLike<number> }) => new Tensor('bool', Array.from(data), dims);

test.each(comparisons)('%s of every type and shape', (op) => {
  const f = binaryFunctions[op] as (typeof binaryFunctions)[string];
  for (const type of types) {
    const values = type === 'bool' ? [0, 1] : [0, 1, 5, 100];
    const [a, b] = [tensor(type, values, [values.length, 1]), tensor(type, values)];
    expectBoth({ op, inputs: [a, b] }, asBool(broadcastMap(f, fromTensor(a), fromTensor(b))));
  }
  for (const [left, right] of [
    [[], []],
    [
      [2, 1, 3],
      [4, 1],
    ],
    [
      [2, 3, 4, 5],
      [3, 1, 1],
    ],
    [[0, 2], [2]],
  ] as const) {
    const round = (dims: readonly number[], seed: number) => tensor('float32', [...random(dims, seed, -2, 2).data].map(Math.round), dims);
    const [a, b] = [round(left, 1), round(right, 2)];
    expectBoth({ op, inputs: [a, b] }, asBool(broadcastMap(f, fromTensor(a), fromTensor(b))));
    expectBoth({ op, inputs: [b, a] }, asBool(broadcastMap(f, fromTensor(b), fromTensor(a))));
  }
  for (const type of floatTypes) {
    const values = [nan, inf, -inf, 0, -0, 1];
    const [a, b] = [tensor(type, values, [6, 1]), tensor(type, values)];
    expectBoth({ op, inputs: [a, b] }, asBool(broadcastMap(f, fromTensor(a), fromTensor(b))));
  }
});

test('numbers that differ in their last bit only', () => {
  for (const type of bigTypes) {
    const [, most] = rangeOf(type);
    const inputs = [tensor(type, [most, most - 1n, most]), tensor(type, [most - 1n, most, most])];
    for (const [op, result] of [
      ['Equal', [0, 0, 1]],
      ['Greater', [1, 0, 0]],
      ['GreaterOrEqual', [1, 0, 1]],
      ['Less', [0, 1, 0]],
      ['LessOrEqual', [0, 1, 1]],
    ] as const) {
      expectBoth({ op, inputs }, tensor('bool', result));
    }
  }
});

test.each(['And', 'Or', 'Xor'])('%s', (op) => {
  const [a, b] = [tensor('bool', [0, 1], [2, 1]), tensor('bool', [0, 1])];
  const f = binaryFunctions[op] as (typeof binaryFunctions)[string];
  expectBoth({ op, inputs: [a, b] }, asBool(broadcastMap(f, array([2, 1], [0, 1]), array([2], [0, 1]))));
  for (const type of ['uint8', 'float32', 'int64'] as const) {
    expect(failure(() => bothWays({ op, inputs: [tensor(type, [1]), tensor(type, [1])] })).code).toBe('UNSUPPORTED');
  }
});

test('Not, IsNaN and IsInf', () => {
  expectBoth({ op: 'Not', inputs: [tensor('bool', [0, 1, 1], [3, 1])] }, tensor('bool', [1, 0, 0], [3, 1]));
  for (const type of floatTypes) {
    const x = tensor(type, [nan, inf, -inf, 0, -0, 1e-40, 3e38]);
    const isInf = (attributes: Record<string, number>, result: number[]) =>
      expectBoth({ op: 'IsInf', attributes, inputs: [x] }, tensor('bool', result));
    expectBoth({ op: 'IsNaN', inputs: [x] }, tensor('bool', [1, 0, 0, 0, 0, 0, 0]));
    isInf({}, [0, 1, 1, 0, 0, 0, 0]);
    isInf({ detect_negative: 0 }, [0, 1, 0, 0, 0, 0, 0]);
    isInf({ detect_positive: 0 }, [0, 0, 1, 0, 0, 0, 0]);
    isInf({ detect_positive: 0, detect_negative: 0 }, [0, 0, 0, 0, 0, 0, 0]);
  }
  expect(failure(() => bothWays({ op: 'IsNaN', inputs: [tensor('int32', [1])] })).code).toBe('UNSUPPORTED');
});

test('Where of every type and shape', () => {
  for (const type of types) {
    const inputs = [tensor('bool', [1, 0, 1], [3, 1]), tensor(type, [1, 0]), tensor(type, [0, 1, 1], [3, 1])];
    expectBoth({ op: 'Where', inputs }, tensor(type, [1, 0, 1, 1, 1, 0], [3, 2]));
  }
  for (const [c, a, b] of [
    [[], [], []],
    [[2, 1, 3], [4, 1], []],
    [[5, 1, 1], [2, 1, 3, 4], [4]],
    [[1], [0, 3], [1, 3]],
  ] as const) {
    const condition = tensor(
      'bool',
      [...random(c, 1).data].map((value) => Number(value > 0)),
      c,
    );
    const [x, y] = [random(a, 2), random(b, 3)];
    const expected = where(fromTensor(condition), x, y);
    const inputs = [condition, tensor('float32', [...x.data], a), tensor('float32', [...y.data], b)];
    expectBoth({ op: 'Where', inputs }, tensor('float32', [...expected.data], expected.dims));
  }
  expectBoth(
    { op: 'Where', inputs: [tensor('bool', [1, 0]), tensor('float32', [nan, 1]), tensor('float32', [2, -0])] },
    tensor('float32', [nan, -0]),
  );
});

test('up to opset 6 an attribute says where the second input begins', () => {
  const [a, b] = [tensor('float32', [1, 2, 3, 4], [2, 2]), tensor('float32', [1, 4])];
  const greater = (attributes: Record<string, number>, result: number[]) =>
    expectBoth({ op: 'Greater', opset: 6, attributes, inputs: [a, b] }, tensor('bool', result, [2, 2]));
  greater({ broadcast: 1, axis: 0 }, [0, 1, 0, 0]);
  greater({ broadcast: 1, axis: 1 }, [0, 0, 1, 0]);
  greater({ broadcast: 1 }, [0, 0, 1, 0]);
});

test('inputs that do not fit', () => {
  const [one, two] = [tensor('float32', [1]), tensor('int64', [1])];
  expect(failure(() => bothWays({ op: 'Equal', inputs: [one, two] })).code).toBe('INVALID_MODEL');
  expect(failure(() => bothWays({ op: 'Where', inputs: [tensor('bool', [1]), one, two] })).code).toBe('INVALID_MODEL');
  expect(failure(() => bothWays({ op: 'Where', inputs: [one, one, one] })).code).toBe('UNSUPPORTED');
  const shapes = [tensor('float32', [1, 2]), tensor('float32', [1, 2, 3])];
  expect(failure(() => bothWays({ op: 'Less', inputs: shapes })).code).toBe('INVALID_MODEL');
});

// What kernels make channels-last, the host sees row by row, and the other way round.
test('between kernels', () => {
  const dims = [2, 5, 3, 4];
  const x = random(dims, 1);
  const pool = { op: 'MaxPool', attributes: { kernel_shape: [1, 1] } };
  const graph = graphOf({
    inputs: { x: dims, b: [5, 1, 1] },
    nodes: [
      { ...pool, inputs: ['x'], outputs: ['p'] },
      { op: 'Greater', inputs: ['p', 'b'], outputs: ['mask'] },
      { op: 'Where', inputs: ['mask', 'p', 'b'], outputs: ['w'] },
      { ...pool, inputs: ['w'], outputs: ['y'] },
    ],
    outputs: ['y', 'mask'],
  });
  const b = random([5, 1, 1], 2);
  const as32 = (type: DataType, { dims: shape, data }: typeof x) => tensor(type, [...data], shape);
  const mask = broadcastMap((u, v) => Number(u > v), x, b);
  const results = runTensors(graph, { x: as32('float32', x), b: as32('float32', b) });
  expect(results).toEqual([as32('float32', where(mask, x, b)), as32('bool', mask)]);
});
