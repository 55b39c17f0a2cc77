#!/usr/bin/env bash
# onnxruntime's GroupNormalization takes the variance as E[x^2] - E[x]^2 in float32: a picture between 250 and 250.1 comes out several
# times too small, and a plain one of 0.7 is NaN in onnxruntime-web, for its variance is below 0. InstanceNormalization of the same numbers is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > run.mjs <<'SCRIPT'
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

// A small ONNX file by hand: protobuf fields of varints and of bytes.
const varint = (n) => (n < 128 ? [n] : [(n % 128) | 128, ...varint(Math.floor(n / 128))]);
const int = (field, n) => [...varint(field << 3), ...varint(n)];
const bytes = (field, data) => [...varint((field << 3) | 2), ...varint(data.length), ...data];
const text = (field, s) => bytes(field, [...Buffer.from(s)]);
const value = (name, type) => [...text(1, name), ...bytes(2, bytes(1, int(1, type)))];
const attribute = (name, x) =>
  typeof x === 'string'
    ? [...text(1, name), ...text(4, x), ...int(20, 3)]
    : Array.isArray(x)
      ? [...text(1, name), ...x.flatMap((n) => int(8, n)), ...int(20, 7)]
      : Number.isInteger(x)
        ? [...text(1, name), ...int(3, x), ...int(20, 2)]
        : [...text(1, name), (2 << 3) | 5, ...new Uint8Array(Float32Array.of(x).buffer), ...int(20, 1)];
const node = (op, inputs, outputs, attributes = {}) => [
  ...inputs.flatMap((name) => text(1, name)),
  ...outputs.flatMap((name) => text(2, name)),
  ...text(4, op),
  ...Object.entries(attributes).flatMap(([name, x]) => bytes(5, attribute(name, x))),
];
const FLOAT = 1;
const model = (opset, nodes, inputs, outputs, initializers = []) =>
  Uint8Array.from([
    ...int(1, 8),
    ...bytes(7, [
      ...nodes.flatMap((x) => bytes(1, x)),
      ...text(2, 'graph'),
      ...initializers.flatMap((x) => bytes(5, x)),
      ...inputs.flatMap(([name, type = FLOAT]) => bytes(11, value(name, type))),
      ...outputs.flatMap(([name, type = FLOAT]) => bytes(12, value(name, type))),
    ]),
    ...bytes(8, int(2, opset)),
  ]);

const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;
const packages = { 'onnxruntime-node': (await import('onnxruntime-node')).default, 'onnxruntime-web': await import('onnxruntime-web') };
packages['onnxruntime-web'].env.wasm.numThreads = 1;
const float = (ort, values, dims) => new ort.Tensor('float32', Float32Array.from(values), dims);
async function run(name, file, feeds, options = {}) {
  const ort = packages[name];
  const provider = name === 'onnxruntime-web' ? { executionProviders: ['wasm'] } : {};
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 4, ...provider, ...options });
  return session.run(feeds(ort));
}
const NAMES = Object.keys(packages);
for (const name of NAMES) console.log(name, version(name));

const norm = model(21, [node('GroupNormalization', ['x', 'scale', 'bias'], ['y'], { num_groups: 1, epsilon: 1e-5 })], [['x'], ['scale'], ['bias']], [['y']]);
const instance = model(13, [node('InstanceNormalization', ['x', 'scale', 'bias'], ['y'], { epsilon: 1e-5 })], [['x'], ['scale'], ['bias']], [['y']]);
let state = 1;
const bright = Float32Array.from({ length: 2048 }, () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0), 250 + (0.1 * state) / 2 ** 32));
const mean = bright.reduce((a, b) => a + b, 0) / bright.length;
const variance = bright.reduce((a, b) => a + (b - mean) ** 2, 0) / bright.length;
const right = (bright[0] - mean) / Math.sqrt(variance + 1e-5);
const feeds = (data, dims) => (ort) => ({ x: float(ort, data, dims), scale: float(ort, Array(dims[1]).fill(1), [dims[1]]), bias: float(ort, Array(dims[1]).fill(0), [dims[1]]) });
for (const name of NAMES) {
  const group = (await run(name, norm, feeds(bright, [1, 2, 32, 32]))).y.data[0];
  const own = (await run(name, instance, feeds(bright, [1, 1, 32, 64]))).y.data[0];
  const plain = (await run(name, norm, feeds(new Float32Array(4 * 64 * 64).fill(0.7), [1, 4, 64, 64]))).y.data[0];
  console.log(`${name}: GroupNormalization ${group}, InstanceNormalization ${own}, float64 ${right}; of 0.7 everywhere ${plain}`);
  assert(Math.abs(group) < 0.3 * Math.abs(right));
  assert(Math.abs(own - right) < 0.02);
  assert.equal(Number.isNaN(plain), name === 'onnxruntime-web');
}
process.exit(0);
SCRIPT
node run.mjs
