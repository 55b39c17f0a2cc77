#!/usr/bin/env bash
# The gradient of TensorFlow.js' pow(x, 0) at x = 0 is NaN (PyTorch: 0), since it multiplies 0 by 0 to the power -1: one such element of a polynomial
# makes all that was trained with it NaN.
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

const gradient = (f, values) => tf.grad(f)(tf.tensor1d(values)).dataSync().join(' ');
console.log('pow(x, 0) at 0 and 2:', gradient((x) => tf.pow(x, 0), [0, 2]));
console.log('pow(x, 1) at 0 and 2:', gradient((x) => tf.pow(x, 1), [0, 2]));
console.log('1, x and x squared of 0, summed:', gradient((x) => tf.addN([0, 1, 2].map((power) => tf.pow(x, power))), [0]));
assert.equal(gradient((x) => tf.pow(x, 0), [0, 2]), 'NaN 0');
assert.equal(gradient((x) => tf.pow(x, 1), [0, 2]), '1 1');
assert.equal(gradient((x) => tf.addN([0, 1, 2].map((power) => tf.pow(x, power))), [0]), 'NaN');
SCRIPT
node run.mjs
