#!/usr/bin/env bash
# TensorFlow.js' average pool with 'same' padding leaves the padding out of its averages; with a dilation it counts the padding's zeros.
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

const pool = (dilation) => () => tf.pool(tf.tensor4d(Array(6).fill(1), [1, 1, 6, 1]), [1, 3], 'avg', 'same', [1, dilation], 1);
assert.deepEqual(await on('cpu', pool(1)), [1, 1, 1, 1, 1, 1]);
const dilated = await on('cpu', pool(2));
assert(dilated[0] < 0.7 && dilated[5] < 0.7 && dilated[2] === 1);
SCRIPT
node run.mjs
