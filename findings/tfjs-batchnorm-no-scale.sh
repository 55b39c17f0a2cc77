#!/usr/bin/env bash
# A batchNormalization layer of TensorFlow.js with scale: false or center: false predicts, but cannot be trained: fit() reads the weight that the
# layer was told not to have.
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

for (const option of ['scale', 'center']) {
  const model = sequential({ layers: [layers.batchNormalization({ [option]: false, inputShape: [1] })] });
  model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  const [x, y] = [tf.tensor([[1], [3]]), tf.tensor([[0], [1]])];
  const predicted = model.predict(x).dataSync();
  const error = await model.fit(x, y, { verbose: 0 }).then(() => 'none', ({ message }) => message);
  console.log(`${option}: false - predict ${predicted.join(' ')} - fit: ${error}`);
  assert(Math.abs(predicted[1] - 3) < 0.01);
  assert.match(error, /Cannot read properties of (undefined|null) \(reading 'read'\)/);
}
SCRIPT
node run.mjs
