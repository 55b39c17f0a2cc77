#!/usr/bin/env bash
# TensorFlow.js' mean on the WebAssembly backend adds up in one float32 number: a million times 0.1 has the mean 0.10099 and 4097^2 ones add up to
# 2^24. The cpu backend computes in float64.
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

const means = () => [tf.mean(tf.fill([1024 * 1024], 0.1)), tf.mean(tf.fill([1, 1024, 1024, 2], 0.1), [1, 2]), tf.sum(tf.ones([4097, 4097]))];
const [wasm, cpu] = [await on('wasm', means), await on('cpu', means)];
assert(wasm.slice(0, 3).every((mean) => Math.abs(mean - 0.101) < 1e-4));
assert.equal(wasm[3], 2 ** 24);
assert.deepEqual(cpu, [...Array(3).fill(Math.fround(0.1)), 4097 * 4097 - 1]); // An odd number that float32 does not have.
SCRIPT
node run.mjs
