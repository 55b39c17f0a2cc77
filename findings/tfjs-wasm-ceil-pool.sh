#!/usr/bin/env bash
# TensorFlow.js' pools with dimRoundingMode 'ceil' on the WebAssembly backend: the last window, which hangs over the end, is never written and holds
# what was in memory; the cpu backend computes it.
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

const line = () => tf.tensor4d([1, 2, 3, 4], [1, 1, 4, 1]);
const pads = [[0, 0], [0, 0], [1, 1], [0, 0]];
const pool = () => {
  tf.fill([1, 1, 3, 1], 77).dispose(); // Memory that is free again, and of the same size.
  return tf.avgPool(line(), [1, 3], [1, 2], pads, 'ceil');
};
const [wasm, cpu] = [await on('wasm', pool), await on('cpu', pool)];
assert.deepEqual(cpu, [1.5, 3, 4]);
assert.deepEqual(wasm.slice(0, 2), [1.5, 3]);
assert.notEqual(wasm[2], 4);
SCRIPT
node run.mjs
