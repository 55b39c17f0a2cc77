import { Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { array, at, binaryFunctions, broadcastMap, random, toTensor, ulpError } from '../reference/index.ts';
import { bothWays, expectBoth, floatTypes, rangeOf, signedTypes, tensor, wholeTypes } from './typed.ts';

/** Exact, before it wraps around. Division is cut towards zero. */
const whole: Record<string, (a: bigint, b: bigint) => bigint> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  // Math.min and Math.max take no bigints.
  Min: (a, b) => [b, a][Number(a < b)] as bigint,
  Max: (a, b) => [b, a][Number(a > b)] as bigint,
  Div: (a, b) => a / b,
};

test.each(Object.keys(whole))('%s of whole numbers wraps around', (op) => {
  for (const type of wholeTypes) {
    const [least, most] = rangeOf(type);
    const a = [0n, 1n, 5n, 7n, 100n, most, most - 1n, least, least + 1n, most / 3n];
    for (const b of [1n, 2n, 3n, 7n, most, most - 2n, least || 9n]) {
      const results = a.map((value) => (whole[op] as (typeof whole)[string])(value, b));
      expectBoth({ op, inputs: [tensor(type, a), tensor(type, [b], [])] }, tensor(type, results));
    }
  }
});

test('Div is cut towards zero, and of whole numbers by 0 an error', () => {
  for (const type of signedTypes) {
    expectBoth({ op: 'Div', inputs: [tensor(type, [7, -7, 7, -7, 1]), tensor(type, [2, 2, -2, -2, -3])] }, tensor(type, [3, -3, -3, 3, 0]));
  }
  for (const type of wholeTypes) {
    for (const op of ['Div', 'Mod']) {
      expect(failure(() => bothWays({ op, inputs: [tensor(type, [1, 2]), tensor(type, [1, 0])] })).code).toBe('INVALID_INPUT');
    }
  }
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  for (const type of floatTypes) {
    expectBoth({ op: 'Div', inputs: [tensor(type, [1, -1, 0, 1]), tensor(type, [0, 0, 0, -0])] }, tensor(type, [inf, -inf, nan, -inf]));
  }
});

test('Mod has the sign of the divisor, with fmod that of the dividend', () => {
  const [a, b] = [
    [7, -7, 7, -7, 6, -6, 0],
    [3, 3, -3, -3, 3, -3, -3],
  ];
  for (const type of signedTypes) {
    const inputs = [tensor(type, a as number[]), tensor(type, b as number[])];
    expectBoth({ op: 'Mod', inputs }, tensor(type, [1, 2, -2, -1, 0, 0, 0]));
    expectBoth({ op: 'Mod', attributes: { fmod: 1 }, inputs }, tensor(type, [1, -1, 1, -1, 0, 0, 0]));
  }
  for (const type of wholeTypes)
    expectBoth({ op: 'Mod', inputs: [tensor(type, [7, 127, 3]), tensor(type, [4, 10, 5])] }, tensor(type, [3, 7, 3]));
  for (const type of floatTypes) {
    const floats = [tensor(type, [5.5, -5.5, 5.5]), tensor(type, [2, 2, -2])];
    expectBoth({ op: 'Mod', attributes: { fmod: 1 }, inputs: floats }, tensor(type, [1.5, -1.5, 1.5]));
    expect(failure(() => bothWays({ op: 'Mod', inputs: floats })).code).toBe('INVALID_MODEL');
  }
});

test('Pow of whole numbers wraps around', () => {
  for (const type of wholeTypes) {
    const [bases, exponents] = [
      [2, 3, 5, 7, 0, 1, 0],
      [5, 4, 0, 2, 3, 60, 0],
    ];
    const results = bases.map((base, i) => BigInt(base) ** BigInt(at(exponents, i)));
    expectBoth({ op: 'Pow', inputs: [tensor(type, bases), tensor(type, exponents)] }, tensor(type, results));
    const wrapped = [3n ** 50n, 7n ** 50n, 10n ** 50n];
    expectBoth({ op: 'Pow', inputs: [tensor(type, [3, 7, 10]), tensor(type, [50], [])] }, tensor(type, wrapped));
  }
  for (const type of signedTypes) {
    expectBoth(
      { op: 'Pow', inputs: [tensor(type, [-2, -1, 1, 5, -1]), tensor(type, [3, -3, -2, -1, -2])] },
      tensor(type, [-8, -1, 1, 0, 1]),
    );
    expectBoth({ op: 'Pow', inputs: [tensor(type, [-3]), tensor('int64', [3])] }, tensor(type, [-27]));
    expectBoth({ op: 'Pow', inputs: [tensor(type, [9, 2, 16]), tensor('float32', [0.5, 2, -0.5])] }, tensor(type, [3, 4, 0]));
  }
});

