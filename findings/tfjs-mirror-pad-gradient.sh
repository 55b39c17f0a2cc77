#!/usr/bin/env bash
# The gradient of TensorFlow.js' mirrorPad forgets the mirrored copies: an element that appears three times in the output gets the gradient of one.
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

for (const [mode, outputs] of [['reflect', [3, 2, 1, 2, 3, 2, 1]], ['symmetric', [2, 1, 1, 2, 3, 3, 2]]]) {
  const pad = (x) => tf.mirrorPad(x, [[2, 2]], mode);
  const line = tf.tensor1d([1, 2, 3]);
  const padded = [...pad(line).dataSync()];
  const gradient = [...tf.grad((x) => tf.sum(pad(x)))(line).dataSync()];
  const counts = [1, 2, 3].map((value) => padded.filter((other) => other === value).length);
  console.log(`${mode}: ${padded.join(' ')}; gradient of the sum ${gradient.join(' ')}, copies ${counts.join(' ')}`);
  assert.deepEqual(padded, outputs);
  assert.deepEqual(gradient, [1, 1, 1]);
}
SCRIPT
node run.mjs
