import type { DataType, Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { runTyped } from '../kernels/run.ts';
import { at, type NdArray, random, reduce, reductions } from '../reference/index.ts';
import { bothWays, expectBoth, floatTypes, rangeOf, signedTypes, tensor, wholeTypes } from './typed.ts';

const ops = Object.keys(reductions);
/** Those that make whole numbers of whole numbers. */
const whole = ['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceL1', 'ReduceSumSquare'];
const others = ops.filter((op) => !whole.includes(op));

const inputsOf = (x: Tensor, axes: readonly number[] | undefined) => (axes ? [x, tensor('int64', axes)] : [x]);
const asTensor = (type: DataType, { dims, data }: NdArray) => tensor(type, [...data], dims);

test.each(whole)('%s of whole numbers over every subset of axes', (op) => {
  const dims = [2, 3, 4];
  const values = [...random(dims, 1, 0, 3.99).data].map(Math.floor);
  for (const type of wholeTypes) {
    const x = tensor(type, values, dims);
    for (let set = 0; set < 8; set++) {
      const axes = [0, 1, 2].filter((axis) => (set >> axis) & 1);
      for (const keepDims of [true, false]) {
        const exact = reduce(op, { dims, data: Float64Array.from(values) }, set === 0 ? undefined : axes, keepDims);
        // Means are cut towards zero; what is too large wraps around.
        const expected = tensor(type, [...exact.data].map(Math.trunc), exact.dims);
        const attributes = { keepdims: Number(keepDims) };
        expectBoth({ op, opset: 18, attributes, inputs: inputsOf(x, axes), constants: [1] }, expected);
        if (op !== 'ReduceSum') expectBoth({ op, opset: 13, attributes: { ...attributes, axes }, inputs: [x] }, expected);
      }
    }
  }
});

test('axes that are fed', () => {
  const x = tensor('float32', [1, 2, 3, 4, 5, 6], [2, 3]);
  for (const axes of [[0], [-1], [0, 1], []]) {
    const exact = reduce('ReduceSum', { dims: [2, 3], data: Float64Array.from([1, 2, 3, 4, 5, 6]) }, axes.length > 0 ? axes : undefined);
    expect(runTyped({ op: 'ReduceSum', inputs: [x, tensor('int64', axes)] })).toEqual([asTensor('float32', exact)]);
  }
});

test('large whole numbers keep their last digits and wrap around', () => {
  const [, most] = rangeOf('int64');
  expectBoth({ op: 'ReduceSum', inputs: [tensor('int64', [most, 1n, 2n])] }, tensor('int64', [most + 3n], [1]));
  expectBoth({ op: 'ReduceMax', inputs: [tensor('int64', [most - 1n, most, 5n])] }, tensor('int64', [most], [1]));
  expectBoth({ op: 'ReduceMin', inputs: [tensor('int64', [-most, 1n - most, 5n])] }, tensor('int64', [-most], [1]));
  expectBoth({ op: 'ReduceMean', inputs: [tensor('int64', [2n ** 60n + 1n, 2n ** 60n + 3n])] }, tensor('int64', [2n ** 60n + 2n], [1]));
  expectBoth({ op: 'ReduceMean', inputs: [tensor('int64', [-3n, -4n])] }, tensor('int64', [-3n], [1]));
  const many = new Array<bigint>(300).fill(3n);
  expectBoth({ op: 'ReduceProd', inputs: [tensor('int64', many)] }, tensor('int64', [3n ** 300n], [1]));
  expectBoth({ op: 'ReduceProd', inputs: [tensor('uint64', many)] }, tensor('uint64', [3n ** 300n], [1]));
  expectBoth({ op: 'ReduceL1', inputs: [tensor('int64', [-5n, 3n])] }, tensor('int64', [8n], [1]));
});

// As large as a network's: must not take forever.
test('products of many bigints', () => {
  const many = new Array<bigint>(200_000).fill(3n);
  const [y] = runTyped({ op: 'ReduceProd', inputs: [tensor('int64', many)], constants: [0] });
  expect(y?.data[0]).toBe(BigInt.asIntN(64, 3n ** 200_000n));
});

test('bool and negative numbers', () => {
  expectBoth({ op: 'ReduceMax', opset: 20, inputs: [tensor('bool', [0, 1, 0])] }, tensor('bool', [1], [1]));
  expectBoth({ op: 'ReduceMin', opset: 20, inputs: [tensor('bool', [0, 1, 0])] }, tensor('bool', [0], [1]));
  for (const type of signedTypes) {
    expectBoth({ op: 'ReduceMax', inputs: [tensor(type, [-3, -1, -2])] }, tensor(type, [-1], [1]));
    expectBoth({ op: 'ReduceMin', inputs: [tensor(type, [3, -1, 2])] }, tensor(type, [-1], [1]));
    expectBoth({ op: 'ReduceL1', inputs: [tensor(type, [-3, 1, -2])] }, tensor(type, [6], [1]));
  }
});

test('of nothing: 0, 1, and the limits of the type', () => {
  for (const type of [...wholeTypes, 'bool' as const]) {
    const [least, most] = type === 'bool' ? [0, 1] : rangeOf(type);
    for (const [dims, axes, kept] of [
      [[0], [0], [1]],
      [[2, 0], [1], [2, 1]],
      [[2, 0, 3], [1], [2, 1, 3]],
    ] as const) {
      const inputs = inputsOf(tensor(type, [], dims), axes);
      const all = (value: bigint | number) =>
        tensor(type, new Array<bigint | number>(kept.reduce((a: number, b) => a * b, 1)).fill(value), kept);
      expectBoth({ op: 'ReduceMax', opset: 20, inputs, constants: [1] }, all(least));
      expectBoth({ op: 'ReduceMin', opset: 20, inputs, constants: [1] }, all(most));
      if (type === 'bool') continue;
      expectBoth({ op: 'ReduceSum', opset: 20, inputs, constants: [1] }, all(0));
      expectBoth({ op: 'ReduceProd', opset: 20, inputs, constants: [1] }, all(1));
    }
  }
  for (const type of floatTypes) {
    for (const op of ops) {
      const exact = reduce(op, { dims: [2, 0], data: new Float64Array() }, [1]);
      expectBoth({ op, opset: 20, inputs: inputsOf(tensor(type, [], [2, 0]), [1]), constants: [1] }, asTensor(type, exact));
    }
  }
});

test.each(ops)('%s of float64 and of float32 that is known', (op) => {
  const dims = [2, 3, 4];
  const x = random(dims, 3, 0.5, 2);
  for (const [type, tolerance] of [
    ['float64', 1e-14],
    ['float32', 3e-7],
  ] as const) {
    for (const axes of [[0], [1], [2], [0, 2], [-1, 1], undefined]) {
      const exact = reduce(op, x, axes, false);
      const node = { op, opset: 18, attributes: { keepdims: 0 }, inputs: inputsOf(asTensor(type, x), axes), constants: [1] };
      for (const [y] of bothWays(node)) {
        expect(y?.dims).toEqual(exact.dims);
        exact.data.forEach((value, i) => {
          expect(Math.abs(Number(y?.data[i]) / value - 1)).toBeLessThan(tolerance * 24);
        });
      }
    }
  }
});

test.each(ops)('%s of special values: what is known gives what the kernel gives', (op) => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  for (const line of [
    [nan, 1],
    [1, nan, 2],
    [inf, 1],
    [inf, -inf],
    [-inf, -inf],
    [-inf, 3],
    [0, -0],
  ]) {
    const exact = reduce(op, { dims: [line.length], data: Float64Array.from(line) });
    for (const type of floatTypes) {
      for (const [y] of bothWays({ op, inputs: [tensor(type, line)] })) {
        const [value, wanted] = [Number(y?.data[0]), at(exact.data, 0)];
        if (Number.isFinite(wanted)) expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-6);
        else expect([type, line, value]).toEqual([type, line, wanted]);
      }
    }
  }
});

test.each(others)('%s of whole numbers is not supported', (op) => {
  expect(failure(() => bothWays({ op, inputs: [tensor('int32', [1, 2])] })).code).toBe('UNSUPPORTED');
});

test('axes that do not fit', () => {
  for (const axes of [[3], [-4], [0, 7]]) {
    const x = tensor('float32', [1, 2, 3, 4], [2, 2, 1]);
    expect(failure(() => bothWays({ op: 'ReduceSum', inputs: [x, tensor('int64', axes)], constants: [1] })).code).toBe('INVALID_MODEL');
    expect(failure(() => bothWays({ op: 'ReduceMax', attributes: { axes }, inputs: [x] })).code).toBe('INVALID_MODEL');
  }
});
