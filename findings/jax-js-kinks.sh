#!/usr/bin/env bash
# jax-js' relu, relu6 and leakyRelu have the gradient 1 at 0, and relu6 has it at 6, where PyTorch takes 0 (leakyRelu: 0.01), and JAX 0 for relu:
# units that are exactly 0, as all are after a zero start, let gradients through that other libraries stop. abs has 1 at 0, PyTorch's 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @jax-js/jax@0.1.25 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defaultDevice, grad, init, nn, numpy as np } from '@jax-js/jax';

console.log('jax-js', JSON.parse(readFileSync('node_modules/@jax-js/jax/package.json', 'utf8')).version);
await init('wasm', 'cpu');
defaultDevice('wasm');
const at = (f, value) => grad((x) => np.sum(f(x)))(np.array([value, 3])).dataSync()[0];
const places = [['relu', nn.relu, 0], ['relu6', nn.relu6, 0], ['relu6', nn.relu6, 6], ['leakyRelu', nn.leakyRelu, 0], ['abs', np.abs, 0]];
for (const [name, f, value] of places) {
  console.log(`gradient of ${name} at ${value}: ${at(f, value)}`);
  assert.equal(at(f, value), 1);
}
SCRIPT
node run.mjs
