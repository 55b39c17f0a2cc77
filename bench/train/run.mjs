// Lanewise beside PyTorch while they train, in time and in memory:
//
//   npm run bench:train -- [--threads 1,2] [--turns 12] [--only resnet20,lenet,kernels,peers] [--python /usr/bin/python3]
//
// Each runs in a process of its own, on the same cores (taskset, where there is one), and does a few steps in its turn, A B A B,
// so that whatever else the machine does slows both alike; beside the time of the clock there is that of the processor, which
// others do not add to. PyTorch has its pictures channels-last. Both start with the same weights and train on the same batch, so
// that their losses have to agree. `kernels` says where a step of ResNet-20 spends its time; `peers` are JavaScript's other
// libraries (peers.mjs). Writes build/bench-train.json.

import { execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeSafetensors } from '../../dist/formats.js';
import { Tensor } from '../../dist/index.js';
import { crossEntropy, sgd, trainer } from '../../dist/train.js';
import { summarize } from '../peers/statistics.mjs';
import { digits, megabytes, ratio, table } from '../peers/table.mjs';
import { path } from '../sources.mjs';
import { networks, problem } from './networks.mjs';

const RATE = 0.01;
const MOMENTUM = 0.9;
/** Batch, and steps of a turn: those of one take a second or so. */
const sizes = { resnet20: { batch: 128, steps: 2 }, lenet: { batch: 32, steps: 100 } };
/** Turns that do not count: V8 and PyTorch compile and choose in them. */
const WARM_UP = 2;

const string = { type: 'string' };
const { values } = parseArgs({
  options: {
    threads: { ...string, default: '1,2' },
    turns: { ...string, default: '12' },
    only: { ...string, default: 'resnet20,lenet,kernels,peers' },
    python: { ...string, default: process.env.TORCH_PYTHON ?? '/usr/bin/python3' },
    child: string,
  },
});

const batchOf = ({ dims, pictures, labels }) => [new Tensor('float32', pictures, dims), labels];

async function startTrainer(name, threads) {
  const given = problem(name, sizes[name].batch);
  const net = networks[name].make();
  const options = { loss: crossEntropy(), optimizer: sgd({ momentum: MOMENTUM }), batch: sizes[name].batch, rate: RATE, threads };
  const t = await trainer(net, options);
  return { t, batch: batchOf(given) };
}

/** In a child: a step for each message. */
async function serve(name, threads) {
  const { t, batch } = await startTrainer(name, threads);
  process.on('message', async () => {
    const [start, before] = [performance.now(), process.cpuUsage()];
    const { loss } = await t.step(...batch);
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    // Kilobytes, also on macOS.
    const rss = 1024 * process.resourceUsage().maxRSS;
    process.send({ loss, ms, cpu_ms: (user + system) / 1e3, rss, memory: t.memory });
  });
  process.send('ready');
}

const pinned = process.platform === 'linux' && spawnSync('taskset', ['--version']).status === 0;
/** A command on the first cores. */
const onCores = (threads, command, args) => (pinned ? ['taskset', ['-c', `0-${threads - 1}`, command, ...args]] : [command, args]);

/** Answers to requests, one after another. */
function answers(child, source, event) {
  const waiting = [];
  const failed = (error) => waiting.splice(0).forEach(({ reject }) => void reject(error));
  source.on(event, (answer) => waiting.shift()?.resolve(answer));
  child.on('error', failed);
  child.on('exit', (code) => failed(new Error(`a child ended with ${code}`)));
  return () => new Promise((resolve, reject) => waiting.push({ resolve, reject }));
}

async function startLanewise(name, threads) {
  const [execPath, execArgv] = onCores(threads, process.execPath, []);
  const args = ['--child', name, '--threads', `${threads}`];
  const child = fork(fileURLToPath(import.meta.url), args, { execPath, execArgv });
  const next = answers(child, child, 'message');
  await next();
  return {
    step() {
      const answer = next();
      child.send('step');
      return answer;
    },
    stop: () => child.kill(),
  };
}

function startTorch(name, threads, steps, folder) {
  const { weights, dims, pictures, labels } = problem(name, sizes[name].batch);
  const all = [...weights, ...networks[name].make().buffers()];
  const tensors = new Map(all.map(({ name, dims, data }) => [name, new Tensor('float32', data, dims)]));
  const batch = { pictures: new Tensor('float32', pictures, [1, ...dims]), labels: new Tensor('int32', labels, [1, labels.length]) };
  const files = ['weights', 'batches'].map((file) => join(folder, file));
  writeFileSync(files[0], writeSafetensors(tensors));
  writeFileSync(files[1], writeSafetensors(new Map(Object.entries(batch))));
  const script = fileURLToPath(new URL('torch_train.py', import.meta.url));
  const args = [script, name, '--weights', files[0], '--batches', files[1], '--wait', '--memory', '--channels-last', '--lr', RATE].concat(
    ['--momentum', MOMENTUM, '--threads', threads, '--steps', steps].map(String),
  );
  const child = spawn(...onCores(threads, values.python, args.map(String)), { stdio: ['pipe', 'pipe', 'inherit'] });
  const next = answers(child, createInterface({ input: child.stdout }), 'line');
  return {
    async step() {
      const answer = next();
      child.stdin.write('\n');
      return JSON.parse(await answer);
    },
    stop: () => child.stdin.end(),
  };
}

