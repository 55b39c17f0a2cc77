// Every number in README.md's prose and tables is held against where it comes from. tests/conformance/onnx-node.test.ts holds
// the counts of ONNX's cases.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { addOperators } from '../../src/compiler/operators.ts';
import { NEWEST_OPSET } from '../../src/ops/index.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { at } from '../browser/setup.ts';
import { proseOf } from './markdown.ts';

const read = (path: string): string => readFileSync(at(path), 'utf8').replaceAll('\r\n', '\n');
const prose = proseOf(read('README.md'));
/** Numbers of the prose that no test has asked for yet. */
let left = prose;

/** A pattern of words that may stand on two lines. */
const spaced = (pattern: RegExp): RegExp => new RegExp(pattern.source.replace(/ (?![*+])/g, '\\s+'), 'g');

/** The numbers that a pattern finds, at least one; they count as checked. */
function stated(pattern: RegExp): number[][] {
  const found = [...prose.matchAll(spaced(pattern))];
  if (found.length === 0) throw new Error(`README.md says nothing like ${pattern}`);
  for (const [text] of found) left = left.replace(text, '');
  return found.map(([, ...groups]) => groups.map((group) => Number(group.replaceAll(',', ''))));
}

/** The cells of the rows of a table, from the line that its header begins with. */
const tableOf = (text: string, header: string): string[][] => {
  const rows = text.slice(text.indexOf(`\n${header}`) + 1).split('\n\n', 1)[0] ?? '';
  return rows
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
};

test('operators and opsets', () => {
  addQuantized();
  const { size } = addOperators();
  expect(stated(/(\d+) operators/)).toEqual([[size], [size]]);
  expect(stated(/opset (\d+) to (\d+)/)).toEqual([[7, NEWEST_OPSET]]);
});

describe('sizes', () => {
  const printed = execFileSync(process.execPath, ['scripts/sizes.mjs'], { cwd: at('.'), encoding: 'utf8' });
  const measured = (name: string) => Number(new RegExp(`^${name} +([\\d.]+) KB`, 'm').exec(printed)?.[1]);
  const own = [measured('full bundle by Vite'), measured('full bundle by esbuild'), measured('lanewise/runtime, strict')];
  const peers: Record<string, { bytes: number }> = JSON.parse(read('bench/peers/sizes.json'));

  test('of Lanewise are what scripts/sizes.mjs measures', () => {
    const rows = [/bundled by Vite *\| ([\d.]+) KB/, /bundled by esbuild *\| ([\d.]+) KB/, /compiled model *\| ([\d.]+) KB/];
    rows.forEach((row, i) => {
      const [[size = 0] = []] = stated(row);
      // A few bytes more or less change no reader's mind.
      expect(Math.abs(size - (own[i] as number))).toBeLessThan(0.3);
    });
    const [[whole = 0] = []] = stated(/\*\*(\d+) KB\*\*/);
    const [[compiled = 0] = []] = stated(/compiled model takes (\d+) KB/);
    expect(Math.abs(whole - (own[0] as number))).toBeLessThan(0.8);
    expect(Math.abs(compiled - (own[2] as number))).toBeLessThan(0.8);
  });

  test('of the peers are what bench/peers/sizes.mjs wrote', () => {
    const kilobytes = (name: string) => Math.round((peers[name]?.bytes ?? 0) / 1000);
    expect(stated(/TensorFlow\.js, graph models, Wasm *\| ([\d,]+) KB/)).toEqual([[kilobytes('@tensorflow/tfjs-backend-wasm')]]);
    expect(stated(/onnxruntime-web *\| ([\d,]+) KB/)).toEqual([[kilobytes('onnxruntime-web')]]);
  });
});

describe('times', () => {
  const rows = tableOf(prose, '| model ');
  const chart = read('docs/peers.svg');
  const ratios = rows.map((row) => row.slice(2).map((cell) => Number(/×([\d.]+)$/.exec(cell)?.[1])));

  test('are those of the chart, which bench:peers draws, and of docs/performance.md', () => {
    const drawn = [...chart.matchAll(/ class="small">([\d.]+)<\/text>/g)].map(([, ratio]) => Number(ratio));
    expect(ratios.flat()).toEqual(drawn);
    expect(rows.map(([name]) => name)).toEqual([...chart.matchAll(/text-anchor="end">(\w+)</g)].map(([, name]) => name));
    const table = tableOf(read('docs/performance.md'), '| model ');
    const plain = (cell = '') => cell.replace(/ \(.*/, '').replace(' ms', '');
    expect(table.map(([name, own, ...peers]) => [name, plain(own), ...peers])).toEqual(
      rows.map(([name, own, ...peers]) => [name, plain(own), ...peers.map((cell) => cell.replace(/([\d.]+) ms, ×([\d.]+)/, '$2 ($1)'))]),
    );
  });

  test('and their ratios are what they say', () => {
    for (const [, own = '', ...peers] of rows) {
      for (const cell of peers) {
        const [, ms, ratio] = /([\d.]+) ms, ×([\d.]+)/.exec(cell) ?? [];
        // Both are rounded, the shortest times to two digits.
        expect(Math.abs(Number(ms) / Number.parseFloat(own) / Number(ratio) - 1)).toBeLessThan(0.03);
      }
    }
    left = left.replace(/^\| \w+ +\| [\d.]+ ms .*\n/gm, '');
  });

  test('the least and the most of each peer are those of the table', () => {
    const range = (column: number) => {
      const values = ratios.map((row) => row[column] as number);
      return [Math.min(...values), Math.max(...values)].map((value) => Number(value.toFixed(1)));
    };
    expect(stated(/([\d.]+) to ([\d.]+) times as fast as onnxruntime-web/)).toEqual([range(0)]);
    const [[a, b, c, d, e, f] = []] = stated(
      /onnxruntime-web takes ([\d.]+) to ([\d.]+) times as long as Lanewise, TensorFlow\.js ([\d.]+) to ([\d.]+) times, native onnxruntime ([\d.]+) to ([\d.]+)/,
    );
    expect([a, b, c, d, e, f]).toEqual([...range(0), ...range(1), ...range(2)]);
  });
});

test('engines', () => {
  const { engines, devDependencies } = JSON.parse(read('package.json'));
  const [[least = 0] = []] = stated(/Node \((\d+\.\d+) or newer\)/);
  expect(engines.node).toContain(`^${least}.0`);
  expect(stated(/Node ([\d.]+)\+, (\d+), (\d+)/)).toEqual([[least, 22, 24]]);
  expect(devDependencies).toHaveProperty('typescript');
});

test('no other number is in the prose', () => {
  const given = [
    // What a page says of itself elsewhere: docs/deploy-browser.md, models of the zoo, sizes of pictures, weights' types.
    /Chrome 93, Firefox 92 and Safari 16\.4/,
    /Chrome 110 and Firefox 115;/,
    /\b224×224\b/,
    /\b3-D\b/,
    /\bint8\b/,
    /weights of 8 and 4 bits/,
    /\(Zen 5\) under Node 20;/,
    /Below 1 it is faster/,
    /to 1e-4 of the largest output/,
    // tests/conformance/onnx-node.test.ts
    /Of ONNX's \d+ operator tests \d+ pass, \d+ fail, \d+ are known deviations and \d+ are unsupported/,
    /Of ONNX's own tests \d+ pass and none fails/,
  ];
  for (const pattern of given) {
    expect(left).toMatch(spaced(pattern));
    left = left.replace(spaced(pattern), '');
  }
  expect(left.match(/.{0,20}\d.{0,20}/g) ?? []).toEqual([]);
});