test('Pow of floats with known inputs', () => {
  for (const type of floatTypes) {
    const bases = [0.3, 1, 2, 7.5, 1e5, -2, -1, 0.99, 123.456].map(Math.fround);
    for (const exponent of [0, 1, -1, 2, -3, 0.5, 0.25, -1.75, 2.2, 7, 41, 1025].map(Math.fround)) {
      const inputs = [tensor(type, bases), tensor(type, [exponent], [])];
      const [[known]] = bothWays({ op: 'Pow', inputs, ...(type === 'float64' ? {} : { constants: [0, 1] }) });
      bases.forEach((base, i) => {
        const exact = base ** exponent;
        const value = Number(known?.data[i]);
        if (type === 'float32') expect([base, exponent, ulpError(value, exact) <= 0]).toEqual([base, exponent, true]);
        else expect([base, exponent, Object.is(value, exact) || Math.abs(value / exact - 1) < 1e-13]).toEqual([base, exponent, true]);
      });
    }
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const special = [
      [0, 0.3, 0],
      [0, -0.3, inf],
      [-8, 1 / 3, nan],
      [inf, 0.3, inf],
      [inf, -0.3, 0],
      [1, nan, 1],
      [1, inf, 1],
      [-1, -inf, 1],
      [-1, nan, nan],
      [nan, 0, 1],
      [nan, 0.3, nan],
      [2, inf, inf],
      [0.5, inf, 0],
      [2, -inf, 0],
      [-1, 1025, -1],
      [-1, 1026, 1],
    ];
    const column = (i: number) => special.map((row) => at(row, i));
    const inputs = [tensor(type, column(0)), tensor(type, column(1))];
    expectBoth({ op: 'Pow', inputs }, tensor(type, column(2)));
  }
});

test.each(['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max', 'Mod', 'PRelu'])('%s of float32: known inputs give the bits of the kernel', (op) => {
  const attributes = op === 'Mod' ? { fmod: 1 } : {};
  for (const [left, right] of [
    [
      [2, 3, 4],
      [3, 1],
    ],
    [[2, 3, 4], []],
    [[5], [5]],
    [[0, 2], [2]],
  ] as const) {
    const [a, b] = [random(left, 1, -5, 5), random(right, 2, -5, 5)];
    const expected = broadcastMap(binaryFunctions[op] as never, a, b);
    expectBoth({ op, attributes, inputs: [toTensor(a), toTensor(b)] }, toTensor(expected));
  }
  const values = [Number.NaN, Infinity, -Infinity, 0, -0, 1, -2.5, 1e-40, 3e38].map(Math.fround);
  const [a, b] = [
    array(
      [9, 9],
      values.flatMap((value) => values.map(() => value)),
    ),
    array([9], values),
  ];
  const expected = broadcastMap(binaryFunctions[op] as never, a, b);
  expectBoth({ op, attributes, inputs: [toTensor(a), toTensor(b)] }, toTensor(expected));
});

test('float64 keeps its digits', () => {
  const [a, b] = [
    [0.1, 1e300, -3],
    [0.2, 1e300, 7],
  ] as const;
  for (const op of ['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max', 'PRelu']) {
    const f = binaryFunctions[op] as (typeof binaryFunctions)[string];
    expectBoth(
      { op, inputs: [new Tensor('float64', a), new Tensor('float64', b)] },
      new Tensor(
        'float64',
        a.map((value, i) => f(value, at(b, i))),
      ),
    );
  }
});

test('Sum, Min and Max of several; Mean of floats alone', () => {
  for (const type of wholeTypes) {
    const inputs = [tensor(type, [1, 2, 3, 4], [2, 2]), tensor(type, [10, 20]), tensor(type, [5], [])];
    expectBoth({ op: 'Min', inputs }, tensor(type, [1, 2, 3, 4], [2, 2]));
    expectBoth({ op: 'Max', inputs }, tensor(type, [10, 20, 10, 20], [2, 2]));
    expect(failure(() => bothWays({ op: 'Mean', inputs })).code).toBe('UNSUPPORTED');
  }
  const inputs = [tensor('float64', [1, 2]), tensor('float64', [4], []), tensor('float64', [1, 6])];
  expectBoth({ op: 'Sum', inputs }, tensor('float64', [6, 12]));
  expectBoth({ op: 'Mean', inputs }, tensor('float64', [2, 4]));
  expectBoth({ op: 'Mean', inputs: inputs.slice(0, 1) }, tensor('float64', [1, 2]));
});

test('inputs that do not fit', () => {
  for (const [a, b] of [
    [tensor('float32', [1, 2]), tensor('float32', [1, 2, 3])],
    [tensor('float32', [1, 2]), tensor('int64', [1, 2])],
    [tensor('int32', [1]), tensor('int64', [1])],
  ] as const) {
    expect(failure(() => bothWays({ op: 'Add', inputs: [a, b] })).code).toBe('INVALID_MODEL');
  }
  expect(failure(() => bothWays({ op: 'PRelu', inputs: [tensor('float32', [1]), tensor('float32', [1, 2])] })).code).toBe('INVALID_MODEL');
});
