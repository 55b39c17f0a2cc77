// docs/training.md: its code compiles and runs, in its order, as one program; its numbers and its list are right.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { addOperators } from '../../src/compiler/operators.ts';
import * as training from '../../src/training/index.ts';
import { crossEntropy, sgd, type TrainerOptions, trainer } from '../../src/training/index.ts';
import { rules } from '../../src/training/rules/index.ts';
import { resnet20 } from '../../src/zoo/index.ts';
import { at } from '../browser/setup.ts';
import { blocksOf } from './markdown.ts';

const page = readFileSync(at('docs/training.md'), 'utf8').replaceAll('\r\n', '\n');
const blocks = blocksOf(page);
// In the package's own folder, where its name leads to its exports.
const folder = at('build/training-guide');

/** Smaller numbers, so that it takes seconds: all of them have to be there. */
const smaller: readonly (readonly [string, string])[] = [
  ['batch: 128', 'batch: 8'],
  ['epochs: 30', 'epochs: 2'],
  ['epochs: 31', 'epochs: 3'],
  ['epochs: 40', 'epochs: 4'],
  ['// { epoch: 31, batch: 0, step: 2449 }', '// { epoch: 3, batch: 0, step: 12 }'],
];
/** The page as a program: `x; // 3` compares, and its fresh names may be those of another block. */
const program = (text: string): string => text.replace(/^([\w.]+); \/\/ (\{.*\})$/gm, 'compare($1, $2);');

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(at('models/cifar10-resnet20/model.onnx'), join(folder, 'model.onnx'));
  const pictures = Uint8Array.from({ length: 31 * 3073 }, (_, i) => (i % 3073 === 0 ? (i / 3073) % 10 : (i * 7919 + (i >> 5) * 31) & 255));
  for (const file of ['data_batch_1.bin', 'test_batch.bin']) writeFileSync(join(folder, file), pictures);
});

const code = () => blocks.map(({ text }) => text).join('\n');

test('it compiles', () => {
  expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(['ts']));
  writeFileSync(join(folder, 'guide.ts'), code());
  const compilerOptions = {
    ...{ target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: ['node'] },
    ...{ strict: true, noEmit: true, skipLibCheck: true },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['guide.ts'] }));
  const { stdout, status } = spawnSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
}, 30_000);

test('it runs, and what stands behind is right', () => {
  // 31 epochs of the 79 batches that a file of 10,000 pictures has.
  expect(31 * Math.ceil(10_000 / 128)).toBe(2449);
  const lines = ["import { deepStrictEqual as compare } from 'node:assert/strict';", code(), 'console.log(JSON.stringify(onnx.warnings));'];
  let text = program(lines.join('\n'));
  for (const [given, instead] of smaller.map((pair) => pair.map(program))) {
    const [from, to] = [given, instead].map((one) => one?.replace('// ', '')) as [string, string];
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  expect(text.split('compare(').length - 1).toBe(2);
  writeFileSync(join(folder, 'guide.mjs'), `${transformSync(text, { loader: 'ts', target: 'es2022' }).code}\nprocess.exit(0);\n`);
  const { stdout, stderr, status } = spawnSync(process.execPath, ['guide.mjs'], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  expect({ status, stderr: status === 0 ? '' : stderr.slice(0, 2000) }).toEqual({ status: 0, stderr: '' });
  const printed = stdout.trim().split('\n');
  expect(printed.slice(0, 2)).toEqual([expect.stringMatching(/^0 [\d.]+ [\d.]+$/), expect.stringMatching(/^1 [\d.]+ [\d.]+$/)]);
  expect(printed[2]).toBe('ABORTED');
  const warning = /onnx\.warnings; \/\/ (\[.*), \.\.\."\]\n/.exec(page)?.[1];
  expect(printed[3]?.slice(0, warning?.length)).toBe(warning);
}, 90_000);

test('the memory is what a trainer takes', async () => {
  const rows = [...page.matchAll(/^\| (\d+) +\| (?:`(\w+): (\w+)`)? +\| +([\d.]+) \| +([\d.]+) \|$/gm)];
  expect(rows.length).toBe(3);
  for (const [, batch, option = '', value = '', weights, activations] of rows) {
    const more: Partial<TrainerOptions> = option === '' ? {} : { [option]: JSON.parse(value) };
    const t = await trainer(resnet20(), { loss: crossEntropy(), optimizer: sgd({ momentum: 0.9 }), batch: Number(batch), ...more });
    expect((t.memory.weights / 1e6).toFixed(1)).toBe(weights);
    // A buffer more or less changes no reader's mind.
    expect(Math.abs(t.memory.activations / 1e6 / Number(activations) - 1)).toBeLessThan(0.03);
    t.dispose();
  }
});

test('the operators are those without a rule', () => {
  const section = page.split('## What has a gradient')[1]?.split('\nIf something')[0] ?? '';
  const lists = [...section.matchAll(/^- (?:[^:;]*: )?([A-Z][^;.]*)[;.]$/gm)].map(([, text = '']) => text.split(/,\s+/));
  expect(lists.length).toBe(2);
  const without = [...addOperators().keys()].filter((name) => !(name in rules));
  expect(lists.flat().sort()).toEqual(without.sort());
});

test('every function is on the page', () => {
  const functions = Object.keys(training).filter((name) => /^[a-z]/.test(name));
  expect(functions.length).toBeGreaterThan(8);
  expect(functions.filter((name) => !page.includes(`\`${name}(`) && !page.includes(` ${name}(`))).toEqual([]);
});

test('its lines are short enough to read', () => {
  const prose = page.replace(/^```.*?^```$/gms, '').split('\n');
  expect(prose.filter((line) => line.length > 118 && !line.startsWith('|'))).toEqual([]);
});
