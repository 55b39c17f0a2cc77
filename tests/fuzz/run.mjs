// The fuzzers and the soak: npm run fuzz -- [--minutes N] [--seed S] [--only graphs|quantized|files|checkpoints|programs|soak]
//
//   graphs  random graphs over all operators: Lanewise against onnxruntime-node, where that is installed (bench/peers), and against itself
//   quantized  random networks of integers, likewise
//   files   broken files of every format: nothing but a LanewiseError or a run may come, in a second and a gigabyte
//   checkpoints, programs  those of files that PyTorch writes, and compiled models, by themselves; only where asked for
//   soak    load, run, abort and dispose over and over, in threads and workers: memory comes back
//
// N minutes each, 1 where left out; a seed makes the same cases again. Where something fails it prints the smallest case, and the exit code
// is 1. tests/fuzz/README.md tells more.

import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { path } from '../../bench/sources.mjs';
import { checkpoints, files, graphs, programs, quantized, soak } from './reports.mjs';

const gauges = { graphs, quantized, files, checkpoints, programs, soak };

const wrong = (text) => {
  console.error(text);
  process.exit(2);
};

function read() {
  try {
    return parseArgs({
      options: {
        minutes: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string' },
        replay: { type: 'string' },
        operator: { type: 'string' },
        without: { type: 'string', multiple: true },
        ignore: { type: 'string' },
        shown: { type: 'string', default: '3' },
        verbose: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return wrong(error.message);
  }
}

const { minutes, seed, only, shown, replay, ...rest } = read();
if (!(Number(minutes) > 0)) wrong('--minutes takes a number over 0');
for (const number of [seed, shown]) if (!/^\d+$/.test(number)) wrong('--seed and --shown take whole numbers');
if (only !== undefined && !Object.hasOwn(gauges, only)) wrong(`--only takes ${Object.keys(gauges).join(', ')}`);
if (replay && only === undefined) wrong('--replay SEED:INDEX wants --only graphs, files, checkpoints or programs');

/** The programs of gauges that are a part of another. */
const programOf = { quantized: 'graphs', checkpoints: 'files', programs: 'files' };
const names = only ? [only] : ['graphs', 'quantized', 'files', 'soak'];
await build({
  entryPoints: names.map((name) => path(`tests/fuzz/${programOf[name] ?? name}.ts`)),
  outdir: path('build/fuzz'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});

let passed = true;
for (const name of names) {
  const options = {
    ...rest,
    seed: Number(seed),
    shown: Number(shown),
    replay,
    root: path(''),
    until: Date.now() + Number(minutes) * 60_000,
  };
  if (!(await gauges[name](options))) passed = false;
}
process.exit(passed ? 0 : 1);