/** Both in turn. @returns what each measured, and what it needs of memory */
async function compare(name, threads) {
  const { steps } = sizes[name];
  const turns = WARM_UP + Number(values.turns);
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
  const sides = { lanewise: await startLanewise(name, threads), pytorch: startTorch(name, threads, steps * turns, folder) };
  try {
    const reports = { lanewise: [], pytorch: [] };
    for (let turn = 0; turn < turns; turn++) {
      for (const [side, { step }] of Object.entries(sides)) for (let i = 0; i < steps; i++) reports[side].push(await step());
    }
    const [a, b] = [reports.lanewise[1].loss, reports.pytorch[1].loss];
    if (!(Math.abs(a - b) < 1e-3)) throw new Error(`${name}: the losses of the second step are ${a} and ${b}`);
    const counted = (list, what) => summarize(list.slice(WARM_UP * steps).map((report) => report[what]));
    const timesOf = (list) => ({ ms: counted(list, 'ms'), cpuMs: counted(list, 'cpu_ms'), rss: list.at(-1).rss });
    const { saved, weights, gradients, momentum } = reports.pytorch.at(-1);
    const kept = saved + weights + gradients + momentum;
    return {
      network: name,
      batch: sizes[name].batch,
      threads,
      lanewise: { ...timesOf(reports.lanewise), memory: reports.lanewise.at(-1).memory },
      pytorch: { ...timesOf(reports.pytorch), memory: { saved, weights, gradients, momentum, kept } },
    };
  } finally {
    for (const { stop } of Object.values(sides)) stop();
    rmSync(folder, { recursive: true });
  }
}

/** A step by kernel: the least of a few runs, to which others add the least. */
async function kernels() {
  const { t, batch } = await startTrainer('resnet20', 1);
  for (let i = 0; i < 3; i++) await t.step(...batch);
  const runs = Array.from({ length: 7 }, () => t.profile(...batch));
  t.dispose();
  const rows = new Map();
  runs[0].forEach(({ kernel, macs }, i) => {
    const row = rows.get(kernel) ?? { kernel, calls: 0, ms: 0, macs: 0 };
    row.calls++;
    row.ms += Math.min(...runs.map((run) => run[i].ms));
    row.macs += macs;
    rows.set(kernel, row);
  });
  return [...rows.values()].sort((a, b) => b.ms - a.ms);
}

const spread = ({ q1, median, q3 }) => `${digits(median)} (${digits(q1)}-${digits(q3)})`;

function timesText(results) {
  const rows = results.map(({ network, batch, threads, lanewise, pytorch }) => [
    `${network}, batch ${batch}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    spread(lanewise.ms),
    spread(pytorch.ms),
    ratio(lanewise.ms.median / pytorch.ms.median),
    spread(lanewise.cpuMs),
    spread(pytorch.cpuMs),
    ratio(lanewise.cpuMs.median / pytorch.cpuMs.median),
  ]);
  const header = ['a step, ms (quartiles)', 'Lanewise', 'PyTorch', 'ratio', 'processor: Lanewise', 'PyTorch', 'ratio'];
  return table(header, rows);
}

function memoryText(results) {
  const rows = results.map(({ network, threads, lanewise, pytorch }) => [
    `${network}, ${threads}`,
    megabytes(lanewise.memory.total),
    megabytes(pytorch.memory.kept),
    ratio(lanewise.memory.total / pytorch.memory.kept),
    megabytes(lanewise.rss),
    megabytes(pytorch.rss),
  ]);
  return table(['memory, threads', 'Lanewise', 'what PyTorch keeps', 'ratio', 'resident: Lanewise', 'PyTorch'], rows);
}

function kernelsText(rows) {
  const total = rows.reduce((sum, { ms }) => sum + ms, 0);
  const cells = rows.map(({ kernel, calls, ms, macs }) => [
    kernel,
    calls,
    digits(ms),
    `${((100 * ms) / total).toFixed(1)} %`,
    macs ? digits(macs / ms / 1e6) : '',
  ]);
  return table(['kernel', 'calls', 'ms', 'share', 'GMAC/s'], [...cells, ['all', '', digits(total), '', '']]);
}

/** JavaScript's libraries: what peers.mjs measures. */
function peers() {
  const script = fileURLToPath(new URL('peers.mjs', import.meta.url));
  const text = execFileSync(process.execPath, [script, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function peersText(rows) {
  const cells = rows.map(({ package: name, version, peer, network, batch, best, bestCpu, failure }) => [
    `${name} ${version} (${peer}), ${network}, batch ${batch}`,
    ...(failure ? [`cannot: ${failure}`, '', ''] : [digits(best), digits(bestCpu), digits((1e3 * batch) / best)]),
  ]);
  return table(['a step', 'ms', 'processor, ms', 'pictures/s'], cells);
}

async function main() {
  const only = values.only.split(',');
  const result = { cpu: cpus()[0]?.model.trim(), node: process.versions.node, date: new Date().toISOString().slice(0, 10), steps: [] };
  for (const name of Object.keys(sizes).filter((name) => only.includes(name))) {
    // A step of LeNet is too short to be shared.
    for (const threads of name === 'lenet' ? [1] : values.threads.split(',').map(Number)) result.steps.push(await compare(name, threads));
  }
  if (result.steps.length > 0) console.log(`${timesText(result.steps)}\n\n${memoryText(result.steps)}\n`);
  if (only.includes('kernels')) {
    result.kernels = await kernels();
    console.log(`${kernelsText(result.kernels)}\n`);
  }
  if (only.includes('peers')) {
    result.peers = peers();
    console.log(peersText(result.peers));
  }
  mkdirSync(path('build'), { recursive: true });
  writeFileSync(path('build/bench-train.json'), `${JSON.stringify(result, undefined, 2)}\n`);
}

if (values.child) await serve(values.child, Number(values.threads));
else await main();
