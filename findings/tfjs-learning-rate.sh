#!/usr/bin/env bash
# A new learningRate of a TensorFlow.js optimiser counts at once for Adam, RMSProp and Adagrad, and does nothing for SGD and momentum, which read back
# the new number and go on with the old; they need setLearningRate(), which the others lack.
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

for (const [name, obeys] of [['sgd', false], ['momentum', false], ['adam', true], ['rmsprop', true], ['adagrad', true]]) {
  const optimizer = name === 'momentum' ? tf.train.momentum(1, 0.9) : tf.train[name](1);
  const weight = tf.variable(tf.scalar(1));
  optimizer.learningRate = 0;
  optimizer.applyGradients({ [weight.name]: tf.scalar(1) });
  const moved = weight.dataSync()[0] !== 1;
  console.log(`${name}: learningRate ${optimizer.getConfig().learningRate}, the weight ${moved ? 'moves all the same' : 'stays'}; setLearningRate: ${typeof optimizer.setLearningRate}`);
  assert.equal(optimizer.getConfig().learningRate, 0);
  assert.equal(moved, !obeys);
  assert.equal(typeof optimizer.setLearningRate, obeys ? 'undefined' : 'function');
}
SCRIPT
node run.mjs
