#!/usr/bin/env bash
# onnxruntime's Sigmoid falls where it should rise: between -18 and -15 it takes a dozen values in no order, zeros among them, so that
# scores which differ tie or change places. float32 has room for all of them: e^-16 is 1.1e-7, far from its smallest number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const COUNT = 3001;
const x = Float32Array.from({ length: COUNT }, (_, i) => -18 + i / 1000);
const file = model(13, [node('Sigmoid', ['x'], ['y'])], [['x']], [['y']]);
for (const name of NAMES) {
  const y = (await run(name, file, (ort) => ({ x: float(ort, x, [COUNT]) }))).y.data;
  const falls = y.filter((value, i) => i > 0 && value < y[i - 1]).length;
  const last = y.lastIndexOf(0);
  const first = y.findIndex((value) => value > 0);
  console.log(`${name}: ${new Set(y).size} distinct values for ${COUNT} inputs, which falls ${falls} times; ${y[first]} at ${x[first]}, 0 at ${x[last]}`);
  assert(new Set(y).size < 20 && falls > 100 && last > first);
}
process.exit(0);
SCRIPT
node run.mjs
