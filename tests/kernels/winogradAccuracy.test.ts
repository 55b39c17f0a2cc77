// The errors of Winograd's algorithm are those that docs/performance.md states under Accuracy: the figures are read from there.
import { readFileSync } from 'node:fs';
import { type AccuracyCase, graphOf, outlierCases, winogradCases } from '../../bench/accuracy/cases.ts';
import type { CompileOptions } from '../../src/compiler/compile.ts';
import { winogradForms } from '../../src/ops/window/winograd.ts';
import type { NdArray } from '../reference/index.ts';
import { opsOf } from './plans.ts';
import { runGraph } from './run.ts';

const documentation = readFileSync('docs/performance.md', 'utf8').replace(/\s+/g, ' ');

/** The figures in a sentence, or in a row of the table. */
function documented(pattern: RegExp): number[] {
  const figures = documentation.match(pattern)?.slice(1).map(Number);
  if (!figures || figures.some(Number.isNaN)) throw new Error(`docs/performance.md says nothing like ${pattern}`);
  return figures;
}

/** As the documentation rounds. */
const rounded = (error: number): number => Number(error.toExponential(1));

/** As bench/accuracy/run.mjs reckons: the root mean square of the errors, and the largest, over the root mean square of the right answers. */
function errorsOf(config: AccuracyCase, expected: NdArray, winograd: CompileOptions['winograd'] = true) {
  const { data } = runGraph(graphOf(config), { x0: config.inputs[0] as NdArray }, { winograd })[0] as NdArray;
  const places = Array.from(expected.data, (_, place) => place).filter((place) => !config.ignored?.(place));
  const sum = (f: (place: number) => number) => places.reduce((total, place) => total + f(place), 0);
  const error = (place: number) => Math.abs((data[place] as number) - (expected.data[place] as number));
  const squares = sum((place) => (expected.data[place] as number) ** 2);
  return {
    rms: rounded(Math.sqrt(sum((place) => error(place) ** 2) / squares)),
    largest: rounded(places.reduce((most, place) => Math.max(most, error(place)), 0) / Math.sqrt(squares / places.length)),
  };
}

const [f43, f23] = winogradForms;
const [least = 0, most = 0] = documented(/\| by Winograd's algorithm, 64 to 1,024 channels \| (\S+) to (\S+) \|/);
const [ofF23 = 0] = documented(/its error is (\S+) of the outputs' size/);

// The picture of 56×56 takes as long as all the others.
const cases = winogradCases().filter(({ name }) => !name.includes('56×56'));

test.each(cases.map((config) => [config.name, config] as const))('%s', (_, config) => {
  const dims = Object.fromEntries(config.inputs.slice(0, 1).map(({ dims }) => ['x0', { dims }]));
  expect(opsOf(graphOf(config), dims)).toContain('f32_winograd');
  const { rms } = errorsOf(config, config.reference());
  expect(rms).toBeGreaterThanOrEqual(least);
  expect(rms).toBeLessThanOrEqual(most);
});

test('F(2×2, 3×3) and the direct form are more exact', () => {
  const config = cases[0] as AccuracyCase;
  const expected = config.reference();
  const [, direct = 0] = documented(/\| convolutions of ResNet-50 and M-LSD, direct \(28 of them\) \| (\S+) to (\S+) \|/);
  expect(errorsOf(config, expected, f43).rms).toBeLessThanOrEqual(most);
  expect(errorsOf(config, expected, f23).rms).toBeLessThanOrEqual(ofF23);
  expect(errorsOf(config, expected, false).rms).toBeLessThanOrEqual(direct);
});

test('beside a number that dwarfs its neighbours', () => {
  const figures = documented(
    /beside a number of 1e3 \(neighbours are around 1\) the largest such error is (\S+) of the outputs' size, beside 1e5 it is (\S+),/,
  );
  for (const [i, outlier] of [1e3, 1e5].entries()) {
    const [within, atInput] = outlierCases([outlier], 16) as [AccuracyCase, AccuracyCase];
    // Both see the same numbers. Errors are near the outlier, so a small picture will do.
    const expected = within.reference();
    expect(errorsOf(within, expected).largest).toBeLessThanOrEqual(figures[i] as number);
    expect(errorsOf(atInput, expected).rms).toBeLessThanOrEqual(ofF23);
  }
});
