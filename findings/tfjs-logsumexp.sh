#!/usr/bin/env bash
# TensorFlow.js' logSumExp of a row of -Infinity (a mask that leaves nothing) is NaN, and so it is where the row holds Infinity: it subtracts the
# largest from itself. PyTorch and onnxruntime answer -Infinity and Infinity.
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

for (const backend of ['wasm', 'cpu'])
  assert.deepEqual(await on(backend, () => [tf.logSumExp([-Infinity, -Infinity]), tf.logSumExp([Infinity, 0])]), [NaN, NaN]);
SCRIPT
node run.mjs
