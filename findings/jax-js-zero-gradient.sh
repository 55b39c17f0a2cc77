#!/usr/bin/env bash
# jax-js' gradient of pow(x, 2) at 0 is NaN, and so is that of a product for an element that is 0: both go through a logarithm or a quotient.
# square(x) is right, and so are JAX and PyTorch.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @jax-js/jax@0.1.25 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defaultDevice, grad, init, numpy as np } from '@jax-js/jax';

console.log('jax-js', JSON.parse(readFileSync('node_modules/@jax-js/jax/package.json', 'utf8')).version);
await init('wasm', 'cpu');
defaultDevice('wasm');
const gradient = (f, values) => [...grad((x) => np.sum(f(x)))(np.array(values)).dataSync()];
const shown = [
  ['pow(x, 2) at -2 and 0', (x) => np.pow(x, 2), [-2, 0], [-4, NaN]],
  ['square(x) at -2 and 0', np.square, [-2, 0], [-4, 0]],
  ['prod of 2, 0, 3', np.prod, [2, 0, 3], [0, NaN, 0]],
  ['cumprod of 2, 0, 3', np.cumprod, [2, 0, 3], [1, NaN, 0]],
];
for (const [name, f, values, expected] of shown) {
  const made = gradient(f, values);
  console.log(`${name}: ${made.join(' ')}`);
  assert.deepEqual(made.map((value) => value + 0), expected); // No negative zeros.
}
SCRIPT
node run.mjs
