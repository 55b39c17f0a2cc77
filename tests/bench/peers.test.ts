import { describe, expect, test } from '@jest/globals';

// In variables, for these are scripts without types.
const folder: string = '../../bench/peers';
const { relativeError, checkEqual, summarize } = await import(`${folder}/statistics.mjs`);
const { barChart } = await import(`${folder}/chart.mjs`);
const { table } = await import(`${folder}/table.mjs`);

describe('statistics', () => {
  test('least, quartiles and median of any order', () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ runs: 5, min: 1, q1: 2, median: 3, q3: 4 });
    expect(summarize([4, 1])).toEqual({ runs: 2, min: 1, q1: 1.75, median: 2.5, q3: 3.25 });
    expect(summarize([7])).toEqual({ runs: 1, min: 7, q1: 7, median: 7, q3: 7 });
    expect(() => summarize([])).toThrow('no measurements');
  });

  test('differences are relative to the largest output', () => {
    expect(relativeError([1, -4.5], [1, -5])).toBeCloseTo(0.1);
    expect(checkEqual('x', [1, 2], [1, 2], 0)).toBe(0);
    expect(() => checkEqual('x', [1, 2.1], [1, 2], 0.01)).toThrow('x: outputs differ by 5.0e-2 of the largest, more than 0.01');
  });

  test.each([
    ['NaN', [Number.NaN, 1, 1], [1, 1, 1]],
    ['NaN before a difference', [Number.NaN, 9, 1], [1, 1, 1]],
    ['NaN expected', [1, 1], [Number.NaN, 1]],
    ['Infinity', [Number.POSITIVE_INFINITY, 1], [1, 1]],
    ['all zero', [0, 0], [0, 0]],
    ['too few', [1], [1, 1]],
  ])('fails for %s', (_, actual, expected) => {
    expect(() => checkEqual('x', actual, expected, 1)).toThrow();
  });
});

test('columns line up', () => {
  expect(
    table(
      ['', 'ms'],
      [
        ['vgg16', 1],
        ['a', 100],
      ],
    ),
  ).toBe('        ms\nvgg16    1\na      100');
});

test('the chart has a bar for each value, escapes what it is told, and leaves out what was not measured', () => {
  const groups = [
    { label: 'a', values: [2, undefined] },
    { label: 'b', values: [0.25, 11] },
  ];
  const svg: string = barChart({ title: 'x < y', notes: ['R&D', 'z'], peers: ['one', 'two'], groups });
  expect(svg.match(/<rect class="bar/g)).toHaveLength(2 + 3);
  expect(svg).toContain('x &lt; y');
  expect(svg).toContain('R&amp;D');
  expect(svg).toContain('>0.25<');
  expect(svg).toContain('>11.0<');
  expect(svg).not.toMatch(/NaN|undefined/);
  // Bars are as long as their values, and none leaves the picture.
  const widths = [...svg.matchAll(/<rect class="bar\d" x="130" y="\d+" width="(\d+)" height="13"/g)].map((match) => Number(match[1]));
  expect(widths).toHaveLength(3);
  expect(widths[0]! / widths[1]!).toBeCloseTo(8, 0);
  expect(Math.max(...widths)).toBeLessThanOrEqual(760 - 130 - 60);
});
