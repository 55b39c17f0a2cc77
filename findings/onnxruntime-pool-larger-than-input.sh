#!/bin/sh
# ONNX defines a pool's output size as floor((size + pads - extent) / stride + 1). For a window of 3 over 2 positions with stride 2 that is
# floor(0.5) = 0: an empty output. onnxruntime divides whole numbers first, which cuts towards 0, and gives one element, of a window that
# reaches past the end. With stride 1 it gives the empty output.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund onnxruntime-web@1.30.0 >/dev/null
cat >run.mjs <<'JS'
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';

const text = (field, value) => [field * 8 + 2, value.length, ...Buffer.from(value)];
const int = (field, value) => [field * 8, value];
const message = (field, ...parts) => [field * 8 + 2, parts.flat().length, ...parts.flat()];
const ints = (name, values) => message(5, text(1, name), ...values.map((value) => int(8, value)), [0xa0, 1, 7]);
const value = (field, name, dims) =>
  message(field, text(1, name), message(2, message(1, int(1, 1), message(2, ...dims.map((dim) => message(1, int(1, dim)))))));
/** A MaxPool of 3 × 3 over a picture of 2 × 2. */
const model = (stride) =>
  Uint8Array.from([
    ...int(1, 7),
    ...message(
      7,
      message(1, text(1, 'x'), text(2, 'y'), text(4, 'MaxPool'), ints('kernel_shape', [3, 3]), ints('strides', [stride, stride])),
      text(2, 'g'),
      value(11, 'x', [1, 1, 2, 2]),
      message(12, text(1, 'y'), message(2, message(1, int(1, 1)))),
    ),
    ...message(8, int(2, 13)),
  ]);

ort.env.logLevel = 'fatal';
const { version } = JSON.parse(readFileSync('node_modules/onnxruntime-web/package.json'));
console.log(`onnxruntime-web ${version}, MaxPool 3 × 3 of 2 × 2`);
const seen = [];
for (const stride of [1, 2]) {
  const session = await ort.InferenceSession.create(model(stride));
  const { y } = await session.run({ x: new ort.Tensor('float32', [1, 2, 3, 4], [1, 1, 2, 2]) });
  const formula = Math.floor((2 - 3) / stride + 1);
  console.log(`stride ${stride}: ONNX's formula [1, 1, ${formula}, ${formula}], output [${y.dims.join(', ')}] ${[...y.data]}`);
  seen.push(`${y.dims}:${[...y.data]}`);
}
process.exit(seen.join(';') === '1,1,0,0:;1,1,1,1:4' ? 0 : 1);
JS
node run.mjs
