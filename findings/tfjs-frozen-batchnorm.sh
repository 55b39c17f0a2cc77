#!/usr/bin/env bash
# A batchNormalization layer of TensorFlow.js with trainable = false still normalises by the batch in fit(), and its moving averages are overwritten
# by the new data. In Keras such a layer is in inference mode, which fine-tuning of a frozen backbone relies on.
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

const norm = layers.batchNormalization({ inputShape: [1], momentum: 0.5, epsilon: 0 });
norm.trainable = false;
const model = sequential({ layers: [norm, layers.dense({ units: 1, useBias: false, kernelInitializer: 'ones' })] });
model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0) });
const [x, y] = [tf.tensor([[10], [14]]), tf.tensor([[10], [14]])]; // Moving mean 0 and variance 1: the layer changes nothing.
const moving = () => norm.getWeights().slice(2).map((tensor) => tensor.dataSync()[0]);
console.log('trainable', norm.trainable, '- moving mean and variance', moving().join(' '));
assert.deepEqual(moving(), [0, 1]);
console.log('evaluate: loss', model.evaluate(x, y).dataSync()[0]);
const { history } = await model.fit(x, y, { verbose: 0, shuffle: false });
console.log('fit with learning rate 0: loss', history.loss[0], '- moving mean and variance', moving().join(' '));
assert.deepEqual(moving(), [6, 2.5]);
assert(Math.abs(history.loss[0] - 145) < 1e-3); // ((10 + 1)^2 + (14 - 1)^2) / 2: the batch became -1 and 1.
SCRIPT
node run.mjs
