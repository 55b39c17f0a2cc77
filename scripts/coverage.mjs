// Which lines and branches of src/ the tests run: npm run coverage [-- tests/formats ...] [--least 30] Runs those tests, or
// all, and prints the files of which the least is run; build/coverage/ has every line, index.html first. Code that runs in
// processes of its own (the built command, workers, browsers) does not count. Fails where a test does.

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ options: { least: { type: 'string', default: '30' } }, allowPositionals: true });
const least = Number(values.least);
if (!Number.isInteger(least) || least < 0) throw new Error(`--least takes a number of files, not '${values.least}'`);

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const folder = 'build/coverage';
rmSync(folder, { recursive: true, force: true });
const reporters = ['json-summary', 'html'].map((name) => `--coverageReporters=${name}`);
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
// Paths before options: some of these take all that follows.
const sources = ['--coverage', '--coverageProvider=v8', '--collectCoverageFrom=src/**/*.ts', `--coverageDirectory=${folder}`, ...reporters];
const { status } = spawnSync(process.execPath, [...jest, ...positionals, ...sources], { stdio: 'inherit' });

const { total, ...files } = JSON.parse(readFileSync(`${folder}/coverage-summary.json`, 'utf8'));
const share = ({ pct }) => `${Number(pct).toFixed(1)} %`.padStart(8);
// Modules of types have nothing to run.
const rows = Object.entries(files)
  .filter(([, { functions, branches }]) => functions.total + branches.total > 0)
  .sort(([, a], [, b]) => a.lines.pct - b.lines.pct || a.branches.pct - b.branches.pct)
  .slice(0, least)
  .map(([path, { lines, branches }]) => `${share(lines)}  ${share(branches)}  ${relative('.', path)}`);
console.log(['   lines  branches', ...rows, `${share(total.lines)}  ${share(total.branches)}  src, all files`].join('\n'));
process.exitCode = status ?? 1;
