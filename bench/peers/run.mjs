// Lanewise beside other runtimes: node bench/peers/run.mjs [--models a,b] [--runs 15] [--loads 3] [--only times,load,threads,convolutions,gemm,int8]
// The README here tells what is measured. Writes results.json, and docs/peers.svg where all models were timed.

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { convolutionsOf } from './convolutions.mjs';
import { ensureModel, MODELS, modelPath } from './models.mjs';
import { chartOf, convolutionsText, gemmText, int8Text, loadText, ratiosText, threadsText, timesText } from './report.mjs';
import { RUNTIMES } from './runtimes.mjs';
import { child, ensurePeers, machine } from './setup.mjs';
import { summarize } from './statistics.mjs';

const PARTS = ['times', 'load', 'threads', 'convolutions', 'gemm', 'int8'];
/** Of the networks, those that are measured in integers. */
const INT8 = ['resnet50', 'resnet18', 'mobilenet_v2'];
/** Milliseconds; V8's optimising tier takes about a second to take over. */
const WARM_UP = 1000;
const RESULTS = fileURLToPath(new URL('results.json', import.meta.url));
const CHART = fileURLToPath(new URL('../../docs/peers.svg', import.meta.url));

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: MODELS.join() },
    runs: { type: 'string', default: '15' },
    loads: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    only: { type: 'string', default: PARTS.join() },
  },
});

function list(option, known) {
  const chosen = values[option].split(',');
  const unknown = chosen.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`--${option}: no ${unknown.join(', ')}; there are ${known.join(', ')}`);
  return chosen;
}

function count(option) {
  const number = Number(values[option]);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${option} takes a whole number from 1, got '${values[option]}'`);
  return number;
}

process.on('uncaughtException', (error) => {
  console.error(error.message);
  process.exit(1);
});
const names = list('models', MODELS);
const parts = list('only', PARTS);
const [runs, loads, threads] = [count('runs'), count('loads'), count('threads')];

/** From the file to the first result, the runtimes in turn, every time in a new process. */
async function loadTimes(name) {
  const keys = Object.keys(RUNTIMES).filter((key) => RUNTIMES[key].opens);
  const samples = Object.fromEntries(keys.map((key) => [key, []]));
  // One that does not count, so that the file is in the system's cache for all.
  await child('time-load.mjs', 'lanewise', name);
  for (let i = 0; i < loads; i++) for (const key of keys) samples[key].push(await child('time-load.mjs', key, name));
  return Object.fromEntries(
    Object.entries(samples).map(([key, list]) => [
      key,
      {
        ms: summarize(list.map(({ ms }) => ms)),
        open: summarize(list.map(({ openMs }) => openMs)),
        peak: summarize(list.map(({ peak }) => peak)),
      },
    ]),
  );
}

/** One thread and several, the runtimes in turn, each in a process of its own: idle threads of one would disturb the others. */
async function threadTimes(name) {
  const keys = Object.keys(RUNTIMES).filter((key) => RUNTIMES[key].threads);
  const samples = keys.flatMap((key) => [1, threads].map((count) => ({ key, count, medians: [] })));
  for (let i = 0; i < loads; i++) {
    for (const { key, count, medians } of samples) {
      medians.push((await child('time-threads.mjs', key, name, count, runs, WARM_UP)).median);
    }
  }
  const of = (key, wanted) => summarize(samples.find((one) => one.key === key && one.count === wanted).medians).median;
  return { count: threads, times: Object.fromEntries(keys.map((key) => [key, { one: of(key, 1), several: of(key, threads) }])) };
}

ensurePeers();
// Parts that are not measured now keep what the same machine and versions gave before.
const { date, ...here } = machine();
const before = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
const { date: _, ...there } = before.machine ?? {};
const same = isDeepStrictEqual(here, there);
const results = { ...(same ? before : { models: {} }), machine: { ...here, date } };
const save = () => writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
const progress = (what) => process.stderr.write(`${what} ...\n`);
const { versions, cpu, node, v8 } = results.machine;
console.log(`${cpu}, Node ${node}, V8 ${v8}`);
console.log(
  `${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}\n`,
);

if (parts.includes('gemm') || parts.includes('convolutions')) {
  results.gemm = await child('time-gemm.mjs', runs, WARM_UP);
  console.log(`${gemmText(results.gemm)}\n`);
}
for (const name of names) {
  if (parts.some((part) => part === 'times' || part === 'load' || part === 'threads' || (part === 'int8' && INT8.includes(name)))) {
    progress(name);
    ensureModel(name);
    results.models[name] = { ...results.models[name], bytes: statSync(modelPath(name)).size };
  }
  if (parts.includes('times')) {
    Object.assign(results.models[name], await child('time-model.mjs', name, runs, WARM_UP));
    console.log(`${timesText(name, results.models[name])}\n`);
  }
  if (parts.includes('int8') && INT8.includes(name)) results.models[name].int8 = await child('time-int8.mjs', name, runs, WARM_UP);
  if (parts.includes('load')) results.models[name].load = await loadTimes(name);
  if (parts.includes('threads')) results.models[name].threads = await threadTimes(name);
  save();
}
if (parts.includes('convolutions')) {
  const all = convolutionsOf(names);
  results.convolutions = [];
  for (const name of names) {
    // Each with the first of its models.
    const own = all.filter(({ models }) => models[0] === name);
    if (own.length === 0) continue;
    progress(`${own.length} convolutions of ${name}`);
    results.convolutions.push(...(await child('time-convolutions.mjs', JSON.stringify(own), runs, WARM_UP)));
    save();
  }
}

const chosen = Object.fromEntries(names.map((name) => [name, results.models[name]]));
if (parts.includes('times')) console.log(`${ratiosText(chosen)}\n`);
if (parts.includes('load')) console.log(`${loadText(chosen)}\n`);
if (parts.includes('threads')) console.log(`${threadsText(chosen)}\n`);
if (parts.includes('int8')) console.log(`${int8Text(chosen)}\n`);
if (parts.includes('convolutions')) console.log(`${convolutionsText(results.convolutions, results.gemm.limit)}\n`);
if (parts.includes('times') && names.length === MODELS.length) {
  writeFileSync(CHART, chartOf(results));
  console.log('docs/peers.svg is written');
}
console.log('all numbers: bench/peers/results.json');
