#!/usr/bin/env bash
# onnxruntime's Pad with mode 'wrap' leaves elements unset where a pad is longer than the axis: by 4 around 1, 2, 3 the first is whatever was in
# memory, and should be 3. Nothing warns of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const file = model(19, [node('Pad', ['x', 'pads'], ['y'], { mode: 'wrap' })], [['x'], ['pads', 7]], [['y']]);
for (const name of NAMES) {
  const { data } = (await run(name, file, (ort) => ({ x: float(ort, [1, 2, 3], [3]), pads: new ort.Tensor('int64', BigInt64Array.of(4n, 4n), [2]) }))).y;
  console.log(`${name}: 1 2 3 wrapped by 4: ${data.join(' ')} (right: 3 1 2 3 1 2 3 1 2 3 1)`);
  assert.notEqual(data[0], 3);
  assert.deepEqual([...data].slice(1), [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]);
}
process.exit(0);
SCRIPT
node run.mjs
