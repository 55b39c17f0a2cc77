#!/usr/bin/env bash
# The precision and recall that TensorFlow.js' evaluate() reports depend on the batch size: they are averages of each batch's own, where a batch
# without positives counts as 0.
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
const { sequential, layers, metrics } = require('@tensorflow/tfjs-layers');
require('@tensorflow/tfjs-backend-cpu');
await tf.setBackend('cpu');
console.log('TensorFlow.js', tf.version_core);

const model = sequential({ layers: [layers.activation({ activation: 'linear', inputShape: [1] })] });
model.compile({ loss: 'meanSquaredError', optimizer: 'sgd', metrics: [metrics.precision] });
const [predicted, labels] = [tf.tensor([[1], [1], [0], [0], [1]]), tf.tensor([[1], [0], [1], [1], [1]])];
const made = [1, 2, 5].map((batchSize) => model.evaluate(predicted, labels, { batchSize })[1].dataSync()[0].toFixed(3));
console.log(`2 of 3 positives are right; precision with batches of 1, 2 and 5: ${made.join(' ')}`);
assert.deepEqual(made, ['0.400', '0.400', '0.667']);
SCRIPT
node run.mjs
