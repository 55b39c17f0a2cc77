#!/usr/bin/env bash
# TensorFlow.js' getWeights() lists the weights of frozen layers last, so that the list changes when a layer is frozen: weights taken before and set
# after land in the wrong layers, in silence if the shapes agree. In Keras the order is that of the layers.
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
const { sequential, layers, initializers } = require('@tensorflow/tfjs-layers');
require('@tensorflow/tfjs-backend-cpu');
await tf.setBackend('cpu');
console.log('TensorFlow.js', tf.version_core);

const dense = (value) => layers.dense({ units: 1, useBias: false, kernelInitializer: initializers.constant({ value }), inputShape: [1] });
const [first, second] = [dense(1), dense(2)];
const model = sequential({ layers: [first, layers.activation({ activation: 'sigmoid' }), second] });
const list = () => model.getWeights().map((tensor) => tensor.dataSync()[0]).join(' ');
const run = () => model.predict(tf.ones([1, 1])).dataSync()[0].toFixed(4);
const saved = model.getWeights().map((tensor) => tensor.clone());
const shown = [list(), run()];
first.trainable = false;
shown.push(list(), run());
model.setWeights(saved);
shown.push(run());
console.log(`weights ${shown[0]}, output ${shown[1]}; first layer frozen: weights ${shown[2]}, output ${shown[3]}; the saved weights set again: output ${shown[4]}`);
assert.deepEqual(shown, ['1 2', '1.4621', '2 1', '1.4621', '0.8808']);
SCRIPT
node run.mjs
