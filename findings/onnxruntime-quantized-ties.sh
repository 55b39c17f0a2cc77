#!/usr/bin/env bash
# The default optimiser fuses DequantizeLinear, Add or Mul, and QuantizeLinear, and then rounds after the zero point is added: ONNX rounds
# halves to even before, so that with an odd zero point every half is off by one. Without the optimiser both are as ONNX has them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { bytes, FLOAT, int, model, NAMES, node, run, text } from './onnxruntime.mjs';

const UINT8 = 2;
const scalar = (name, type, data) => [...int(2, type), ...text(8, name), ...bytes(9, data)];
const scale = (name, x) => scalar(name, FLOAT, new Uint8Array(Float32Array.of(x).buffer));
const zero = (name, x) => scalar(name, UINT8, [x]);
/** y = round(op(0.5 a, b / 2 or b)) + 1 */
const file = (op, bScale) =>
  model(
    13,
    [
      node('DequantizeLinear', ['a', 'half', 'none'], ['p']),
      node('DequantizeLinear', ['b', 'scale', 'none'], ['q']),
      node(op, ['p', 'q'], ['r']),
      node('QuantizeLinear', ['r', 'one', 'odd'], ['y']),
    ],
    [['a', UINT8], ['b', UINT8]],
    [['y', UINT8]],
    [scale('half', 0.5), scale('scale', bScale), scale('one', 1), zero('none', 0), zero('odd', 1)],
  );
const odd = Uint8Array.from({ length: 64 }, (_, i) => 2 * i + 1);
// Both cases are halves: 0.5, 1.5, 2.5, ...; to even and plus one: 1, 3, 3, 5, 5, ...
const right = [...odd].map((_, i) => 2 * Math.ceil(i / 2) + 1);
for (const [op, bScale, b] of [
  ['Add', 0.5, new Uint8Array(64)],
  ['Mul', 1, new Uint8Array(64).fill(1)],
]) {
  for (const name of NAMES) {
    const feeds = (ort) => ({ a: new ort.Tensor('uint8', odd, [64]), b: new ort.Tensor('uint8', b, [64]) });
    const of = async (graphOptimizationLevel) => [...(await run(name, file(op, bScale), feeds, { graphOptimizationLevel })).y.data];
    const [plain, fused] = [await of('disabled'), await of('all')];
    console.log(`${name}, ${op}: halves ${[...odd.slice(0, 6)].map((x) => x / 2).join(', ')} become ${fused.slice(0, 6).join(', ')}; without the optimiser ${plain.slice(0, 6).join(', ')}`);
    assert.deepEqual(plain, right);
    assert(fused.every((x, i) => Math.abs(x - right[i]) === 1));
  }
}
process.exit(0);
SCRIPT
node run.mjs
