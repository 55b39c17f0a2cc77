#!/usr/bin/env bash
# The optimisers of TensorFlow.js keep momentum by the position of a variable in the list of one call, not by variable: one optimiser that minimises
# two losses in turn (a GAN) gives the momentum of one variable to the other.
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

function alternate(first, second) {
  const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
  first.minimize(() => tf.mul(a, 10), false, [a]);
  second.minimize(() => tf.mul(b, 0), false, [b]);
  return [a.dataSync()[0], b.dataSync()[0]].map((value) => value.toFixed(3));
}
for (const make of [() => tf.train.momentum(0.1, 0.9), () => tf.train.adam(0.1), () => tf.train.rmsprop(0.1, 0.9, 0.9)]) {
  const one = make();
  const [shared, own] = [alternate(one, one), alternate(make(), make())];
  console.log(`${one.getClassName()}: a ${shared[0]}, b (its gradient is 0) ${shared[1]} with one optimiser, ${own[1]} with its own`);
  assert.equal(own[1], '1.000');
  assert.notEqual(shared[1], '1.000');
  assert.equal(shared[0], own[0]);
}
SCRIPT
node run.mjs
