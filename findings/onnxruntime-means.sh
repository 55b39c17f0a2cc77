#!/usr/bin/env bash
# onnxruntime adds a mean up in one or a few float32 numbers: that of a million times 0.1 is up to 1 % off, by other amounts in -node and
# -web and in GlobalAveragePool and ReduceMean; and a sum of ones stops at 2^24 in -web.
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

const SIDE = 1024;
const grey = new Float32Array(SIDE * SIDE).fill(0.1);
const pool = model(13, [node('GlobalAveragePool', ['x'], ['y'])], [['x']], [['y']]);
const mean = model(13, [node('ReduceMean', ['x'], ['y'], { axes: [2, 3], keepdims: 0 })], [['x']], [['y']]);
const columns = model(13, [node('ReduceMean', ['x'], ['y'], { axes: [0], keepdims: 0 })], [['x']], [['y']]);
const sum = model(11, [node('ReduceSum', ['x'], ['y'], { keepdims: 0 })], [['x']], [['y']]);
for (const name of NAMES) {
  const of = async (file, data, dims) => (await run(name, file, (ort) => ({ x: float(ort, data, dims) }))).y.data[0];
  const found = [await of(pool, grey, [1, 1, SIDE, SIDE]), await of(mean, grey, [1, 1, SIDE, SIDE]), await of(columns, grey, [SIDE * SIDE, 1])];
  const ones = await of(sum, new Float32Array(4097 * 4097).fill(1), [4097, 4097]);
  console.log(`${name}: 0.1 has the mean ${found.join(', ')} (GlobalAveragePool, ReduceMean over both axes, over the first); ${4097 * 4097} ones add up to ${ones}`);
  assert(Math.abs(found[0] - 0.1) > 2e-4 && found.some((x) => Math.abs(x - 0.1) > 1e-4));
  if (name === 'onnxruntime-web') assert.equal(ones, 2 ** 24);
}
process.exit(0);
SCRIPT
node run.mjs
