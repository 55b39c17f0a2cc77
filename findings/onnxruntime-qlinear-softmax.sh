#!/usr/bin/env bash
# QLinearSoftmax of uint8, of rows of one element: softmax is 1, which is 256 in steps of 1/256 and saturates to 255 in onnxruntime-web; in -node it
# becomes 0. Rows of int8, and rows in which one element is nearly everything, saturate in both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { bytes, FLOAT, int, model, NAMES, node, run, text } from './onnxruntime.mjs';

const DOMAIN = 'com.microsoft';
const types = { uint8: 2, int8: 3 };
const scalar = (name, type, data) => [...int(2, type), ...text(8, name), ...bytes(9, data)];
const scale = (name, x) => scalar(name, FLOAT, new Uint8Array(Float32Array.of(x).buffer));
/** y = QLinearSoftmax(0.1 x) in steps of 1/256 from the least number on. */
const file = (type) =>
  Uint8Array.from([
    ...model(
      13,
      [[...node('QLinearSoftmax', ['x', 'tenth', 'none', 'step', 'least'], ['y'], { axis: 1, opset: 13 }), ...text(7, DOMAIN)]],
      [['x', types[type]]],
      [['y', types[type]]],
      [scale('tenth', 0.1), scale('step', 1 / 256), scalar('none', types[type], [0]), scalar('least', types[type], [type === 'int8' ? 128 : 0])],
    ),
    ...bytes(8, [...text(1, DOMAIN), ...int(2, 1)]),
  ]);
for (const name of NAMES) {
  const of = async (type, data, dims) => {
    const feeds = (ort) => ({ x: new ort.Tensor(type, type === 'int8' ? Int8Array.from(data) : Uint8Array.from(data), dims) });
    return [...(await run(name, file(type), feeds)).y.data];
  };
  const [one, nearly, signed] = [await of('uint8', [7, 200], [2, 1]), await of('uint8', [255, 0, 0], [1, 3]), await of('int8', [7], [1, 1])];
  console.log(`${name}: rows of one uint8: ${one}; one of three is nearly everything: ${nearly}; a row of one int8: ${signed}`);
  assert.deepEqual([one, nearly, signed], [name === 'onnxruntime-node' ? [0, 0] : [255, 255], [255, 0, 0], [127]]);
}
process.exit(0);
SCRIPT
node run.mjs
