import { exp, log } from '../../src/ops/exact.ts';

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
