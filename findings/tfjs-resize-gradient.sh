#!/usr/bin/env bash
# The gradients of TensorFlow.js' resizeBilinear and resizeNearestNeighbor take no notice of halfPixelCenters: halving 4 by 4 pixels by the nearest
# reads pixels 1 and 3 of a row, and the gradient goes to 0 and 2.
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

const rows = (tensor) => tf.reshape(tensor, [4, 4]).arraySync();
for (const [name, read, given] of [
  ['resizeNearestNeighbor', [[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0], [0, 1, 0, 1]], [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]],
  ['resizeBilinear', Array(4).fill([0.25, 0.25, 0.25, 0.25]), [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]],
]) {
  const halve = (x) => tf.sum(tf.image[name](x, [2, 2], false, true));
  const effect = Array.from({ length: 16 }, (_, i) => halve(tf.tensor4d(Array.from({ length: 16 }, (_, j) => (i === j ? 1 : 0)), [1, 4, 4, 1])).dataSync()[0]);
  const gradient = rows(tf.grad(halve)(tf.zeros([1, 4, 4, 1])));
  console.log(name, '\n  what each pixel adds to the sum', JSON.stringify(rows(tf.tensor1d(effect))), '\n  gradient of the sum            ', JSON.stringify(gradient));
  assert.deepEqual(rows(tf.tensor1d(effect)), read);
  assert.deepEqual(gradient, given);
}
SCRIPT
node run.mjs
