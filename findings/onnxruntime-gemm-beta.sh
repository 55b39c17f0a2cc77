#!/usr/bin/env bash
# onnxruntime's Gemm forgets beta where the depth is 0: alpha A B is nothing then, and what is left should be beta C.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const file = model(13, [node('Gemm', ['a', 'b', 'c'], ['y'], { beta: 0.5 })], [['a'], ['b'], ['c']], [['y']]);
for (const name of NAMES) {
  const of = async (depth) =>
    [...(await run(name, file, (ort) => ({ a: float(ort, Array(depth).fill(0), [1, depth]), b: float(ort, Array(3 * depth).fill(0), [depth, 3]), c: float(ort, [1, 2, 3], [3]) }))).y.data];
  const [none, one] = [await of(0), await of(1)];
  console.log(`${name}: C = 1 2 3, beta = 0.5: ${none.join(' ')} at depth 0, ${one.join(' ')} at depth 1 of zeros`);
  assert.deepEqual([none, one], [[1, 2, 3], [0.5, 1, 1.5]]);
}
process.exit(0);
SCRIPT
node run.mjs
