#!/usr/bin/env bash
# onnxruntime takes a Cast to float16 out of a model where an operator follows that it has in float32 alone: 1000.1 stays 1000.1 through Cast(float16),
# Relu, Cast(float32), and with graphOptimizationLevel 'disabled' too. With Identity in Relu's place it is rounded to 1000.
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

for (const name of NAMES) {
  for (const graphOptimizationLevel of ['all', 'disabled']) {
    const of = async (op) => {
      const nodes = [node('Cast', ['x'], ['h'], { to: 10 }), node(op, ['h'], ['r']), node('Cast', ['r'], ['y'], { to: 1 })];
      const feeds = (ort) => ({ x: float(ort, [1000.1], [1]) });
      return (await run(name, model(13, nodes, [['x']], [['y']]), feeds, { graphOptimizationLevel })).y.data[0];
    };
    const [relu, identity] = [await of('Relu'), await of('Identity')];
    console.log(`${name}, optimisations '${graphOptimizationLevel}': ${relu} through Relu, ${identity} through Identity`);
    assert.deepEqual([relu, identity], [Math.fround(1000.1), 1000]);
  }
}
process.exit(0);
SCRIPT
node run.mjs
