import type { DataType, Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { runTensors } from '../kernels/run.ts';
import { bothWays, expectBoth, rangeOf, tensor, types } from './typed.ts';

test('Constant of every kind', () => {
  const made = (attributes: Record<string, never>) =>
    runTensors(graphOf({ inputs: {}, nodes: [{ op: 'Constant', inputs: [], outputs: ['y'], attributes }] }), {})[0];
  const of = (attributes: object) => made(attributes as Record<string, never>);
  for (const type of types) expect(of({ value: constantOf('v', tensor(type, [0, 1], [2, 1])) })).toEqual(tensor(type, [0, 1], [2, 1]));
  expect(of({ value_float: 0.5 })).toEqual(tensor('float32', [0.5], []));
  expect(of({ value_floats: [0.5, 2] })).toEqual(tensor('float32', [0.5, 2]));
  expect(of({ value_int: 7 })).toEqual(tensor('int64', [7], []));
  expect(of({ value_int: 2n ** 62n })).toEqual(tensor('int64', [2n ** 62n], []));
  expect(of({ value_ints: [7, -8] })).toEqual(tensor('int64', [7, -8]));
  expect(failure(() => of({})).code).toBe('UNSUPPORTED');
  expect(failure(() => of({ value_float: 'a' })).code).toBe('INVALID_MODEL');
  expect(failure(() => of({ value_ints: [0.5] })).code).toBe('INVALID_MODEL');
});

test('ConstantOfShape: its value, of every type, in every place', () => {
  const node = (dims: number[], value?: Tensor) => ({
    op: 'ConstantOfShape',
    attributes: { value: value && constantOf('value', value) },
    inputs: [tensor('int64', dims)],
  });
  expectBoth(node([2, 3]), tensor('float32', [0, 0, 0, 0, 0, 0], [2, 3]));
  expectBoth(node([]), tensor('float32', [0], []));
  expectBoth(node([2, 0]), tensor('float32', [], [2, 0]));
  for (const type of types) for (const value of [0, 1]) expectBoth(node([2], tensor(type, [value])), tensor(type, [value, value]));
  for (const value of [Number.NaN, -0, Infinity, 0.1]) expectBoth(node([2], tensor('float32', [value])), tensor('float32', [value, value]));
  expectBoth(node([1], tensor('int64', [-(2n ** 63n)], [])), tensor('int64', [-(2n ** 63n)]));
  expect(failure(() => bothWays(node([-1]))).code).toBe('INVALID_MODEL');
  expect(failure(() => bothWays(node([1], tensor('float32', [1, 2])))).code).toBe('INVALID_MODEL');
  expect(failure(() => bothWays(node([2 ** 40, 2 ** 10]))).code).toBe('TOO_LARGE');
});

test('Shape, whole and in part, and Size', () => {
  const x = tensor('uint8', new Array<number>(24).fill(1), [2, 3, 4]);
  const shape = (attributes: Record<string, number>, result: number[]) =>
    expectBoth({ op: 'Shape', opset: 15, attributes, inputs: [x] }, tensor('int64', result));
  shape({}, [2, 3, 4]);
  shape({ start: 1 }, [3, 4]);
  shape({ end: -1 }, [2, 3]);
  shape({ start: -2, end: 2 }, [3]);
  shape({ start: -9, end: 9 }, [2, 3, 4]);
  shape({ start: 2, end: 1 }, []);
  shape({ end: 0 }, []);
  expectBoth({ op: 'Shape', inputs: [tensor('float32', [1], [])] }, tensor('int64', []));
  expectBoth({ op: 'Size', inputs: [x] }, tensor('int64', [24], []));
  expectBoth({ op: 'Size', inputs: [tensor('float32', [1], [])] }, tensor('int64', [1], []));
  expectBoth({ op: 'Size', inputs: [tensor('float32', [], [3, 0])] }, tensor('int64', [0], []));
});

const range = (type: DataType, start: number | bigint, limit: number | bigint, delta: number | bigint) => ({
  op: 'Range',
  inputs: [start, limit, delta].map((value) => tensor(type, [value], [])),
});

test('Range of every type', () => {
  for (const type of types) {
    if (type === 'bool') continue;
    expectBoth(range(type, 0, 5, 1), tensor(type, [0, 1, 2, 3, 4]));
    expectBoth(range(type, 3, 10, 3), tensor(type, [3, 6, 9]));
    expectBoth(range(type, 3, 9, 3), tensor(type, [3, 6]));
    expectBoth(range(type, 5, 5, 1), tensor(type, []));
    expectBoth(range(type, 6, 5, 1), tensor(type, []));
    if (type.startsWith('uint')) continue;
    expectBoth(range(type, 5, -2, -3), tensor(type, [5, 2, -1]));
    expectBoth(range(type, -1, 5, -1), tensor(type, []));
  }
  expectBoth(range('float32', 0, 1, 0.25), tensor('float32', [0, 0.25, 0.5, 0.75]));
  expectBoth(range('float64', 1, 0, -0.4), tensor('float64', [1, 0.6, 1 - 2 * 0.4]));
  const [, most] = rangeOf('int64');
  expectBoth(range('int64', most - 6n, most - 1n, 2n), tensor('int64', [most - 6n, most - 4n, most - 2n]));
});

test('a Range without end', () => {
  for (const [start, limit] of [
    [0, 5],
    [5, 0],
    [3, 3],
  ] as const) {
    for (const type of ['int64', 'float32'] as const)
      expect(failure(() => bothWays(range(type, start, limit, 0))).code).toBe('INVALID_MODEL');
  }
  expect(failure(() => bothWays(range('float32', 0, Infinity, 1))).code).toBe('INVALID_MODEL');
  expect(failure(() => bothWays(range('float32', Number.NaN, 1, 1))).code).toBe('INVALID_MODEL');
  expect(failure(() => bothWays(range('float32', 0, 1e15, 1))).code).toBe('TOO_LARGE');
});

test('NonZero of every type: indices in order', () => {
  for (const type of types) {
    expectBoth({ op: 'NonZero', inputs: [tensor(type, [1, 0, 0, 1, 1, 0], [2, 3])] }, tensor('int64', [0, 1, 1, 0, 0, 1], [2, 3]));
    expectBoth({ op: 'NonZero', inputs: [tensor(type, [0, 0])] }, tensor('int64', [], [1, 0]));
    expectBoth({ op: 'NonZero', inputs: [tensor(type, [], [2, 0])] }, tensor('int64', [], [2, 0]));
  }
  expectBoth({ op: 'NonZero', inputs: [tensor('float32', [Number.NaN, -0, 1e-45, -Infinity])] }, tensor('int64', [0, 2, 3], [1, 3]));
  const x = tensor('uint8', [0, 0, 0, 5, 0, 0, 0, 9], [2, 2, 2]);
  expectBoth({ op: 'NonZero', inputs: [x] }, tensor('int64', [0, 1, 1, 1, 1, 1], [3, 2]));
});
