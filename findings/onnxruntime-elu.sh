#!/usr/bin/env bash
# onnxruntime's Elu, Selu and Celu lose small numbers: e^x - 1 in float32 is 0 for -1e-8 and 1 % off at -1e-6, where expm1 has every digit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

for (const name of NAMES) {
  for (const op of ['Elu', 'Selu', 'Celu']) {
    const { data } = (await run(name, model(13, [node(op, ['x'], ['y'])], [['x']], [['y']]), (ort) => ({ x: float(ort, [-1e-6, -1e-8], [2]) }))).y;
    const slope = op === 'Selu' ? 1.7580993408473766 : 1;
    console.log(`${name}: ${op} of -1e-6 and -1e-8 is ${data.join(' and ')}`);
    assert(Math.abs(data[0] / (slope * -1e-6) - 1) > 0.005);
    assert.equal(Math.abs(data[1]), 0);
  }
}
process.exit(0);
SCRIPT
node run.mjs
