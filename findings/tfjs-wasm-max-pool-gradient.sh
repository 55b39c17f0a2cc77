#!/usr/bin/env bash
# The gradient of TensorFlow.js' maxPool on the WebAssembly backend is lost for every window whose largest element is 0 or less (it goes to the
# tensor's first element): layers before a pool that comes ahead of its ReLU learn from half of their outputs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);
console.warn = () => {}; // Its advice to install another backend.
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-layers'); // It registers the gradients: tfjs-core alone has none in Node.
require('@tensorflow/tfjs-backend-cpu');
require('@tensorflow/tfjs-backend-wasm').setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
console.log('TensorFlow.js', tf.version_core);
async function on(backend, compute) {
  await tf.setBackend(backend);
  const values = [...compute().dataSync()];
  console.log(`${backend}: ${values.join(' ')}`);
  return values;
}


const gradient = (values) => () => tf.grad((x) => tf.sum(tf.maxPool(x, [1, 2], [1, 2], 'valid')))(tf.tensor4d(values, [1, 1, 4, 1]));
for (const [values, cpu, wasm] of [
  [[1, 2, 4, 3], [0, 1, 1, 0], [0, 1, 1, 0]],
  [[1, 2, -4, -3], [0, 1, 0, 1], [0, 1, 0, 0]],
  [[-2, -1, -3, -4], [0, 1, 1, 0], [1, 0, 0, 0]],
]) {
  console.log(`windows ${values.slice(0, 2).join(' ')} and ${values.slice(2).join(' ')}`);
  assert.deepEqual(await on('cpu', gradient(values)), cpu);
  assert.deepEqual(await on('wasm', gradient(values)), wasm);
}
SCRIPT
node run.mjs
