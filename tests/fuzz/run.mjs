// The fuzzers and the soak: npm run fuzz -- [--minutes N] [--seed S] [--only graphs|files|soak]
//
//   graphs  random graphs over all operators: Lanewise against onnxruntime-node, where that is installed (bench/peers), and against itself
//   files   broken files of every format: nothing but a LanewiseError or a run may come, in a second and a gigabyte
//   soak    load, run, abort and dispose over and over, in threads and workers: memory comes back
//
// N minutes each, 1 where left out; a seed makes the same cases again. Where something fails it prints the smallest case, and the exit code
// is 1. More options: --replay SEED:INDEX or FILE (a graph in JSON as failures print it), --operator NAME (graphs around one operator),
// --without VARIANT, --ignore PATTERN (failures in such words are counted only), --shown N (failures of a kind that are shrunk).

import { copyFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { path } from '../../bench/sources.mjs';
import { fuzzGraphs } from './supervise.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    replay: { type: 'string' },
    operator: { type: 'string' },
    without: { type: 'string', multiple: true },
    ignore: { type: 'string' },
    shown: { type: 'string' },
  },
});
const gauges = { graphs: fuzzGraphs };
const wrong = (text) => {
  console.error(text);
  process.exit(2);
};
const minutes = Number(values.minutes);
if (!(minutes > 0)) wrong('--minutes takes a number over 0');
if (!/^\d+$/.test(values.seed)) wrong('--seed takes a whole number');
if (values.only !== undefined && !Object.hasOwn(gauges, values.only)) wrong(`--only takes ${Object.keys(gauges).join(', ')}`);

const names = values.replay || values.operator ? ['graphs'] : values.only ? [values.only] : Object.keys(gauges);
await build({
  entryPoints: names.map((name) => path(`tests/fuzz/${name}.ts`)),
  outdir: path('build/fuzz'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
// Threads start from the file beside the module.
copyFileSync(path('src/runtime/worker.js'), path('build/fuzz/worker.js'));
let failed = false;
for (const name of names) {
  const passed = await gauges[name]({ ...values, minutes, seed: Number(values.seed), root: path('') });
  if (!passed) failed = true;
}
process.exit(failed ? 1 : 0);
