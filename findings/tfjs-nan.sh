#!/usr/bin/env bash
# NaN in TensorFlow.js: on the WebAssembly backend clipByValue and relu6 turn it into the lower bound and maximum keeps or drops it by the order of
# its operands, where cpu keeps it. On both argMax passes over it unless it is first, while max of the same numbers is NaN.
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

const numbers = () => [tf.clipByValue([NaN], 0, 6), tf.relu6([NaN]), tf.maximum([NaN, 1], [1, NaN]), tf.max([1, 2, NaN]), tf.argMax([1, 2, NaN]), tf.argMax([NaN, 1, 2])];
assert.deepEqual(await on('wasm', numbers), [0, 0, NaN, 1, NaN, 1, 0]);
assert.deepEqual(await on('cpu', numbers), [NaN, NaN, NaN, NaN, NaN, 1, 0]);
SCRIPT
node run.mjs
