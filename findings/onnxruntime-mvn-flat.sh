#!/usr/bin/env bash
# onnxruntime's MeanVarianceNormalization of a plain picture is NaN, for it divides by a deviation of 0 (ONNX's function adds 1e-9 to it), or
# 1 or -1 everywhere, where the float32 mean is a digit off and is then divided by itself: 28x28 of 0.7.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const file = model(13, [node('MeanVarianceNormalization', ['x'], ['y'], { axes: [0, 2, 3] })], [['x']], [['y']]);
for (const name of NAMES) {
  const of = async (value, size) => new Set((await run(name, file, (ort) => ({ x: float(ort, Array(size * size).fill(value), [1, 1, size, size]) }))).y.data);
  const [ones, plain] = [await of(1, 2), await of(0.7, 28)];
  console.log(`${name}: 2x2 of 1 gives ${[...ones].join(' ')}, 28x28 of 0.7 gives ${[...plain].join(' ')} (right: 0)`);
  assert.deepEqual([[...ones], [...plain].map(Math.abs)], [[NaN], [1]]);
}
process.exit(0);
SCRIPT
node run.mjs
