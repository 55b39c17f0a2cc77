// TensorFlow.js's side of docs/differences.md, on the two backends that need no graphics card. differences.mjs starts it; the argument is part of
// the titles that are wanted. What it has no operation for has no row here.

import { createRequire } from 'node:module';
import { startTensorflow } from './tfjs.mjs';

const tf = await startTensorflow();
createRequire(import.meta.url)('@tensorflow/tfjs-backend-cpu');
const only = process.argv[2] ?? '';

const [NAN, INF] = [Number.NaN, Number.POSITIVE_INFINITY];
const SIDE = 1024;
const whole = (...values) => tf.tensor1d(values, 'int32');
/** A picture of one row. */
const line = (...values) => tf.tensor4d(values, [1, 1, values.length, 1]);
const square = (...values) => tf.tensor4d(values, [1, 2, 2, 1]);
const grey = (...dims) => tf.fill(dims, 0.1);
const boxes = (...values) => tf.tensor2d(values, [values.length / 4, 4]);
/** As `noise` in tests/differences/row.ts. */
function noise(lowest, span, count) {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return lowest + span * (state / 2 ** 32);
  };
  return tf.tensor1d(Float32Array.from({ length: count }, next));
}
/** There is no operation of the kind: as one would write it. The first elements. */
function normalized(x, epsilon, outside = 0) {
  const { mean, variance } = tf.moments(x);
  const deviation = tf.add(tf.sqrt(tf.add(variance, epsilon)), outside);
  return tf.slice(tf.div(tf.sub(x, mean), deviation), 0, 3);
}
const transposed = (to, stride, pad, ...kernel) =>
  tf.conv2dTranspose(line(1, 2, 3), tf.tensor4d(kernel, [1, kernel.length, 1, 1]), [1, 1, to, 1], [1, stride], pad);
const [around, wide] = [1, 2].map((pad) => [
  [0, 0],
  [0, 0],
  [pad, pad],
  [0, 0],
]);
const kept = (at, scores, iou, score) => tf.image.nonMaxSuppression(boxes(...at), scores, 10, iou, score);
const [unit, second, third] = [
  [0, 0, 1, 1],
  [2, 2, 3, 3],
  [4, 4, 5, 5],
];
const spike = tf.tensor4d(
  Float32Array.from({ length: 81 }, (_, i) => (i === 40 ? NAN : 0)),
  [1, 9, 9, 1],
);

