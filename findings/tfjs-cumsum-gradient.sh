#!/usr/bin/env bash
# The gradient of TensorFlow.js' cumsum along the first or middle axis of three dimensions comes out transposed: an error if the sizes differ, wrong
# numbers in silence if they are equal.
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

const weights = tf.reshape(tf.range(1, 9), [2, 2, 2]);
const loss = (x) => tf.sum(tf.mul(tf.cumsum(x, 0), weights));
const effect = Array.from({ length: 8 }, (_, i) => loss(tf.reshape(tf.oneHot(tf.scalar(i, 'int32'), 8, 1, 0, 'float32'), [2, 2, 2])).dataSync()[0]);
const gradient = [...tf.grad(loss)(tf.zeros([2, 2, 2])).dataSync()];
console.log('what one more in each input adds to the loss', effect.join(' '));
console.log('gradient                                    ', gradient.join(' '));
assert.deepEqual(effect, [6, 8, 10, 12, 5, 6, 7, 8]);
assert.deepEqual(gradient, [6, 5, 8, 6, 10, 7, 12, 8]);
assert.throws(() => tf.grad((x) => tf.sum(tf.cumsum(x, 0)))(tf.zeros([2, 3, 4])), /shape '3,4,2', which does not match/);
SCRIPT
node run.mjs
