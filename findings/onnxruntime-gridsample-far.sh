#!/usr/bin/env bash
# onnxruntime's GridSample far outside the picture: with padding_mode 'border' a coordinate of 1e6 is the last column, one of 1e9 is 0, which no pixel is,
# and infinity is the first column; with 'zeros' infinity lies inside the picture and answers 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const expected = { zeros: [0, 0, 1], border: [3, 0, 2] };
for (const [padding, answers] of Object.entries(expected)) {
  const file = model(16, [node('GridSample', ['x', 'grid'], ['y'], { mode: 'bilinear', padding_mode: padding })], [['x'], ['grid']], [['y']]);
  for (const name of NAMES) {
    const of = async (far) => {
      const feeds = (ort) => ({ x: float(ort, [1, 2, 3, 4], [1, 1, 2, 2]), grid: float(ort, [far, 0], [1, 1, 1, 2]) });
      return (await run(name, file, feeds)).y.data[0];
    };
    const found = [await of(1e6), await of(1e9), await of(Infinity)];
    console.log(`${name}, ${padding}: ${found.join(', ')} at 1e6, 1e9 and infinity of a picture of 1 2 / 3 4`);
    assert.deepEqual(found, answers);
  }
}
process.exit(0);
SCRIPT
node run.mjs
