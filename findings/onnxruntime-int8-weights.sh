#!/usr/bin/env bash
# onnxruntime-web's ConvInteger takes several times as long if its weights are int8 as if they are uint8, although the numbers, and the
# sums, are the same: (W + 128) as uint8 with a zero point of 128 means W. onnxruntime-node does so on some processors.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/onnxruntime.mjs" "$folder"
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import node_ from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { bytes, int, model, node, text } from './onnxruntime.mjs';

const [UINT8, INT8, INT32] = [2, 3, 6];
const tensor = (name, type, dims, data) => [...dims.flatMap((n) => int(1, n)), ...int(2, type), ...text(8, name), ...bytes(9, data)];
/** Output channels, input channels of each, pixels along an axis, the kernel's. */
const CASES = { 'a 1×1 convolution': [64, 64, 64, 1], 'a 3×3 convolution': [32, 32, 64, 3], 'a depthwise 3×3 convolution': [64, 1, 96, 3] };

for (const [what, [channels, depth, size, kernel]] of Object.entries(CASES)) {
  // Small enough for products of pairs to fit 16 bits, as some processors' instructions need it.
  const w = Int8Array.from({ length: channels * depth * kernel * kernel }, (_, i) => ((i * 37) % 101) - 50);
  const x = Uint8Array.from({ length: channels * size * size }, (_, i) => (i * 31) % 256);
  const attributes = { pads: Array(4).fill(kernel >> 1), group: depth === 1 ? channels : 1 };
  const file = (type, zero) =>
    model(13, [node('ConvInteger', ['x', 'w', 'xz', 'wz'], ['y'], attributes)], [['x', UINT8]], [['y', INT32]], [
      tensor('w', type, [channels, depth, kernel, kernel], Uint8Array.from(w, (v) => v + zero)),
      tensor('xz', UINT8, [], [7]),
      tensor('wz', type, [], [zero]),
    ]);
  for (const [name, ort, options] of [
    ['onnxruntime-web', web, { executionProviders: ['wasm'] }],
    ['onnxruntime-node', node_, { intraOpNumThreads: 1 }],
  ]) {
    const sessions = [await ort.InferenceSession.create(file(UINT8, 128), options), await ort.InferenceSession.create(file(INT8, 0), options)];
    const feeds = { x: new ort.Tensor('uint8', x, [1, channels, size, size]) };
    const times = [Infinity, Infinity];
    const sums = [];
    for (let round = 0; round < 20; round++) {
      for (const [i, session] of sessions.entries()) {
        const start = performance.now();
        sums[i] = (await session.run(feeds)).y.data;
        times[i] = Math.min(times[i], performance.now() - start);
      }
    }
    console.log(`${name}, ${what}: ${times[0].toFixed(1)} ms with uint8 weights, ${times[1].toFixed(1)} ms with int8 ones`);
    assert.deepEqual(sums[1], sums[0]);
    if (ort === web) assert(times[1] > 2 * times[0]);
  }
}
process.exit(0);
SCRIPT
node run.mjs
