#!/usr/bin/env bash
# TensorFlow.js' Adadelta is plain gradient descent: it divides by the squared gradients of the step before, as it multiplies by the squared updates,
# both start at 0, and so their quotient stays 1. PyTorch's first step of these gradients is 0.0032, not 1.
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

const gradients = [1, 0.5, -2, 0.25];
function steps(optimizer) {
  const weight = tf.variable(tf.scalar(1));
  return gradients.map((gradient) => {
    optimizer.applyGradients({ [weight.name]: tf.scalar(gradient) });
    return weight.dataSync()[0];
  });
}
const [adadelta, sgd] = [steps(tf.train.adadelta(1, 0.9, 1e-6)), steps(tf.train.sgd(1))];
console.log('Adadelta, rate 1, rho 0.9:', adadelta.join(' '));
console.log('SGD, rate 1:              ', sgd.join(' '));
assert.deepEqual(sgd, [0, -0.5, 1.5, 1.25]);
assert(adadelta.every((value, i) => Math.abs(value - sgd[i]) < 1e-5));
SCRIPT
node run.mjs
