#!/usr/bin/env bash
# jax-js' gradients of sigmoid, silu, elu, selu and softplus are NaN where exp overflows, from 89 or -89 on, although the functions themselves are
# flat or straight there; softplus itself is Infinity. In JAX and PyTorch all are finite.
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
for (const [name, sign] of [['sigmoid', -1], ['silu', -1], ['elu', 1], ['selu', 1], ['softplus', 1]]) {
  const places = [88, 89].map((size) => sign * size);
  const [near, far] = grad((x) => np.sum(nn[name](x)))(np.array(places)).dataSync();
  console.log(`${name} at ${places.join(' and ')}: ${nn[name](np.array(places)).dataSync().join(' and ')}; gradients ${near} and ${far}`);
  assert(Number.isFinite(near) && Number.isNaN(far));
}
assert.equal(nn.softplus(np.array([88, 89])).dataSync()[1], Infinity);
SCRIPT
node run.mjs
