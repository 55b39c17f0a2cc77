import { failure } from '../failure.ts';
import { graphOf, int64 } from '../kernels/graph.ts';
import { runTensors, runTyped } from '../kernels/run.ts';
import { argMax, argMin, cumSum, fromTensor, hardmax, type NdArray, random, topK, toTensor } from '../reference/index.ts';
import { bothWays, expectBoth, floatTypes, rangeOf, signedTypes, tensor, types, wholeTypes } from './typed.ts';

const asInt64 = ({ dims, data }: NdArray) => tensor('int64', [...data], dims);
const shapes = [[1], [5], [3, 4], [2, 3, 5], [2, 1, 3, 4], [1, 1, 1]];
/** With many equals. */
const numbers = (dims: readonly number[]) => tensor('float32', [...random(dims, 3, -2.5, 2.5).data].map(Math.round), dims);

test.each([
  ['ArgMax', argMax],
  ['ArgMin', argMin],
] as const)('%s along every axis', (op, reference) => {
  for (const dims of shapes) {
    const x = numbers(dims);
    for (let axis = -dims.length; axis < dims.length; axis++) {
      for (const keepDims of [true, false]) {
        for (const selectLast of [true, false]) {
          const attributes = { axis, keepdims: Number(keepDims), select_last_index: Number(selectLast) };
          expectBoth({ op, attributes, inputs: [x] }, asInt64(reference(fromTensor(x), { axis, keepDims, selectLast })));
        }
      }
    }
    expectBoth({ op, opset: 11, inputs: [x] }, asInt64(reference(fromTensor(x))));
  }
  for (const type of types) {
    const values = type === 'bool' ? [0, 1, 0] : [3, 7, 2];
    expectBoth({ op, inputs: [tensor(type, values)] }, tensor('int64', [op === 'ArgMax' ? 1 : type === 'bool' ? 0 : 2]));
  }
  const [, most] = rangeOf('int64');
  expectBoth({ op, inputs: [tensor('int64', [most - 1n, most, most - 2n])] }, tensor('int64', [op === 'ArgMax' ? 1 : 2]));
  // As numpy and PyTorch have it: the first NaN wins.
  for (const type of floatTypes) expectBoth({ op, inputs: [tensor(type, [1, Number.NaN, 5, Number.NaN, -5])] }, tensor('int64', [1]));
  expect(runTyped({ op, attributes: { axis: 1 }, inputs: [tensor('float32', [], [0, 3])] })).toEqual([tensor('int64', [], [0, 1])]);
});

test('TopK along every axis', () => {
  for (const dims of shapes) {
    const x = numbers(dims);
    for (let axis = -dims.length; axis < dims.length; axis++) {
      const length = dims.at(axis) ?? 0;
      for (const k of new Set([0, 1, Math.ceil(length / 2), length])) {
        for (const largest of [true, false]) {
          const [values, indices] = topK(fromTensor(x), k, axis, largest);
          const node = { op: 'TopK', attributes: { axis, largest: Number(largest) }, inputs: [x, tensor('int64', [k])] };
          expectBoth(node, toTensor(values), asInt64(indices));
          expectBoth({ ...node, constants: [1] }, toTensor(values), asInt64(indices));
        }
      }
    }
  }
});

test('TopK of every type; NaN is larger than all', () => {
  for (const type of types) {
    if (type === 'bool') continue;
    expectBoth(
      { op: 'TopK', inputs: [tensor(type, [3, 1, 9, 3]), tensor('int64', [3])] },
      tensor(type, [9, 3, 3]),
      tensor('int64', [2, 0, 3]),
    );
  }
  const [least, most] = rangeOf('int64');
  const big = tensor('int64', [most - 1n, most, least, most]);
  expectBoth({ op: 'TopK', inputs: [big, tensor('int64', [3])] }, tensor('int64', [most, most, most - 1n]), tensor('int64', [1, 3, 0]));
  const x = tensor('float32', [1, Number.NaN, Infinity, -Infinity]);
  expectBoth({ op: 'TopK', inputs: [x, tensor('int64', [2])] }, tensor('float32', [Number.NaN, Infinity]), tensor('int64', [1, 2]));
  const smallest = { op: 'TopK', attributes: { largest: 0 }, inputs: [x, tensor('int64', [3])] };
  expectBoth(smallest, tensor('float32', [-Infinity, 1, Infinity]), tensor('int64', [3, 0, 2]));
  // Up to opset 9 k is an attribute.
  expectBoth(
    { op: 'TopK', opset: 9, attributes: { k: 2 }, inputs: [tensor('float32', [4, 6, 5])] },
    tensor('float32', [6, 5]),
    tensor('int64', [1, 2]),
  );
});

test('TopK and ArgMax that make no sense', () => {
  const x = tensor('float32', [1, 2, 3]);
  for (const k of [4, -1]) {
    expect(failure(() => bothWays({ op: 'TopK', inputs: [x, tensor('int64', [k])], constants: [1], outputs: 2 })).code).toBe(
      'INVALID_MODEL',
    );
  }
  expect(failure(() => bothWays({ op: 'TopK', inputs: [x], outputs: 2 })).code).toBe('INVALID_MODEL');
  for (const op of ['ArgMax', 'ArgMin']) {
    expect(failure(() => bothWays({ op, attributes: { axis: 1 }, inputs: [x] })).code).toBe('INVALID_MODEL');
    expect(failure(() => bothWays({ op, inputs: [tensor('float32', [1], [])] })).code).toBe('INVALID_MODEL');
    expect(failure(() => bothWays({ op, inputs: [tensor('float32', [], [0])] })).code).toBe('INVALID_MODEL');
  }
});

