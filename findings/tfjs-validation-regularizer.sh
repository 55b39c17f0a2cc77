#!/usr/bin/env bash
# In TensorFlow.js the loss that fit() reports holds the regularisers' penalties, val_loss and evaluate() do not, so that the two cannot be compared.
# Keras adds the penalties to both.
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

const kernelRegularizer = regularizers.l2({ l2: 0.5 });
const dense = layers.dense({ units: 1, useBias: false, kernelInitializer: 'ones', kernelRegularizer, inputShape: [1] });
const model = sequential({ layers: [dense] });
model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0) });
const [x, y] = [tf.tensor([[2], [2]]), tf.tensor([[1], [1]])]; // A loss of 1, and a penalty of 0.5 for the weight 1.
const { history } = await model.fit(x, y, { verbose: 0, validationData: [x, y] });
const evaluated = model.evaluate(x, y).dataSync()[0];
console.log(`loss ${history.loss[0]}, val_loss ${history.val_loss[0]} of the same data, evaluate ${evaluated}`);
assert.deepEqual([history.loss[0], history.val_loss[0], evaluated], [1.5, 1, 1]);
SCRIPT
node run.mjs
