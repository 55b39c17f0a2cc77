#!/usr/bin/env bash
# onnxruntime-node and onnxruntime-web give different whole numbers for the same Cast: -1 to uint8 is 255 and 0, 1e10 is 0 and 255,
# but 300 is 44 in both; 1e10 to int32 is the least and the largest int32. (x86-64; ONNX leaves it undefined.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const types = { uint8: 2, int32: 6 };
const expected = {
  'onnxruntime-node': { uint8: [255, 44, 0, 0], int32: [-1, 300, -2147483648, -2147483648] },
  'onnxruntime-web': { uint8: [0, 44, 255, 0], int32: [-1, 300, 2147483647, 0] },
};
for (const name of NAMES) {
  for (const [type, code] of Object.entries(types)) {
    const file = model(13, [node('Cast', ['x'], ['y'], { to: code })], [['x']], [['y', code]]);
    const { data } = (await run(name, file, (ort) => ({ x: float(ort, [-1, 300, 1e10, NaN], [4]) }))).y;
    console.log(`${name}: -1, 300, 1e10, NaN to ${type}: ${data.join(', ')}`);
    assert.deepEqual([...data], expected[name][type]);
  }
}
process.exit(0);
SCRIPT
node run.mjs
