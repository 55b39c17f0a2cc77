#!/usr/bin/env bash
# onnxruntime's GroupNormalization takes the variance as E[x^2] - E[x]^2 in float32: a picture between 250 and 250.1 comes out several
# times too small, and a plain one of 0.7 is NaN in onnxruntime-web, for its variance is below 0. InstanceNormalization of the same numbers is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const norm = model(21, [node('GroupNormalization', ['x', 'scale', 'bias'], ['y'], { num_groups: 1, epsilon: 1e-5 })], [['x'], ['scale'], ['bias']], [['y']]);
const instance = model(13, [node('InstanceNormalization', ['x', 'scale', 'bias'], ['y'], { epsilon: 1e-5 })], [['x'], ['scale'], ['bias']], [['y']]);
let state = 1;
const bright = Float32Array.from({ length: 2048 }, () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0), 250 + (0.1 * state) / 2 ** 32));
const mean = bright.reduce((a, b) => a + b, 0) / bright.length;
const variance = bright.reduce((a, b) => a + (b - mean) ** 2, 0) / bright.length;
const right = (bright[0] - mean) / Math.sqrt(variance + 1e-5);
const feeds = (data, dims) => (ort) => ({ x: float(ort, data, dims), scale: float(ort, Array(dims[1]).fill(1), [dims[1]]), bias: float(ort, Array(dims[1]).fill(0), [dims[1]]) });
for (const name of NAMES) {
  const group = (await run(name, norm, feeds(bright, [1, 2, 32, 32]))).y.data[0];
  const own = (await run(name, instance, feeds(bright, [1, 1, 32, 64]))).y.data[0];
  const plain = (await run(name, norm, feeds(new Float32Array(4 * 64 * 64).fill(0.7), [1, 4, 64, 64]))).y.data[0];
  console.log(`${name}: GroupNormalization ${group}, InstanceNormalization ${own}, float64 ${right}; of 0.7 everywhere ${plain}`);
  assert(Math.abs(group) < 0.3 * Math.abs(right));
  assert(Math.abs(own - right) < 0.02);
  assert.equal(Number.isNaN(plain), name === 'onnxruntime-web');
}
process.exit(0);
SCRIPT
node run.mjs
