import type { DataType } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { bothWays, expectBoth, floatTypes, tensor, types, wholeTypes } from './typed.ts';

/** TensorProto.DataType. */
const codes: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

const expectCast = (from: DataType, to: DataType, values: (number | bigint)[], results: (number | bigint)[]) =>
  expectBoth({ op: 'Cast', attributes: { to: codes[to] }, inputs: [tensor(from, values)] }, tensor(to, results));

test('small numbers stay in every pair of types', () => {
  for (const from of types) {
    for (const to of types) {
      const values = from === 'bool' ? [0, 1] : [0, 1, 2, 127];
      expectCast(from, to, values, to === 'bool' ? values.map((value) => Number(value !== 0)) : values);
      expectBoth({ op: 'Cast', attributes: { to: codes[to] }, inputs: [tensor(from, [1], [])] }, tensor(to, [1], []));
      expectBoth({ op: 'Cast', attributes: { to: codes[to] }, inputs: [tensor(from, [], [2, 0])] }, tensor(to, [], [2, 0]));
    }
  }
});

test('whole numbers wrap around', () => {
  const values = [-1n, 255n, 256n, -129n, 65537n, 2n ** 31n, -(2n ** 31n) - 1n, 2n ** 32n + 5n, 2n ** 63n - 1n, -(2n ** 63n)];
  for (const to of wholeTypes) expectCast('int64', to, values, values);
  const unsigned = [2n ** 64n - 1n, 2n ** 63n, 300n];
  for (const to of wholeTypes) expectCast('uint64', to, unsigned, unsigned);
});

test('floats are cut towards zero; what is not 0 is true', () => {
  for (const from of floatTypes) {
    for (const to of wholeTypes) expectCast(from, to, [0.9, 1.5, 99.99, -0.5], [0, 1, 99, 0]);
    for (const to of ['int8', 'int16', 'int32', 'int64'] as const) expectCast(from, to, [-1.5, -99.9], [-1, -99]);
    expectCast(from, 'bool', [0, -0, 0.1, -3, Number.NaN, Infinity], [0, 0, 1, 1, 1, 1]);
    // Nothing is promised of these, but that no error comes and no engine differs.
    for (const to of wholeTypes) expectCast(from, to, [Number.NaN, Infinity, -Infinity], [0, 0, 0]);
  }
  expectCast('float64', 'int64', [2 ** 53, -(2 ** 62), 1e15 + 0.5], [2n ** 53n, -(2n ** 62n), 10n ** 15n]);
});

test('to floats', () => {
  expectCast('float64', 'float32', [0.1, 1e300, -1e300, 1e-50, -0, Number.NaN], [0.1, Infinity, -Infinity, 0, -0, Number.NaN]);
  expectCast('float32', 'float64', [0.1, 1e-40], [Math.fround(0.1), Math.fround(1e-40)]);
  expectCast('int64', 'float64', [2n ** 53n + 1n, -(2n ** 63n)], [2 ** 53, -(2 ** 63)]);
  expectCast('int64', 'float32', [2n ** 24n + 1n, 2n ** 63n - 1n], [2 ** 24, 2 ** 63]);
  expectCast('uint64', 'float32', [2n ** 64n - 1n], [2 ** 64]);
});

// The two halves are float32 that hold only what they can.
test.each([
  [
    'float16',
    10,
    [
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      1 + 2 ** -11 + 2 ** -20,
      65504,
      65519,
      65520,
      -1e6,
      2 ** -24,
      2 ** -25,
      3 * 2 ** -25,
      2 ** -26,
      -0,
      6.1e-5,
    ],
    [1, 1 + 2 ** -9, 1 + 2 ** -10, 65504, 65504, Infinity, -Infinity, 2 ** -24, 0, 2 ** -23, 0, -0, Math.round(6.1e-5 * 2 ** 24) / 2 ** 24],
  ],
  [
    'bfloat16',
    16,
    [1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 3.3e38, 3.4e38, -3.4e38, -0, 2 ** -133],
    [1, 1 + 2 ** -6, 1 + 2 ** -7, Math.round(3.3e38 / 2 ** 120) * 2 ** 120, Infinity, -Infinity, -0, 2 ** -133],
  ],
] as [string, number, number[], number[]][])('to %s: the nearest, ties to even', (_, to, values, results) => {
  const special = [Number.NaN, Infinity, -Infinity];
  const x = [...values, ...special].map(Math.fround);
  expectBoth({ op: 'Cast', attributes: { to }, inputs: [tensor('float32', x)] }, tensor('float32', [...results, ...special]));
  expectBoth({ op: 'Cast', attributes: { to }, inputs: [tensor('int64', [1, 2049, -3])] }, tensor('float32', [1, 2048, -3]));
});

test('every float16 stays, and half way between two the even one is taken', () => {
  const halves: number[] = [];
  for (let bits = 0; bits < 0x7c00; bits++) {
    const exponent = bits >> 10;
    const mantissa = bits & 0x3ff;
    halves.push(exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
  }
  const between = halves.slice(1).map((value, i) => (value + (halves[i] ?? 0)) / 2);
  const even = between.map((_, i) => halves[i % 2 === 0 ? i : i + 1] ?? 0);
  const cast = (values: number[]) => bothWays({ op: 'Cast', attributes: { to: 10 }, inputs: [tensor('float32', values)] })[0][0]?.data;
  expect(Array.from(cast(halves) as Float32Array)).toEqual(halves);
  expect(Array.from(cast(between) as Float32Array)).toEqual(even);
  expect(Array.from(cast(between.map((value) => -value)) as Float32Array)).toEqual(even.map((value) => -value));
});

test('types that are not there', () => {
  for (const to of [8, 14, 17, 0, -1, 99]) {
    expect(failure(() => bothWays({ op: 'Cast', attributes: { to }, inputs: [tensor('float32', [1])] })).code).toBe('UNSUPPORTED');
  }
});
