#!/usr/bin/env bash
# onnxruntime adds a mean up in one or a few float32 numbers: that of a million times 0.1 is up to 1 % off, by other amounts in -node and
# -web and in GlobalAveragePool and ReduceMean; and a sum of ones stops at 2^24 in -web.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const SIDE = 1024;
const grey = new Float32Array(SIDE * SIDE).fill(0.1);
const pool = model(13, [node('GlobalAveragePool', ['x'], ['y'])], [['x']], [['y']]);
const mean = model(13, [node('ReduceMean', ['x'], ['y'], { axes: [2, 3], keepdims: 0 })], [['x']], [['y']]);
const columns = model(13, [node('ReduceMean', ['x'], ['y'], { axes: [0], keepdims: 0 })], [['x']], [['y']]);
const sum = model(11, [node('ReduceSum', ['x'], ['y'], { keepdims: 0 })], [['x']], [['y']]);
for (const name of NAMES) {
  const of = async (file, data, dims) => (await run(name, file, (ort) => ({ x: float(ort, data, dims) }))).y.data[0];
  const found = [await of(pool, grey, [1, 1, SIDE, SIDE]), await of(mean, grey, [1, 1, SIDE, SIDE]), await of(columns, grey, [SIDE * SIDE, 1])];
  const ones = await of(sum, new Float32Array(4097 * 4097).fill(1), [4097, 4097]);
  console.log(`${name}: 0.1 has the mean ${found.join(', ')} (GlobalAveragePool, ReduceMean over both axes, over the first); ${4097 * 4097} ones add up to ${ones}`);
  assert(Math.abs(found[0] - 0.1) > 2e-4 && found.some((x) => Math.abs(x - 0.1) > 1e-4));
  if (name === 'onnxruntime-web') assert.equal(ones, 2 ** 24);
}
process.exit(0);
SCRIPT
node run.mjs
