#!/usr/bin/env bash
# The gradient of TensorFlow.js' abs at 0 is -1 (PyTorch: 0). An L1 penalty therefore moves weights that are 0 away from 0, which it is there to
# prevent, and absolute errors pull at outputs that are exact.
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
const { sequential, layers, regularizers } = require('@tensorflow/tfjs-layers');
require('@tensorflow/tfjs-backend-cpu');
await tf.setBackend('cpu');
console.log('TensorFlow.js', tf.version_core);

console.log('gradients at -1, 0, 1:', tf.grad((x) => tf.abs(x))(tf.tensor([-1, 0, 1])).dataSync().join(' '));
const kernelRegularizer = regularizers.l1({ l1: 1 });
const model = sequential({ layers: [layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros', kernelRegularizer, inputShape: [1] })] });
model.compile({ loss: 'meanAbsoluteError', optimizer: tf.train.sgd(0.5) });
await model.fit(tf.tensor([[0]]), tf.tensor([[0]]), { verbose: 0 }); // Nothing to learn: the loss and the penalty are 0.
const weight = model.getWeights()[0].dataSync()[0];
console.log('weight 0 after one step of L1 regularisation:', weight);
assert.deepEqual([...tf.grad((x) => tf.abs(x))(tf.tensor([-1, 0, 1])).dataSync()], [-1, -1, 1]);
assert.equal(weight, 0.5);
SCRIPT
node run.mjs
