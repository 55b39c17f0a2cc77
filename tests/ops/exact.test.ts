import { cos, exp, log, pow, sin } from '../../src/ops/exact.ts';
import { numbers } from '../numbers.ts';

/** Relative to the result, against the engine's own, which is right to a unit or so in the last place. */
const CLOSE = 8 * 2 ** -53;

/** The largest error of f beside g, from low to high. */
function worst(f: (x: number) => number, g: (x: number) => number, low: number, high: number, next: (x: number) => number): number {
  let largest = 0;
  for (let x = low; x < high; x = next(x)) largest = Math.max(largest, f(x) === g(x) ? 0 : Math.abs(f(x) / g(x) - 1));
  return largest;
}

test('exp', () => {
  expect(worst(exp, Math.exp, -708, 709, (x) => x + 0.0371)).toBeLessThan(CLOSE);
  expect(worst(exp, Math.exp, -1, 1, (x) => x + 0.00037)).toBeLessThan(CLOSE);
  const special = [0, -0, 710, Infinity, -746, -Infinity, Number.NaN];
  expect(special.map(exp)).toEqual([1, 1, Infinity, Infinity, 0, 0, Number.NaN]);
  // Denormal results are whole multiples of the smallest number.
  for (let x = -745; x < -709; x += 0.5) expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThanOrEqual(5e-324 + CLOSE * Math.exp(x));
});

test('log', () => {
  expect(worst(log, Math.log, 1e-300, 1e300, (x) => x * 1.37)).toBeLessThan(CLOSE);
  expect(worst(log, Math.log, 0.5, 2, (x) => x + 0.000371)).toBeLessThan(CLOSE);
  const special = [1, 0, -0, -1, Infinity, -Infinity, Number.NaN];
  expect(special.map(log)).toEqual([0, -Infinity, -Infinity, Number.NaN, Infinity, Number.NaN, Number.NaN]);
  expect(log(5e-324)).toBeCloseTo(Math.log(5e-324), 10);
});

/** The difference in units in the last place of the second. */
function units(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  const exponent = Math.max(-1022, Math.floor(Math.log2(Math.abs(b))));
  return Math.abs(a - b) / 2 ** (exponent - 52);
}

test('sin and cos', () => {
  const next = numbers(1);
  for (const range of [0.01, 4, 100, 1e6]) {
    for (let i = 0; i < 20_000; i++) {
      const x = (2 * next() - 1) * range;
      // The engine's own are right to a unit.
      if (units(sin(x), Math.sin(x)) > 1 || units(cos(x), Math.cos(x)) > 1)
        expect([x, sin(x), cos(x)]).toEqual([x, Math.sin(x), Math.cos(x)]);
    }
  }
  // Near their zeros nothing cancels.
  for (let k = 1; k < 600_000; k += 7919) {
    const x = (k * Math.PI) / 2;
    expect(units(sin(x), Math.sin(x))).toBeLessThanOrEqual(1);
    expect(units(cos(x), Math.cos(x))).toBeLessThanOrEqual(1);
  }
  expect([0, -0, Number.NaN, Infinity, -Infinity].map(sin)).toEqual([0, -0, Number.NaN, Number.NaN, Number.NaN]);
  expect([0, -0, Number.NaN, Infinity, -Infinity].map(cos)).toEqual([1, 1, Number.NaN, Number.NaN, Number.NaN]);
});

test('pow', () => {
  const next = numbers(2);
  for (const [base, exponent] of [
    [10, 100],
    [0.01, 1e5],
    [600, 2],
  ] as const) {
    for (let i = 0; i < 10_000; i++) {
      const [x, y] = [Math.exp((next() - 0.5) * base), (next() - 0.5) * exponent];
      const expected = x ** y;
      if (expected > 1e-300 && expected < 1e300 && units(pow(x, y), expected) > 2) expect([x, y, pow(x, y)]).toEqual([x, y, expected]);
    }
  }
  for (let n = -1074; n < 1024; n++) expect(pow(2, n)).toBe(2 ** n);
  for (const x of [0, 0.5, 1, 2, Infinity, Number.NaN]) {
    for (const y of [0, 1, -1, 2.5, -2.5, 1e300, -1e300, Infinity, -Infinity, Number.NaN]) {
      // JavaScript's 1 ** Infinity is NaN, C's is 1.
      if (x !== 1) expect(pow(x, y)).toBe(x ** y);
    }
  }
  expect([pow(1, Infinity), pow(-2, 2), pow(-2, 0)]).toEqual([1, Number.NaN, 1]);
});

test('what averages and corrections of training need: x^n for whole n, against 300 bits', () => {
  const DIGITS = 300n;
  const wide = (x: number): bigint => {
    let [m, places] = [x, 0n];
    for (; !Number.isInteger(m); places++) m *= 2;
    return (BigInt(m) << DIGITS) >> places;
  };
  const power = (x: number, n: number): bigint => {
    let [result, square] = [1n << DIGITS, wide(x)];
    for (let left = n; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) result = (result * square) >> DIGITS;
      square = (square * square) >> DIGITS;
    }
    return result;
  };
  for (const x of [0.5, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 0.99999, 1 - 2 ** -24]) {
    for (let n = 1; n <= 1e7; n = Math.ceil(n * 1.7)) {
      const expected = power(x, n);
      const bits = expected.toString(2).length;
      // Below that not all of the number's 53 bits are among the digits.
      if (bits < 120) break;
      const error = Number((wide(pow(x, n)) - expected) >> BigInt(bits - 63)) / 2 ** 10;
      expect(Math.abs(error)).toBeLessThan(1.2);
    }
  }
  expect(pow(0.999, 1e7)).toBe(0);
});
