#!/usr/bin/env bash
# onnxruntime's Resize with tf_crop_and_resize forgets the region along an axis whose size does not change: a quarter of a picture enlarged to the
# picture's own size is the whole picture.
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

// The upper left 2 × 2 of a 4 × 4 picture: roi is from 0 to 1 / 3 along both axes.
const file = model(13, [node('Resize', ['x', 'roi', 'none', 'sizes'], ['y'], { mode: 'nearest', coordinate_transformation_mode: 'tf_crop_and_resize' })], [
  ['x'], ['roi'], ['none'], ['sizes', 7],
], [['y']]);
const crop = async (name, size) => {
  const feeds = (ort) => ({
    x: float(ort, Array.from({ length: 16 }, (_, i) => i), [1, 1, 4, 4]),
    roi: float(ort, [0, 0, 0, 0, 1, 1, 1 / 3, 1 / 3], [8]),
    none: float(ort, [], [0]),
    sizes: new ort.Tensor('int64', BigInt64Array.from([1, 1, size, size], BigInt), [4]),
  });
  return [...(await run(name, file, feeds)).y.data].join(' ');
};
for (const name of NAMES) {
  const [smaller, same] = [await crop(name, 2), await crop(name, 4)];
  console.log(`${name}: ${smaller} at 2 × 2, ${same} at 4 × 4`);
  assert.equal(smaller, '0 1 4 5');
  // As asked for it would be 0 0 1 1 0 0 1 1 4 4 5 5 4 4 5 5.
  assert.equal(same, Array.from({ length: 16 }, (_, i) => i).join(' '));
}
process.exit(0);
SCRIPT
node run.mjs
