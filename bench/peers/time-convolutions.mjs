// A child process: single convolutions with bias in Lanewise and in TensorFlow.js, checked equal, then timed in turn.
// Arguments: JSON of what convolutionsOf gives, RUNS, WARM_UP.
// Two clocks each. `alone`: the convolution on tensors that lie in memory as the runtime wants them, as within a network; Lanewise's profile has
// it, TensorFlow.js is called on a tensor. `call`: from an array of the caller's to an array of the caller's.

import { load, Tensor } from '../../dist/index.js';
import { conv2d, input, model, relu, uniform } from '../../dist/layers.js';
import { answer } from './answer.mjs';
import { describe } from './convolutions.mjs';
import { interleave } from './interleave.mjs';
import { filterOf, convolution as tensorflowConvolution } from './interpreter.mjs';
import { channelsLast } from './models.mjs';
import { checkEqual, noise } from './statistics.mjs';
import { startTensorflow } from './tfjs.mjs';

const TOLERANCE = 1e-4;
const NAME = 'convolution';

/** A network of one convolution, and its numbers. */
async function lanewise({ channels, height, width, filters, kernel, strides, pads, depthwise }) {
  const x = input([channels, height, width]);
  const options = { name: NAME, stride: strides, padding: pads.slice(0, 2), groups: depthwise ? channels : 1, bias: uniform(0, 1) };
  // As within a network, where a convolution does not read what the caller gives: such a one has fewer forms to choose from.
  const net = model(x, conv2d(relu(x), filters, kernel, options));
  const [weight, bias] = net.parameters().map((parameter) => parameter.constant());
  // By its file, which is how a network's convolutions come.
  return { compiled: await load(net.toONNX()), weight, bias };
}

async function measure(tf, convolution, settings) {
  const { channels, height, width, strides, pads, depthwise } = convolution;
  const dims = [1, channels, height, width];
  // What a ReLU leaves as it is.
  const data = noise(channels * height * width).map(Math.abs);
  const moved = channelsLast(data, dims);

  const { compiled, weight, bias } = await lanewise(convolution);
  const feeds = { [compiled.inputs[0].name]: new Tensor('float32', data, dims) };
  const result = () => Object.values(compiled.runSync(feeds))[0];

  const filter = filterOf(tf, weight.read(), weight.dims, depthwise);
  const shift = tf.tensor1d(bias.read());
  const apply = tensorflowConvolution(tf, { filter, bias: shift, activation: undefined, strides, pads, depthwise });
  const resident = tf.tensor4d(moved, [1, height, width, channels]);
  const called = () => {
    // A tidy that returns numbers looks for tensors among them, one by one.
    const y = tf.tidy(() => apply(tf.tensor4d(moved, resident.shape)));
    const numbers = y.dataSync();
    y.dispose();
    return numbers;
  };

  const expected = result();
  const error = checkEqual(describe(convolution), called(), channelsLast(expected.data, expected.dims), TOLERANCE);

  const alone = await interleave(
    {
      lanewise: () => {
        const rows = compiled.profile(feeds).filter(({ node }) => node === NAME);
        if (rows.length === 0) throw new Error(`${describe(convolution)}: not in the profile`);
        return rows.reduce((sum, { ms }) => sum + ms, 0);
      },
      tensorflow: () => {
        const start = performance.now();
        const y = apply(resident);
        const ms = performance.now() - start;
        y.dispose();
        return ms;
      },
    },
    settings,
  );
  const call = await interleave({ lanewise: result, tensorflow: called }, { ...settings, warmUp: 0 });

  const algorithm = compiled.profile(feeds).find(({ node }) => node === NAME).kernel;
  compiled.dispose();
  for (const tensor of [filter, shift, resident]) tensor.dispose();
  return { ...convolution, algorithm, error, alone, call };
}

const [list, runs, warmUp] = process.argv.slice(2);
await answer(async () => {
  const tf = await startTensorflow();
  const results = [];
  for (const convolution of JSON.parse(list)) {
    // Both runtimes' functions serve many sizes, so only the first of them starts cold.
    const settings = { runs: Number(runs), warmUp: Number(warmUp) / (results.length === 0 ? 1 : 4) };
    results.push(await measure(tf, convolution, settings));
  }
  return results;
});
