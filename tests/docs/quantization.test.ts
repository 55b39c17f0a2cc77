// docs/quantization.md: its code compiles and runs, in its order, as one program; its operators are those that there are.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { addOperators } from '../../src/compiler/operators.ts';
import { otherOperators } from '../../src/ops/index.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { at } from '../browser/setup.ts';
import { blocksOf } from './markdown.ts';

const page = readFileSync(at('docs/quantization.md'), 'utf8').replaceAll('\r\n', '\n');
const code = blocksOf(page)
  .filter(({ language }) => language === 'ts')
  .map(({ text }) => text)
  .join('\n');
// In the package's own folder, where its name leads to its exports.
const folder = at('build/quantization-guide');

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});

test('its code runs', () => {
  writeFileSync(
    join(folder, 'guide.mjs'),
    transformSync(`${code}\nconsole.log(model.inputs[0].name, compact.length > 1000);`, { loader: 'ts' }).code,
  );
  const { stdout, stderr, status } = spawnSync(process.execPath, ['guide.mjs'], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  expect({ status, stderr: status === 0 ? '' : stderr.slice(0, 2000) }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/name: .*bits: 8.*input true\n$/s);
}, 90_000);

test('its operators are there', () => {
  addQuantized();
  const all = [...addOperators().keys(), ...[...otherOperators.keys()].map((name) => name.replace('com.microsoft.', ''))];
  const section = page.split('## What runs as integers')[1]?.split('- Between')[0] ?? '';
  const named = section.match(/\b[A-Z]\w*(Linear|Integer)\w*|\bQ[A-Z]\w+/g) ?? [];
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((name) => !all.includes(name))).toEqual([]);
});

test('its lines are short enough to read', () => {
  const prose = page.replace(/^```.*?^```$/gms, '').split('\n');
  expect(prose.filter((line) => line.length > 132 && !line.startsWith('|'))).toEqual([]);
});
