// Times every kernel alone: node bench/kernels/run.mjs [--only NAME] [--relaxed] [--json]
// --only takes cases and kernels whose name holds NAME; --json writes build/bench-kernels.json.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { importSources, path } from '../sources.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, relaxed: { type: 'boolean' }, json: { type: 'boolean' } } });

const { cases, measure, multiplyAddLimit, chooseVariant } = await importSources(
  'kernels',
  `export * from './bench/kernels/cases.ts';
  export * from './bench/kernels/measure.ts';
  export { multiplyAddLimit } from './src/cli/limit.ts';
  export { chooseVariant } from './src/runtime/wasm.ts';`,
);

const wanted = (values.only ?? '').toLowerCase();
const chosen = cases.filter(({ name, kernel }) => `${name} ${kernel}`.toLowerCase().includes(wanted));
if (chosen.length === 0) {
  console.error(`no case holds '${values.only}'; there are:\n  ${cases.map(({ name, kernel }) => `${name} (${kernel})`).join('\n  ')}`);
  process.exit(1);
}

const variant = chooseVariant(values.relaxed ?? false);
const limit = await multiplyAddLimit(variant);
const rows = await measure(chosen, variant);

const table = rows.map(({ kernel, name, ms, margin, unit, rate, best }) => [
  kernel,
  name,
  `${ms.toPrecision(3)} ms`,
  `±${margin.toFixed(1)} %`,
  `${rate.toFixed(1)} ${unit}`,
  best.toFixed(1),
  // The limit is the best of many runs too.
  unit === 'GFLOP/s' ? `${((100 * best) / limit).toFixed(0)} %` : '',
]);
const header = ['kernel', 'case', 'time', 'margin', 'rate', 'best', 'of limit'];
const widths = header.map((title, i) => Math.max(title.length, ...table.map((row) => row[i].length)));
const line = (row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
console.log(`\n${[header, ...table].map(line).join('\n')}`);
console.log(`\n128-bit multiply-adds, ${variant}, one thread: at most ${limit.toFixed(1)} GFLOP/s here`);
console.log(`Node ${process.versions.node}, V8 ${process.versions.v8}, ${cpus()[0]?.model ?? 'unknown processor'}`);

if (values.json) {
  const report = { variant, node: process.versions.node, v8: process.versions.v8, cpu: cpus()[0]?.model, limit, rows };
  writeFileSync(path('build/bench-kernels.json'), `${JSON.stringify(report, null, 2)}\n`);
}
