#!/usr/bin/env bash
# TensorFlow.js' maximum, minimum, squaredDifference and batched matMul broadcast, but their gradients do not: what the forward pass accepts ends in
# an error about shapes, where those of add and mul sum over the broadcast axes.
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

const matrix = tf.tensor2d([[1, 5, 2], [4, 0, 6]]);
const row = tf.tensor1d([2, 2, 2]);
for (const [name, right] of [['add', true], ['mul', true], ['maximum', false], ['minimum', false], ['squaredDifference', false]]) {
  let answer;
  try {
    answer = tf.grad((b) => tf.sum(tf[name](matrix, b)))(row).dataSync().join(' ');
  } catch ({ message }) {
    answer = message;
  }
  console.log(`${name} of 2x3 and 3: output ${tf[name](matrix, row).shape.join('x')}, gradient: ${answer}`);
  assert.equal(/shape '2,3', which does not match the shape of the input '3'/.test(answer), !right);
}
const product = (b) => tf.sum(tf.matMul(tf.ones([4, 2, 3]), b));
assert.equal(product(tf.ones([3, 5])).dataSync()[0], 120);
assert.throws(() => tf.grad(product)(tf.ones([3, 5])), /shape '4,3,5', which does not match the shape of the input '3,5'/);
SCRIPT
node run.mjs
