#!/usr/bin/env bash
# The gradient of TensorFlow.js' softmaxCrossEntropy takes it that labels sum to 1: a row of zero labels (left out of the loss, which is 0) pulls at
# the logits. And the gradient for the labels is that of the logits negated, not the negated logarithms.
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

const logits = tf.tensor2d([[1, 2, 3]]);
const loss = (labels, x) => tf.losses.softmaxCrossEntropy(labels, x);
const text = (tensor) => [...tensor.dataSync()].map((value) => value.toFixed(3)).join(' ');
const none = tf.zeros([1, 3]);
console.log('labels 0 0 0: loss', text(loss(none, logits)), '- gradient for the logits', text(tf.grad((x) => loss(none, x))(logits)));
assert.equal(text(loss(none, logits)), '0.000');
assert.equal(text(tf.grad((x) => loss(none, x))(logits)), '0.090 0.245 0.665');

const soft = tf.tensor2d([[0.2, 0.3, 0.5]]); // A teacher's probabilities.
const gradient = text(tf.grad((labels) => loss(labels, logits))(soft));
const right = text(tf.neg(tf.logSoftmax(logits)));
console.log('labels 0.2 0.3 0.5: gradient for the labels', gradient, '- -log softmax(logits) is', right);
assert.equal(gradient, '0.110 0.055 -0.165');
assert.equal(right, '2.408 1.408 0.408');
SCRIPT
node run.mjs
