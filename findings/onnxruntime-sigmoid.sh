#!/usr/bin/env bash
# onnxruntime's Sigmoid falls where it should rise: between -18 and -15 it takes a dozen values in no order, zeros among them, so that
# scores which differ tie or change places. float32 has room for all of them: e^-16 is 1.1e-7, far from its smallest number.
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