const rows = {
  'NaN in ReduceMax and ReduceMin': {
    'max NaN 1 2': () => tf.max([NAN, 1, 2]),
    'max 1 NaN 2': () => tf.max([1, NAN, 2]),
    'min 1 2 NaN': () => tf.min([1, 2, NAN]),
  },
  'NaN in ArgMax and ArgMin': {
    'argMax NaN 1 2': () => tf.argMax([NAN, 1, 2]),
    'argMax 1 NaN 2': () => tf.argMax([1, NAN, 2]),
    'argMax 1 2 NaN': () => tf.argMax([1, 2, NAN]),
    'argMin 1 NaN 2': () => tf.argMin([1, NAN, 2]),
  },
  'NaN in MaxPool': {
    'windows of 3': () => tf.maxPool(line(1, NAN, 3, 4, 2, 5, NAN, NAN, NAN), [1, 3], 1, 'valid'),
    'global 1 NaN 3 2': () => tf.maxPool(square(1, NAN, 3, 2), 2, 1, 'valid'),
    'global NaN 1 3 2': () => tf.maxPool(square(NAN, 1, 3, 2), 2, 1, 'valid'),
  },
  'NaN in TopK': {
    '4 of 1 NaN 3 2': () => tf.topk([1, NAN, 3, 2], 4),
    '2 of 1 NaN 3 2': () => tf.topk([1, NAN, 3, 2], 2),
  },
  'NaN in Clip and Relu': {
    clipByValue: () => tf.clipByValue([NAN, -1, 7, -0], 0, 6),
    relu: () => tf.relu([NAN, -1, 7, -0]),
    relu6: () => tf.relu6([NAN, -1, 7, -0]),
  },
  'Max and Min of NaN, and of zeros of either sign': {
    maximum: () => tf.maximum([NAN, 1, -0, 0], [1, NAN, 0, -0]),
    minimum: () => tf.minimum([NAN, 1, -0, 0], [1, NAN, 0, -0]),
  },
  'Sign of NaN': { sign: () => tf.sign([NAN, -2, 3]) },
  'ReduceLogSumExp of a row of −∞': { logSumExp: () => tf.logSumExp([-INF, -INF]), 'logSumExp of ∞ 0': () => tf.logSumExp([INF, 0]) },
  'NaN or ∞ in a 3×3 convolution': {
    'NaNs that come out': () => tf.sum(tf.cast(tf.isNaN(tf.conv2d(spike, tf.ones([3, 3, 1, 1]), 1, 'same')), 'int32')),
  },
  'Clip with min above max': { '5 to 1': () => tf.clipByValue([0, 3, 7], 5, 1) },
  'Ties in TopK and ArgMax': {
    '3 of six': () => tf.topk([1, 5, 5, 1, 5, 5], 3),
    '3 of a hundred zeros': () => tf.topk(Array(100).fill(0), 3),
    argMax: () => tf.argMax([1, 5, 5, 1]),
  },
  'TopK with sorted = 0': { '3 of six': () => tf.topk([1, 5, 3, 4, 2, 9], 3, false) },
  'Sigmoid in the tails': {
    sigmoid: () => tf.sigmoid([-50, -20, -18, -17, -16.5, -16, -15.5, -15, 16, 17.6, 18]),
  },
  'Elu, Selu and Celu near zero': { elu: () => tf.elu([-1e-4, -1e-6, -1e-8]), selu: () => tf.selu([-1e-8]) },
  'Cast of numbers that the whole type cannot hold': {
    'to int32': () => tf.cast(tf.tensor1d([-1, 300, 1e10, NAN, INF, -INF, 1.9]), 'int32'),
    'to bool': () => tf.cast(tf.tensor1d([-1, NAN, 0, 0.5]), 'bool'),
  },
  'Division of negative whole numbers': { div: () => tf.div(whole(-7, 7, -7, 7), whole(2, -2, -2, 2)) },
  'Mod of negative numbers': {
    'mod of int32': () => tf.mod(whole(-7, 7, -7, 7), whole(3, -3, -3, 3)),
    'mod of float32': () => tf.mod([-7, 7, 5.5], [3, -3, 0]),
  },
  'Pow of whole numbers that outgrows them': { 'pow of int32': () => tf.pow(whole(2, 46341, 3), whole(31, 2, 40)) },
  'ReduceMean of whole numbers': { mean: () => tf.mean(whole(1, 2)) },
  'Reductions of nothing': Object.fromEntries(
    ['sum', 'prod', 'mean', 'max', 'min'].map((name) => [name, () => tf[name](tf.zeros([2, 0]), 1)]),
  ),
  'Gemm of depth 0': { matMul: () => tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])) },
  'Range of fractions': { range: () => tf.range(0, 1, 0.1, 'float32') },
  'SAME padding with dilation': {
    'max pool': () => tf.pool(line(1, 2, 3, 4, 5, 6), [1, 3], 'max', 'same', [1, 2], 1),
    'average pool': () => tf.pool(line(1, 2, 3, 4, 5, 6), [1, 3], 'avg', 'same', [1, 2], 1),
    'average pool, not dilated': () => tf.pool(line(1, 2, 3, 4, 5, 6), [1, 3], 'avg', 'same', 1, 1),
    conv2d: () => tf.conv2d(line(1, 2, 3, 4, 5, 6), tf.ones([1, 3, 1, 1]), 1, 'same', 'NHWC', [1, 2]),
  },
  'Which end ConvTranspose crops': {
    'same, 3 wide, to 6': () => transposed(6, 2, 'same', 1, 10, 100),
    'valid, 3 wide, to 7': () => transposed(7, 2, 'valid', 1, 10, 100),
    'same, 4 wide, stride 1': () => transposed(3, 1, 'same', 1, 10, 100, 1000),
  },
  'Average pools with ceil_mode and count_include_pad': {
    padded: () => tf.avgPool(line(1, 2, 3, 4), [1, 3], [1, 2], around, 'ceil'),
    'a last window in the padding': () => tf.avgPool(line(1, 2, 3, 4), [1, 2], [1, 3], around, 'ceil'),
    'a last window in the padding, max': () => tf.maxPool(line(1, 2, 3, 4), [1, 2], [1, 3], around, 'ceil'),
  },
  'Pads as wide as the window': {
    max: () => tf.maxPool(line(1, 2), [1, 2], 1, wide),
    average: () => tf.avgPool(line(1, 2), [1, 2], 1, wide),
  },
  'Means of a million pixels': {
    'photo, mean': () => tf.mean(noise(0, 1, SIDE * SIDE)),
    'grey, mean': () => tf.mean(grey(1, SIDE, SIDE, 2), [1, 2]),
    'grey, avgPool': () => tf.avgPool(grey(1, SIDE, SIDE, 1), SIDE, 1, 'valid'),
    '4097² ones, added': () => tf.sum(tf.ones([4097, 4097])),
  },
  'MeanVarianceNormalization of a flat plane': {
    '2×2 of 1, by moments': () => normalized(tf.fill([4], 1), 0, 1e-9),
    '28×28 of 0.7, by moments': () => normalized(tf.fill([784], 0.7), 0, 1e-9),
  },
  'GroupNormalization of a blank or bright picture': {
    'blank: 0.7, by moments': () => normalized(tf.fill([4 * 64 * 64], 0.7), 1e-5),
    '250 to 250.1, by moments': () => normalized(noise(250, 0.1, 2048), 1e-5),
    '5000 to 5001, by moments': () => normalized(noise(5000, 1, 2048), 1e-5),
  },
  'Numbers that are left out': {
    leakyRelu: () => tf.leakyRelu([-1]),
    batchNorm: () => tf.batchNorm(tf.tensor1d([1]), tf.tensor1d([0]), tf.tensor1d([0])),
    localResponseNormalization: () => tf.localResponseNormalization(tf.tensor4d([1, 2, 3], [1, 1, 1, 3])),
  },
  'Gather with indices that are negative or too large': {
    '-1': () => tf.gather([10, 20, 30], whole(-1)),
    3: () => tf.gather([10, 20, 30], whole(3)),
  },
  'NonMaxSuppression at its thresholds, and flipped boxes': {
    'an overlap of exactly 0.5': () => kept([...unit, 0, 0, 1, 0.5], [0.9, 0.8], 0.5),
    'a score of exactly 0.5': () => kept([...unit, ...second], [0.5, 0.75], 0.5, 0.5),
    'equal scores': () => kept([...unit, ...second, ...third], [0.5, 0.5, 0.5], 0.5),
    'equal scores and boxes': () => kept([...unit, ...second, ...second], [0.4, 0.5, 0.5], 0.5),
    'corners the other way round': () => kept([1, 1, 0, 0, ...unit], [0.9, 0.8], 0.5),
  },
  'NaN among the scores of NonMaxSuppression': { 0.5: () => kept([...unit, ...second, ...third], [0.5, NAN, 0.7], 0.5) },
  'Pad that wraps or reflects further than the axis is long': {
    'reflect by 2': () => tf.mirrorPad([1, 2, 3], [[2, 2]], 'reflect'),
    'reflect by 3': () => tf.mirrorPad([1, 2, 3], [[3, 3]], 'reflect'),
  },
  'PRelu with a slope for each channel': {
    'channels last': () => tf.prelu(tf.tensor4d([-1, -1, -1, -1], [1, 1, 2, 2]), tf.tensor1d([10, 100])),
  },
  "Resize's pixels in float32": {
    'to 6, align corners': () => tf.image.resizeBilinear(line(1, 2, 3, 4), [1, 6], true),
    'to 2, align corners': () => tf.image.resizeBilinear(line(1, 2, 3, 4), [1, 2], true),
    'to 6, neither': () => tf.image.resizeBilinear(line(1, 2, 3, 4), [1, 6]),
  },
  'Nearest pixels where two are equally near': {
    halved: () => tf.image.resizeNearestNeighbor(line(1, 2, 3, 4), [1, 2]),
    'halved, half pixel centers': () => tf.image.resizeNearestNeighbor(line(1, 2, 3, 4), [1, 2], false, true),
  },
  'Resize of bytes': {
    bilinear: () => tf.image.resizeBilinear(tf.tensor4d([0, 255, 10, 11], [1, 1, 4, 1], 'int32'), [1, 6], false, true),
  },
  '16-bit, CMYK and see-through pictures': {
    'fromPixels, see-through': () =>
      tf.browser.fromPixels({ width: 2, height: 1, data: Uint8Array.of(200, 100, 50, 0, 200, 100, 50, 128) }),
  },
};

const number = (x) => (Object.is(x, -0) ? '-0' : String(x));
const show = (tensor) => `${tensor.dtype}[${tensor.shape}] ${Array.from(tensor.dataSync()).slice(0, 12).map(number).join(' ')}`;

console.log(`\n# TensorFlow.js ${tf.version_core}`);
for (const [title, calls] of Object.entries(rows).filter(([title]) => title.includes(only))) {
  console.log(`\n## ${title}`);
  for (const [name, call] of Object.entries(calls)) {
    for (const backend of ['wasm', 'cpu']) {
      await tf.setBackend(backend);
      let answer;
      try {
        const made = tf.tidy(call);
        answer = (made.dataSync ? [made] : Object.values(made)).map(show).join('; ');
      } catch (error) {
        answer = `refused: ${String(error.message).replace(/\s+/g, ' ').slice(0, 160)}`;
      }
      console.log(`  ${name.padEnd(32)} ${backend.padEnd(5)} ${answer}`);
    }
  }
}
