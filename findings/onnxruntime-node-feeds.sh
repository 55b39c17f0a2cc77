#!/usr/bin/env bash
# onnxruntime-node ignores feeds that the model has no input for, so that a misspelt name passes; onnxruntime-web refuses them. A weight that
# is listed among the inputs may be fed by ONNX's rules: -node takes such a feed and computes with the weight in the file all the same.
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

const w = [...int(1, 1), ...int(2, FLOAT), ...text(8, 'w'), ...bytes(9, [...new Uint8Array(Float32Array.of(10).buffer)])];
const file = model(13, [node('Add', ['x', 'w'], ['y'])], [['x'], ['w']], [['y']], [w]);
for (const name of NAMES) {
  for (const extra of ['z', 'w']) {
    const answer = await run(name, file, (ort) => ({ x: float(ort, [1], [1]), [extra]: float(ort, [5], [1]) })).then(({ y }) => `runs: 1 + w = ${y.data[0]}`, (error) => `refused: ${error.message}`);
    console.log(`${name}, x and ${extra} fed, ${extra} is 5: ${answer}`);
    if (name === 'onnxruntime-node') assert.equal(answer, 'runs: 1 + w = 11');
    else assert.match(answer, /invalid input/);
  }
}
process.exit(0);
SCRIPT
node run.mjs
