#!/usr/bin/env bash
# TensorFlow.js' nonMaxSuppression drops a box whose overlap equals iouThreshold; torchvision's nms and onnxruntime's NonMaxSuppression keep it. Two
# boxes of overlap 0.5 at threshold 0.5 are one here, and boxes that only touch are one at threshold 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);
console.warn = () => {}; // Its advice to install another backend.
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
require('@tensorflow/tfjs-backend-wasm').setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
console.log('TensorFlow.js', tf.version_core);
async function on(backend, compute) {
  await tf.setBackend(backend);
  const made = compute();
  const values = (Array.isArray(made) ? made : [made]).flatMap((tensor) => [...tensor.dataSync()]);
  console.log(`${backend}: ${values.join(' ')}`);
  return values;
}

const kept = (second, iou) => () => tf.image.nonMaxSuppression(tf.tensor2d([0, 0, 1, 1, ...second], [2, 4]), [0.9, 0.8], 10, iou);
for (const backend of ['wasm', 'cpu']) {
  assert.deepEqual(await on(backend, kept([0, 0, 1, 0.5], 0.5)), [0]);
  assert.deepEqual(await on(backend, kept([0, 0, 1, 0.5], 0.51)), [0, 1]);
  assert.deepEqual(await on(backend, kept([0, 1, 1, 2], 0)), [0]);
}
SCRIPT
node run.mjs
