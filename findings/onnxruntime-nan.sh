#!/usr/bin/env bash
# One NaN makes onnxruntime lose the largest number: the two largest of 1, NaN, 3, 2 are 1 and NaN to its TopK. To its ReduceMax a NaN
# counts only where it is the first element, while ArgMax of the same row finds it anywhere.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { float, model, NAMES, node, run } from './onnxruntime.mjs';

const INT64 = 7;
const topK = model(13, [node('TopK', ['x', 'k'], ['y', 'i'])], [['x'], ['k', INT64]], [['y'], ['i', INT64]]);
const largest = model(13, [node('ReduceMax', ['x'], ['y'], { keepdims: 0 })], [['x']], [['y']]);
const place = model(13, [node('ArgMax', ['x'], ['y'], { keepdims: 0 })], [['x']], [['y', INT64]]);
for (const name of NAMES) {
  const { y } = await run(name, topK, (ort) => ({ x: float(ort, [1, NaN, 3, 2], [4]), k: new ort.Tensor('int64', BigInt64Array.of(2n), [1]) }));
  const of = async (file, values) => Number((await run(name, file, (ort) => ({ x: float(ort, values, [3]) }))).y.data[0]);
  const [first, middle, at] = [await of(largest, [NaN, 1, 2]), await of(largest, [1, NaN, 2]), await of(place, [1, NaN, 2])];
  console.log(`${name}: TopK 2 of 1 NaN 3 2 is ${y.data.join(' ')}; ReduceMax of NaN 1 2 is ${first}, of 1 NaN 2 ${middle}; ArgMax of 1 NaN 2 is ${at}`);
  assert.deepEqual([...y.data, first, middle, at], [1, NaN, NaN, 2, 1]);
}
process.exit(0);
SCRIPT
node run.mjs
