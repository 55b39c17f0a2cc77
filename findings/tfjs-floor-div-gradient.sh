#!/usr/bin/env bash
# The gradient of TensorFlow.js' floorDiv is that of the division without the floor, although floor() itself has the gradient 0.
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

const gradient = (f) => tf.grad(f)(tf.tensor1d([5, 7])).dataSync().join(' ');
console.log('floorDiv(x, 4)    ', tf.floorDiv(tf.tensor1d([5, 7]), 4).dataSync().join(' '), '- gradient', gradient((x) => tf.floorDiv(x, 4)));
console.log('floor(div(x, 4))  ', tf.floor(tf.div(tf.tensor1d([5, 7]), 4)).dataSync().join(' '), '- gradient', gradient((x) => tf.floor(tf.div(x, 4))));
assert.equal(gradient((x) => tf.floorDiv(x, 4)), '0.25 0.25');
assert.equal(gradient((x) => tf.floor(tf.div(x, 4))), '0 0');
SCRIPT
node run.mjs
