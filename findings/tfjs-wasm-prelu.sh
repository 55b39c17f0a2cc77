#!/usr/bin/env bash
# TensorFlow.js' prelu on the WebAssembly backend repeats the slopes over the elements whatever their shape: slopes of rows or of channels that come
# first go to the wrong elements. The cpu backend broadcasts.
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
  const values = [...compute().dataSync()];
  console.log(`${backend}: ${values.join(' ')}`);
  return values;
}


const slopes = () => tf.prelu(tf.fill([2, 3], -1), tf.tensor2d([[2], [5]]));
assert.deepEqual(await on('cpu', slopes), [-2, -2, -2, -5, -5, -5]);
assert.deepEqual(await on('wasm', slopes), [-2, -5, -2, -5, -2, -5]);
SCRIPT
node run.mjs