test('CumSum along every axis', () => {
  for (const dims of [...shapes, [2, 0], [0]]) {
    const x = tensor('float32', [...random(dims, 3, -9, 9).data].map(Math.floor), dims);
    for (let axis = -dims.length; axis < dims.length; axis++) {
      for (const exclusive of [false, true]) {
        for (const reverse of [false, true]) {
          const attributes = { exclusive: Number(exclusive), reverse: Number(reverse) };
          const expected = toTensor(cumSum(fromTensor(x), axis, exclusive, reverse));
          expectBoth({ op: 'CumSum', attributes, inputs: [x, tensor('int64', [axis], [])] }, expected);
          expectBoth({ op: 'CumSum', attributes, inputs: [x, tensor('int32', [axis], [])], constants: [1] }, expected);
        }
      }
    }
  }
  for (const type of wholeTypes) {
    const [, most] = rangeOf(type);
    const inputs = [tensor(type, [most, 2, 3]), tensor('int64', [0], [])];
    expectBoth({ op: 'CumSum', inputs }, tensor(type, [most, most + 2n, most + 5n]));
    expectBoth({ op: 'CumSum', attributes: { exclusive: 1 }, inputs }, tensor(type, [0n, most, most + 2n]));
  }
  for (const type of signedTypes)
    expectBoth({ op: 'CumSum', inputs: [tensor(type, [-1, -2]), tensor('int64', [0], [])] }, tensor(type, [-1, -3]));
  expect(failure(() => bothWays({ op: 'CumSum', inputs: [tensor('float32', [1]), tensor('int64', [1], [])] })).code).toBe('INVALID_MODEL');
  for (const axis of [Number.NaN, 0.5, Number.POSITIVE_INFINITY])
    expect(
      failure(() => bothWays({ op: 'CumSum', inputs: [tensor('int64', [1]), tensor('float32', [axis], [])], constants: [1] })),
    ).toMatchObject({
      code: 'INVALID_MODEL',
      message: expect.stringContaining(`${axis} is no whole number`),
    });
});

test('Hardmax along every axis, both meanings', () => {
  for (const dims of shapes) {
    const x = numbers(dims);
    for (let axis = -dims.length; axis < dims.length; axis++) {
      expectBoth({ op: 'Hardmax', attributes: { axis }, inputs: [x] }, toTensor(hardmax(fromTensor(x), axis)));
      const from = axis < 0 ? axis + dims.length : axis;
      const rows = dims.slice(0, from).reduce((a, b) => a * b, 1);
      const flat = hardmax({ dims: [rows, x.data.length / rows], data: fromTensor(x).data });
      expectBoth({ op: 'Hardmax', opset: 11, attributes: { axis }, inputs: [x] }, tensor('float32', [...flat.data], dims));
    }
  }
  expectBoth({ op: 'Hardmax', inputs: [tensor('float64', [1, 4, 4], [1, 3])] }, tensor('float64', [0, 1, 0], [1, 3]));
  expectBoth({ op: 'Hardmax', inputs: [tensor('float32', [-Infinity, -Infinity])] }, tensor('float32', [1, 0]));
  expectBoth({ op: 'Hardmax', inputs: [tensor('float32', [7], [])] }, tensor('float32', [1], []));
  expectBoth({ op: 'Hardmax', inputs: [tensor('float32', [], [2, 0])] }, tensor('float32', [], [2, 0]));
  expect(failure(() => bothWays({ op: 'Hardmax', inputs: [tensor('int64', [1, 2])] })).code).toBe('UNSUPPORTED');
});

test('after channels-last values', () => {
  const dims = [2, 5, 3, 4];
  const x = random(dims, 1);
  for (const axis of [0, 1, 2, 3]) {
    const graph = graphOf({
      inputs: { x: dims },
      constants: { k: int64('k', [2]), axis: int64('axis', [axis]) },
      nodes: [
        { op: 'MaxPool', inputs: ['x'], outputs: ['p'], attributes: { kernel_shape: [1, 1] } },
        { op: 'ArgMax', inputs: ['p'], outputs: ['a'], attributes: { axis } },
        { op: 'TopK', inputs: ['p', 'k'], outputs: ['v', 'i'], attributes: { axis } },
        { op: 'CumSum', inputs: ['p', 'axis'], outputs: ['c'] },
        { op: 'Hardmax', inputs: ['p'], outputs: ['h'], attributes: { axis } },
      ],
      outputs: ['a', 'v', 'i', 'c', 'h'],
    });
    const [values, indices] = topK(x, 2, axis);
    expect(runTensors(graph, { x: toTensor(x) })).toEqual([
      asInt64(argMax(x, { axis })),
      toTensor(values),
      asInt64(indices),
      toTensor(cumSum(x, axis)),
      toTensor(hardmax(x, axis)),
    ]);
  }
});
