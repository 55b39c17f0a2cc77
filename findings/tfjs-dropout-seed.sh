#!/usr/bin/env bash
# A dropout layer of TensorFlow.js with a seed drops the same elements in every batch: a dropped unit is never trained. Keras and PyTorch take the
# seed as the start of a sequence of masks.
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
const { sequential, layers } = require('@tensorflow/tfjs-layers');
require('@tensorflow/tfjs-backend-cpu');
await tf.setBackend('cpu');
console.log('TensorFlow.js', tf.version_core);

const dropout = layers.dropout({ rate: 0.5, seed: 3, inputShape: [10] });
const masks = [1, 2, 3].map(() => dropout.apply(tf.ones([1, 10]), { training: true }).dataSync().join(' '));
for (const mask of masks) console.log('mask', mask);
assert.equal(new Set(masks).size, 1);

const model = sequential({
  layers: [dropout, layers.dense({ units: 1, useBias: false, kernelInitializer: 'ones' })],
});
model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.01) });
await model.fit(tf.ones([1, 10]), tf.zeros([1, 1]), { epochs: 20, verbose: 0 });
const weights = [...model.getWeights()[0].dataSync()];
console.log('weights after 20 steps', weights.map((weight) => weight.toFixed(3)).join(' '));
const first = masks[0].split(' ');
assert(weights.every((weight, i) => (weight === 1) === (first[i] === '0')));
SCRIPT
node run.mjs
