#!/usr/bin/env bash
# TensorFlow.js on the WebAssembly backend: a cast of floats to 'bool' keeps the lowest byte of the whole number: 0.5 is false, 256 too, and -1 is
# 255. On cpu whatever is not 0 is 1.
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

const cast = () => tf.cast(tf.tensor1d([0.5, 256, -1, 2, 0]), 'bool');
assert.deepEqual(await on('wasm', cast), [0, 0, 255, 2, 0]);
assert.deepEqual(await on('cpu', cast), [1, 1, 1, 1, 0]);
SCRIPT
node run.mjs
