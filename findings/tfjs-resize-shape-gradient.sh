#!/usr/bin/env bash
# The gradient of TensorFlow.js' resizeBilinear on the cpu backend swaps height and width in its shape, so that nothing can be trained through a
# bilinear resize of pictures that are not square; resizeNearestNeighbor can.
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

const gradient = (name, shape) => {
  try {
    return `shape ${tf.grad((x) => tf.sum(tf.image[name](x, [6, 6])))(tf.ones(shape)).shape.join('x')}`;
  } catch ({ message }) {
    return message;
  }
};
for (const shape of [[1, 3, 3, 1], [1, 2, 3, 1]])
  for (const name of ['resizeBilinear', 'resizeNearestNeighbor']) console.log(name, 'of', shape.join('x'), '- gradient:', gradient(name, shape));
assert.equal(gradient('resizeBilinear', [1, 3, 3, 1]), 'shape 1x3x3x1');
assert.match(gradient('resizeBilinear', [1, 2, 3, 1]), /has shape '1,3,2,1', which does not match the shape of the input '1,2,3,1'/);
assert.equal(gradient('resizeNearestNeighbor', [1, 2, 3, 1]), 'shape 1x2x3x1');
SCRIPT
node run.mjs
