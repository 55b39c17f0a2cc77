#!/usr/bin/env bash
# One NaN makes onnxruntime lose the largest number: the two largest of 1, NaN, 3, 2 are 1 and NaN to its TopK. To its ReduceMax a NaN
# counts only where it is the first element, while ArgMax of the same row finds it anywhere.
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
