// A step of training in JavaScript's other libraries: node bench/train/peers.mjs [--steps N] [--json] [PEER...]
//
// Each peer and network runs in a process of its own, on one thread: cross-entropy, the gradients of all weights, SGD with
// momentum 0.9. All start with the same weights and train on the same batch, so that their losses have to agree.

import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensurePeers } from '../peers/setup.mjs';
import { peers } from './libraries.mjs';

/** What runs, with batches small enough that a step takes seconds at most. */
const runs = [
  ['tfjs-cpu', 'lenet', 32],
  ['tfjs-wasm', 'lenet', 32],
  ['jax-js', 'lenet', 32],
  ['tfjs-cpu', 'resnet20', 2],
  ['tfjs-wasm', 'resnet20', 2],
  ['jax-js', 'resnet20', 8],
];
/** Milliseconds of one peer. */
const PATIENCE = 300_000;
const RATE = 0.01;

/** In a child: one peer's steps. The first ones, in which engines and peers compile, count for the losses alone. */
async function measure(peer, network, batch, steps) {
  const train = await peers[peer].start(network, batch, { rate: RATE, momentum: 0.9 });
  const losses = [];
  const times = [];
  const cpu = [];
  for (let step = 0; step < steps; step++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    losses.push(await train());
    times.push(performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1e3);
  }
  return { losses, first: times[0], best: Math.min(...times.slice(1)), bestCpu: Math.min(...cpu.slice(1)) };
}

function child(args) {
  return new Promise((resolve) => {
    const running = fork(fileURLToPath(import.meta.url), args.map(String), { timeout: PATIENCE });
    let result = { failure: 'ended without an answer' };
    running.on('message', (message) => {
      result = message;
    });
    running.on('close', (_, signal) => resolve(signal === 'SIGTERM' ? { failure: `took over ${PATIENCE / 1000} s` } : result));
  });
}

async function main() {
  const options = { steps: { type: 'string', default: '5' }, json: { type: 'boolean' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  ensurePeers();
  const versionOf = (name) => JSON.parse(readFileSync(new URL(`../peers/node_modules/${name}/package.json`, import.meta.url))).version;
  for (const [peer, network, batch] of runs) {
    if (positionals.length > 0 && !positionals.includes(peer)) continue;
    const result = await child(['child', peer, network, batch, values.steps]);
    const { losses, first, best, failure } = result;
    const { package: name } = peers[peer];
    if (values.json) {
      console.log(JSON.stringify({ package: name, version: versionOf(name), peer, network, batch, ...result }));
      continue;
    }
    const outcome = failure
      ? `cannot: ${failure}`
      : `${best.toFixed(1)} ms a step (the first ${first.toFixed(0)}), ${((1e3 * batch) / best).toPrecision(3)} pictures/s, losses ${losses.map((loss) => loss.toFixed(5)).join(' ')}`;
    console.log(`${name} ${versionOf(name)} (${peer}), ${network}, batch ${batch}: ${outcome}`);
  }
}

const [role, peer, network, batch, steps] = process.argv.slice(2);
if (role === 'child' && process.send) {
  measure(peer, network, Number(batch), Number(steps)).then(
    (result) => process.send(result, () => process.exit(0)),
    (error) => process.send({ failure: String(error?.message ?? error).split('\n')[0] }, () => process.exit(0)),
  );
} else await main();
