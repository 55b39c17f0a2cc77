#!/usr/bin/env bash
# TensorFlow.js' pools with a number as pad take the height's filter and stride for the width too: filter [1, 2] and stride [1, 2] over five columns give
# five, not two, of which those past the end are NaN. The same pad written out for each side gives two.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);
console.warn = () => {}; // Its advice to install another backend.
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
require('@tensorflow/tfjs-backend-wasm').setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
console.log('TensorFlow.js', tf.version_core);
async function on(backend, compute) {
  await tf.setBackend(backend);
  const made = compute();
  const values = (Array.isArray(made) ? made : [made]).flatMap((tensor) => [...tensor.dataSync()]);
  console.log(`${backend}: ${values.join(' ')}`);
  return values;
}

const line = () => tf.tensor4d([1, 2, 3, 4, 5], [1, 1, 5, 1]);
const byNumber = await on('cpu', () => tf.avgPool(line(), [1, 2], [1, 2], 0));
const written = await on('cpu', () => tf.avgPool(line(), [1, 2], [1, 2], [[0, 0], [0, 0], [0, 0], [0, 0]]));
assert.deepEqual(byNumber, [1.5, 3.5, 5, NaN, NaN]);
assert.deepEqual(written, [1.5, 3.5]);
SCRIPT
node run.mjs
