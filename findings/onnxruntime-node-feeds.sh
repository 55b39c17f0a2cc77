#!/usr/bin/env bash
# onnxruntime-node ignores feeds that the model has no input for, so that a misspelt name passes; onnxruntime-web refuses them. A weight that
# is listed among the inputs may be fed by ONNX's rules: -node takes such a feed and computes with the weight in the file all the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { bytes, float, FLOAT, int, model, NAMES, node, run, text } from './onnxruntime.mjs';

const w = [...int(1, 1), ...int(2, FLOAT), ...text(8, 'w'), ...bytes(9, [...new Uint8Array(Float32Array.of(10).buffer)])];
const file = model(13, [node('Add', ['x', 'w'], ['y'])], [['x'], ['w']], [['y']], [w]);
for (const name of NAMES) {
  for (const extra of ['z', 'w']) {
    const answer = await run(name, file, (ort) => ({ x: float(ort, [1], [1]), [extra]: float(ort, [5], [1]) })).then(({ y }) => `runs: 1 + w = ${y.data[0]}`, (error) => `refused: ${error.message}`);
    console.log(`${name}, x and ${extra} fed, ${extra} is 5: ${answer}`);
    if (name === 'onnxruntime-node') assert.equal(answer, 'runs: 1 + w = 11');
    else assert.match(answer, /invalid input/);
  }
}
process.exit(0);
SCRIPT
node run.mjs
