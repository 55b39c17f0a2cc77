#!/usr/bin/env bash
# jax-js' WebAssembly backend computes a power by approximate logarithms, also a whole one: 7 to the power 2 is 48.9998, 3 to the power 2 is not 9.
# Its cpu backend gives 49 and 9. And tanh of small numbers is 0.1 % off, which a gradient through it inherits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @jax-js/jax@0.1.25 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defaultDevice, init, numpy as np } from '@jax-js/jax';

console.log('jax-js', JSON.parse(readFileSync('node_modules/@jax-js/jax/package.json', 'utf8')).version);
await init('wasm', 'cpu');
defaultDevice('wasm');
const shown = {};
for (const device of ['wasm', 'cpu']) {
  defaultDevice(device);
  shown[device] = [np.pow(np.array([7, 3]), 2), np.tanh(np.array([1e-5, 1]))].flatMap((array) => [...array.dataSync()]);
  console.log(`${device}: 7^2 = ${shown[device][0]}, 3^2 = ${shown[device][1]}, tanh(1e-5) = ${shown[device][2]}`);
}
assert.deepEqual(shown.cpu.slice(0, 2), [49, 9]);
assert(Math.abs(shown.wasm[0] - 49) > 1e-4 && shown.wasm[1] !== 9);
assert(Math.abs(shown.wasm[2] / 1e-5 - 1) > 1e-3 && Math.abs(shown.cpu[2] / 1e-5 - 1) < 1e-6);
SCRIPT
node run.mjs
