#!/usr/bin/env bash
# The gradient of TensorFlow.js' average pools divides by the whole window at the borders, where the pool itself divides by the elements inside: with
# 'same' padding a border gets too little gradient.
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

const line = tf.tensor4d([1, 2, 3], [1, 1, 3, 1]);
const pool = (x) => tf.avgPool(x, [1, 3], 1, 'same');
const outputs = [...pool(line).dataSync()];
const gradient = [...tf.grad((x) => tf.sum(pool(x)))(line).dataSync()];
const differences = [0, 1, 2].map((i) => {
  const unit = tf.tensor4d([0, 1, 2].map((j) => (i === j ? 1 : 0)), [1, 1, 3, 1]);
  return tf.sum(pool(tf.add(line, unit))).dataSync()[0] - tf.sum(pool(line)).dataSync()[0];
});
const text = (values) => values.map((value) => value.toFixed(4)).join(' ');
console.log('outputs', text(outputs));
console.log('gradient of their sum', text(gradient));
console.log('what one more in an input adds to the sum', text(differences));
assert.equal(text(outputs), '1.5000 2.0000 2.5000');
assert.equal(text(gradient), '0.6667 1.0000 0.6667');
assert.equal(text(differences), '0.8333 1.3333 0.8333');
SCRIPT
node run.mjs
