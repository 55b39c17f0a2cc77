#!/usr/bin/env bash
# TensorFlow.js' WebAssembly backend trains pools, batch normalisation and dense layers, but no convolution: the kernels of their gradients are not
# there, and fit() ends in an error.
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
const { layers, sequential } = require('@tensorflow/tfjs-layers');
require('@tensorflow/tfjs-backend-cpu');
require('@tensorflow/tfjs-backend-wasm').setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
console.log('TensorFlow.js', tf.version_core);
await tf.setBackend('wasm');
const inputShape = [4, 4, 2];
for (const [name, layer, trains] of [
  ['dense', layers.dense({ units: 2, inputShape }), true],
  ['batchNormalization', layers.batchNormalization({ inputShape }), true],
  ['conv2d', layers.conv2d({ filters: 2, kernelSize: 3, inputShape }), false],
  ['depthwiseConv2d', layers.depthwiseConv2d({ kernelSize: 3, inputShape }), false],
  ['conv2dTranspose', layers.conv2dTranspose({ filters: 2, kernelSize: 3, inputShape }), false],
]) {
  const model = sequential({ layers: [layer, layers.maxPooling2d({ poolSize: 2 }), layers.flatten(), layers.dense({ units: 1 })] });
  model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  const x = tf.ones([2, ...inputShape]);
  assert.deepEqual(model.predict(x).shape, [2, 1]);
  const answer = await model.fit(x, tf.ones([2, 1]), { verbose: 0 }).then(() => 'trained', ({ message }) => message);
  console.log(`${name}: ${answer}`);
  assert.equal(answer === 'trained', trains);
  if (!trains) assert.match(answer, /BackpropFilter' not registered for backend 'wasm'/);
}
SCRIPT
node run.mjs
