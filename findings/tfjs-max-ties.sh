#!/usr/bin/env bash
# The gradient of TensorFlow.js' max and min gives every element that ties the whole gradient, so that n equal elements get n times as much. PyTorch's
# amax and TensorFlow share it among them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
console.warn = () => {}; // Its advice to install another backend.
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-layers'); // It registers the gradients: tfjs-core alone has none in Node.
require('@tensorflow/tfjs-backend-cpu');
await tf.setBackend('cpu');
console.log('TensorFlow.js', tf.version_core);

for (const [n, expected] of [[1, 1], [2, 2], [100, 100]]) {
  const gradient = tf.grad((x) => tf.max(x))(tf.fill([n], 3));
  const sum = tf.sum(gradient).dataSync()[0];
  console.log(`${n} equal elements: ${gradient.dataSync()[0]} each, ${sum} in all; adding 1 to each adds 1 to the largest`);
  assert.equal(sum, expected);
}
assert.equal(tf.sum(tf.grad((x) => tf.min(x))(tf.fill([100], 3))).dataSync()[0], 100);
SCRIPT
node run.mjs
