#!/usr/bin/env bash
# onnxruntime's pools forget the dilation when they pad for SAME_UPPER: six elements come out as four, where ONNX says ceil(6 / 1). A Conv
# with the same attributes is refused.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const attributes = { kernel_shape: [3], strides: [1], dilations: [2], auto_pad: 'SAME_UPPER' };
const pool = model(19, [node('MaxPool', ['x'], ['y'], attributes)], [['x']], [['y']]);
const conv = model(13, [node('Conv', ['x', 'w'], ['y'], attributes)], [['x'], ['w']], [['y']]);
for (const name of NAMES) {
  const x = (ort) => float(ort, [1, 2, 3, 4, 5, 6], [1, 1, 6]);
  const { dims, data } = (await run(name, pool, (ort) => ({ x: x(ort) }))).y;
  const refused = await run(name, conv, (ort) => ({ x: x(ort), w: float(ort, [1, 1, 1], [1, 1, 3]) })).then(() => 'runs', (error) => /Dilation not supported.*/.exec(error.message)?.[0] ?? error.message);
  console.log(`${name}: MaxPool of 6 gives [${dims}] ${data.join(' ')}; Conv: ${refused}`);
  assert.deepEqual([...dims], [1, 1, 4]);
  assert.match(refused, /Dilation not supported/);
}
process.exit(0);
SCRIPT
node run.mjs
