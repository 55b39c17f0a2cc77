#!/usr/bin/env bash
# TensorFlow.js' alphaDropout writes +1.758 where it drops an element, not -1.758 (the value that SELU goes to), so that it moves the mean of normal
# numbers from 0 to 1.56 at rate 0.5 instead of keeping it.
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
const { layers } = require('@tensorflow/tfjs-layers');
require('@tensorflow/tfjs-backend-cpu');
await tf.setBackend('cpu');
console.log('TensorFlow.js', tf.version_core);

const input = tf.randomNormal([200000], 0, 1, 'float32', 1);
const output = layers.alphaDropout({ rate: 0.5 }).apply(input, { training: true });
const { mean, variance } = tf.moments(output);
const values = output.dataSync();
const most = new Map(); // The value of the dropped elements is the only one that comes often.
for (const value of values) most.set(value, (most.get(value) ?? 0) + 1);
const [dropped, times] = [...most].reduce((a, b) => (b[1] > a[1] ? b : a));
console.log(`mean 0 and variance 1 become ${mean.dataSync()[0].toFixed(2)} and ${variance.dataSync()[0].toFixed(2)}`);
console.log(`dropped elements (${((100 * times) / values.length).toFixed(0)} %) are ${dropped.toFixed(4)}`);
const alpha = 1.6732632423543772 * 1.0507009873554805;
const scale = 1 / Math.sqrt(0.5 * (1 + 0.5 * alpha ** 2));
console.log(`they should be ${(scale * -alpha + scale * alpha * 0.5).toFixed(4)}`);
assert(Math.abs(mean.dataSync()[0] - 1.56) < 0.02 && Math.abs(dropped - 1.5 * scale * alpha) < 1e-4);
SCRIPT
node run.mjs
