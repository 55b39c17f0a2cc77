// What the findings about onnxruntime share: a writer of small ONNX files, and both packages by the same face. Each script copies it to where it installs
// them; importing it prints their versions.

import { readFileSync } from 'node:fs';

// A small ONNX file by hand: protobuf fields of varints and of bytes.
const varint = (n) => (n < 128 ? [n] : [(n % 128) | 128, ...varint(Math.floor(n / 128))]);
export const int = (field, n) => [...varint(field << 3), ...varint(n)];
export const bytes = (field, data) => [...varint((field << 3) | 2), ...varint(data.length), ...data];
export const text = (field, s) => bytes(field, [...Buffer.from(s)]);
export const value = (name, type) => [...text(1, name), ...bytes(2, bytes(1, int(1, type)))];
const attribute = (name, x) =>
  typeof x === 'string'
    ? [...text(1, name), ...text(4, x), ...int(20, 3)]
    : Array.isArray(x)
      ? [...text(1, name), ...x.flatMap((n) => int(8, n)), ...int(20, 7)]
      : Number.isInteger(x)
        ? [...text(1, name), ...int(3, x), ...int(20, 2)]
        : [...text(1, name), (2 << 3) | 5, ...new Uint8Array(Float32Array.of(x).buffer), ...int(20, 1)];
export const node = (op, inputs, outputs, attributes = {}) => [
  ...inputs.flatMap((name) => text(1, name)),
  ...outputs.flatMap((name) => text(2, name)),
  ...text(4, op),
  ...Object.entries(attributes).flatMap(([name, x]) => bytes(5, attribute(name, x))),
];
export const FLOAT = 1;
export const model = (opset, nodes, inputs, outputs, initializers = []) =>
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
export const float = (ort, values, dims) => new ort.Tensor('float32', Float32Array.from(values), dims);
/** The outputs of one package for a file; `feeds` makes its tensors. */
export async function run(name, file, feeds, options = {}) {
  const ort = packages[name];
  const provider = name === 'onnxruntime-web' ? { executionProviders: ['wasm'] } : {};
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 4, ...provider, ...options });
  return session.run(feeds(ort));
}
export const NAMES = Object.keys(packages);
for (const name of NAMES) console.log(name, version(name));
