// JavaScript's other libraries that train, behind one interface: see networks.mjs for the operators that networks ask for.
// `start` gives a function that does a step and returns the loss before it.

import { createRequire } from 'node:module';
import { startTensorflow } from '../peers/tfjs.mjs';
import { networks, problem } from './networks.mjs';

const EPSILON = 1e-5;
// The peers are installed beside their own package.json.
const require = createRequire(new URL('../peers/package.json', import.meta.url));

/** NHWC. */
const tfjsOps = (tf) => ({
  conv: (x, w, { stride, padding }) => tf.conv2d(x, tf.transpose(w, [2, 3, 1, 0]), stride, padding === 0 ? 'valid' : padding),
  bias: tf.add,
  relu: tf.relu,
  add: tf.add,
  maxPool: (x) => tf.maxPool(x, 2, 2, 'valid'),
  batchNorm(x, scale, shift) {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm(x, mean, variance, shift, scale, EPSILON);
  },
  // A strided slice has no gradient.
  everyOther: (x) => tf.avgPool(x, 1, 2, 'valid'),
  padChannels: (x, count) =>
    tf.pad(x, [
      [0, 0],
      [0, 0],
      [0, 0],
      [count, count],
    ]),
  mean: (x) => tf.mean(x, [1, 2]),
  // Weights are for pictures that are channels-first.
  flatten: (x) => tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0], -1]),
  dense: (x, w, b) => tf.add(tf.matMul(x, w, false, true), b),
});

async function startTfjs(backend, name, batch, { rate, momentum }) {
  // The core alone has no gradients.
  const tf = require('@tensorflow/tfjs');
  if (backend === 'wasm') await startTensorflow();
  await tf.setBackend(backend);
  const { weights, dims, pictures, labels } = problem(name, batch);
  const variables = new Map(weights.map(({ name, dims, data }) => [name, tf.variable(tf.tensor(data, dims))]));
  const x = tf.transpose(tf.tensor(pictures, dims), [0, 2, 3, 1]);
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
  const optimizer = tf.train.momentum(rate, momentum);
  const ops = tfjsOps(tf);
  const loss = () =>
    tf.losses.softmaxCrossEntropy(
      y,
      networks[name].scores(ops, (name) => variables.get(name), x),
    );
  return async () => {
    const value = optimizer.minimize(loss, true, [...variables.values()]);
    const [number] = await value.data();
    value.dispose();
    return number;
  };
}

/** NCHW. Every use of an array takes a reference, which only tracing sees. */
const jaxOps = ({ lax, nn, numpy: np }) => {
  const perChannel = (v) => v.ref.reshape([1, v.shape[0], 1, 1]);
  return {
    conv: (x, w, { stride, padding }) =>
      lax.convGeneralDilated(
        x.ref,
        w.ref,
        [stride, stride],
        [
          [padding, padding],
          [padding, padding],
        ],
      ),
    bias: (x, b) => x.ref.add(perChannel(b)),
    relu: (x) => nn.relu(x.ref),
    add: (a, b) => a.ref.add(b.ref),
    maxPool(x) {
      const [n, c, h, w] = x.shape;
      return np.max(x.ref.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
    },
    batchNorm(x, scale, shift) {
      const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
      const centred = x.ref.sub(mean);
      const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
      return centred
        .div(np.sqrt(variance.add(EPSILON)))
        .mul(perChannel(scale))
        .add(perChannel(shift));
    },
    everyOther(x) {
      const [n, c, h, w] = x.shape;
      return x.ref.reshape([n, c, h / 2, 2, w / 2, 2]).slice([], [], [], 0, [], 0);
    },
    padChannels: (x, count) =>
      np.pad(x.ref, [
        [0, 0],
        [count, count],
        [0, 0],
        [0, 0],
      ]),
    mean: (x) => np.mean(x.ref, [2, 3]),
    flatten: (x) => x.ref.reshape([x.shape[0], -1]),
    dense: (x, w, b) => np.matmul(x.ref, w.ref.transpose()).add(b.ref),
  };
};

async function startJax(name, batch, { rate, momentum }) {
  const jax = require('@jax-js/jax');
  const { init, defaultDevice, jit, nn, numpy: np, tree, valueAndGrad } = jax;
  await init('wasm');
  defaultDevice('wasm');
  const ops = jaxOps(jax);
  const { weights, dims, pictures, labels } = problem(name, batch);
  let held = Object.fromEntries(weights.map(({ name, dims, data }) => [name, np.array(data.slice()).reshape(dims)]));
  let momenta = Object.fromEntries(weights.map(({ name, dims }) => [name, np.zeros(dims)]));
  const x = np.array(pictures).reshape(dims);
  const hot = new Float32Array(10 * batch);
  labels.forEach((label, i) => {
    hot[10 * i + label] = 1;
  });
  const y = np.array(hot).reshape([batch, 10]);
  const lossOf = (held, x, y) => {
    const scores = networks[name].scores(ops, (name) => held[name], x);
    return nn
      .logSoftmax(scores, -1)
      .mul(y.ref)
      .sum()
      .mul(-1 / batch);
  };
  const step = jit((held, momenta, x, y) => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(held), x, y);
    const moved = Object.fromEntries(Object.keys(momenta).map((name) => [name, momenta[name].mul(momentum).add(gradients[name])]));
    const next = Object.fromEntries(Object.keys(held).map((name) => [name, held[name].sub(moved[name].ref.mul(rate))]));
    return [loss, next, moved];
  });
  return async () => {
    const [loss, next, moved] = step(held, momenta, x.ref, y.ref);
    [held, momenta] = [next, moved];
    const [number] = await loss.data();
    await jax.blockUntilReady(tree.ref(held));
    return number;
  };
}

export const peers = {
  'tfjs-cpu': { package: '@tensorflow/tfjs', start: (...args) => startTfjs('cpu', ...args) },
  'tfjs-wasm': { package: '@tensorflow/tfjs-backend-wasm', start: (...args) => startTfjs('wasm', ...args) },
  'jax-js': { package: '@jax-js/jax', start: startJax },
};
