// The networks that peers.mjs trains, written once for all peers: in terms of a peer's `ops`.

import { conv2d, dense, flatten, input, maxPool2d, model, relu } from '../../dist/layers.js';
import { resnet20 } from '../../dist/zoo.js';

/** As tests/training/networks.ts has it. */
function lenet() {
  const pictures = input([1, 28, 28]);
  let x = maxPool2d(relu(conv2d(pictures, 8, 5, { name: 'conv1' })), 2);
  x = maxPool2d(relu(conv2d(x, 16, 5, { name: 'conv2' })), 2);
  return model(pictures, dense(flatten(x), 10, { name: 'fc' }), { name: 'lenet' });
}

/** relu(bn(conv(relu(bn(conv(x))))) + shortcut(x)). */
function residual(ops, w, x, name, filters, stride) {
  const conv = (x, i, stride) =>
    ops.batchNorm(ops.conv(x, w(`${name}.conv${i}.weight`), { stride, padding: 1 }), w(`${name}.bn${i}.weight`), w(`${name}.bn${i}.bias`));
  const y = conv(ops.relu(conv(x, 1, stride)), 2, 1);
  return ops.relu(ops.add(y, stride === 1 ? x : ops.padChannels(ops.everyOther(x), filters / 4)));
}

/** By name: the weights, the pictures' shape, and the scores of pictures. `w` gives a weight by its name. */
export const networks = {
  lenet: {
    make: lenet,
    shape: [1, 28, 28],
    scores(ops, w, x) {
      let y = ops.maxPool(ops.relu(ops.bias(ops.conv(x, w('conv1.weight'), { stride: 1, padding: 0 }), w('conv1.bias'))));
      y = ops.maxPool(ops.relu(ops.bias(ops.conv(y, w('conv2.weight'), { stride: 1, padding: 0 }), w('conv2.bias'))));
      return ops.dense(ops.flatten(y), w('fc.weight'), w('fc.bias'));
    },
  },
  resnet20: {
    make: resnet20,
    shape: [3, 32, 32],
    scores(ops, w, x) {
      let y = ops.conv(x, w('conv1.weight'), { stride: 1, padding: 1 });
      y = ops.relu(ops.batchNorm(y, w('bn1.weight'), w('bn1.bias')));
      for (const stage of [1, 2, 3])
        for (const block of [0, 1, 2]) y = residual(ops, w, y, `layer${stage}.${block}`, 8 * 2 ** stage, stage > 1 && block === 0 ? 2 : 1);
      return ops.dense(ops.mean(y), w('fc.weight'), w('fc.bias'));
    },
  },
};

/** Weights by name, pictures and labels: the same for every peer. */
export function problem(name, batch) {
  const { make, shape } = networks[name];
  const weights = make().parameters();
  let seed = 1;
  // Numbers of a linear congruential generator; their quality does not matter.
  const next = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const pictures = Float32Array.from({ length: batch * shape.reduce((a, b) => a * b) }, () => 2 * next() - 1);
  const labels = Int32Array.from({ length: batch }, () => Math.floor(10 * next()));
  return { weights: weights.map(({ name, dims, data }) => ({ name, dims, data })), dims: [batch, ...shape], pictures, labels };
}
