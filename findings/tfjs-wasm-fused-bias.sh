#!/usr/bin/env bash
# TensorFlow.js' fused.matMul on the WebAssembly backend adds the wrong bias if a matrix is transposed: from the second row on each column gets the
# last element of the bias. Without a transpose, or without the fusion, it is right.
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


const [a, b, bias] = [[[1, 2], [3, 4]], [[0, 0], [0, 0], [0, 0]], [10, 20, 30]]; // The product is 0: what is left is the bias.
const fused = () => tf.fused.matMul({ a: tf.tensor2d(a), b: tf.tensor2d(b), transposeB: true, bias: tf.tensor1d(bias) });
const apart = () => tf.add(tf.matMul(tf.tensor2d(a), tf.tensor2d(b), false, true), tf.tensor1d(bias));
assert.deepEqual(await on('cpu', fused), [10, 20, 30, 10, 20, 30]);
assert.deepEqual(await on('wasm', fused), [10, 20, 30, 30, 30, 30]);
assert.deepEqual(await on('wasm', apart), [10, 20, 30, 10, 20, 30]);
SCRIPT
node run.mjs
