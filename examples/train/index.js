import { writeFile } from 'node:fs/promises';
import { load, Tensor } from 'lanewise';
import { batchNorm, conv2d, dense, dropout, flatten, globalAvgPool2d, input, maxPool2d, model, relu } from 'lanewise/layers';
import { cosine, crossEntropy, inBatches, sgd, trainer } from 'lanewise/train';

const SIZE = 16;
/** Digits of 3×5 dots, a bit for each, row by row. */
const FONT = [0o75557, 0o26227, 0o71747, 0o71717, 0o55711, 0o74717, 0o74757, 0o71111, 0o75757, 0o75717];

/** Whole numbers below `most`, the same on every machine: a linear congruential generator. */
let state = 1;
function random(most) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 16) % most;
}

/** Digits somewhere in the picture, twice as large, in noise. */
function draw(count) {
  const pixels = Float32Array.from({ length: count * SIZE * SIZE }, () => random(100) / 100);
  const classes = Uint8Array.from({ length: count }, (_, i) => i % 10);
  classes.forEach((digit, i) => {
    const [left, top] = [random(SIZE - 6), random(SIZE - 10)];
    for (let y = 0; y < 10; y++) {
      for (let x = 0; x < 6; x++) {
        const dot = 14 - 3 * (y >> 1) - (x >> 1);
        if ((FONT[digit] >> dot) & 1) pixels[(i * SIZE + top + y) * SIZE + left + x] += 1;
      }
    }
  });
  return [new Tensor(pixels, [count, 1, SIZE, SIZE]), classes];
}

const conv = (x, filters) => relu(batchNorm(conv2d(x, filters, 3, { padding: 1, bias: false })));
const x = input([1, SIZE, SIZE]);
const features = conv(conv(maxPool2d(conv(conv(x, 16), 16), 2), 32), 64);
const digits = model(x, dense(dropout(flatten(globalAvgPool2d(features)), 0.1), 10));

const t = await trainer(digits, { loss: crossEntropy(), optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }) });
await t.fit(inBatches(...draw(1000)), {
  epochs: 6,
  schedule: cosine(0.1, { warmup: 1 }),
  validation: inBatches(...draw(200), { shuffle: false }),
  onEpoch: ({ epoch, loss, validation }) => console.log(epoch, loss.toFixed(3), `${(100 * validation.accuracy).toFixed(1)} %`),
});
await writeFile('trained.onnx', await t.toONNX());
t.dispose();

const trained = await load('trained.onnx'); // onnxruntime and others load it, too
const [pictures, classes] = draw(10);
const { output } = await trained.run({ input: pictures });
const scores = output.data.subarray(7 * 10, 8 * 10);
console.log(`trained.onnx says ${scores.indexOf(Math.max(...scores))} to a ${classes[7]}`);
