// Runs an ONNX graph with TensorFlow.js, channels last, fused as its own converter fuses: batch-norms go into the weights, biases and
// activations into the convolution. Weights are transposed once, beforehand. It knows what the networks of this benchmark have in them.

import { readOnnx } from '../../dist/formats.js';
import { fuse } from './fusion.mjs';

/** Rows and columns exchanged: [a, b] to [b, a], each of whose elements is a run of numbers. */
function exchange(data, a, b, run = 1) {
  const out = new Float32Array(data.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < run; k++) out[(k * b + j) * a + i] = data[(i * b + j) * run + k];
    }
  }
  return out;
}

/** A convolution's weights, [M, C, H, W] to [H, W, C, M]; depthwise [M, 1, H, W] to [H, W, M, 1]. */
export function filterOf(tf, data, [filters, channels, height, width], depthwise) {
  const moved = exchange(data, filters, channels, height * width);
  return tf.tensor4d(moved, depthwise ? [height, width, filters, 1] : [height, width, channels, filters]);
}

/** ONNX's pads [top, left, bottom, right] as TensorFlow.js takes them. */
export const padOf = ([top, left, bottom, right]) => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];

/** A convolution as a function of its input. */
export function convolution(tf, { filter, bias, activation, strides, pads, depthwise }) {
  const options = { filter, bias, activation, strides, pad: padOf(pads), dataFormat: 'NHWC' };
  const apply = depthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
  return (x) => apply({ x, ...options });
}

const unsupported = (node, what) => {
  throw new Error(`${node.op} '${node.name}': this benchmark's interpreter has no ${what}`);
};

/** Attributes of a window, with ONNX's defaults. */
function windowOf(node) {
  const get = (name, otherwise) => node.attributes.get(name) ?? otherwise;
  if (get('auto_pad', 'NOTSET') !== 'NOTSET') unsupported(node, 'auto_pad');
  if (get('dilations', [1, 1]).some((dilation) => dilation !== 1)) unsupported(node, 'dilation');
  return { strides: get('strides', [1, 1]), pads: get('pads', [0, 0, 0, 0]), size: get('kernel_shape'), ceil: get('ceil_mode', 0) === 1 };
}

function conv(tf, node, constants) {
  const { dims } = constants.get(node.inputs[1]);
  const group = node.attributes.get('group') ?? 1;
  const depthwise = group > 1;
  if (depthwise && (group !== dims[0] || dims[1] !== 1)) unsupported(node, 'grouped convolution');
  return convolution(tf, {
    ...windowOf(node),
    depthwise,
    filter: filterOf(tf, node.weights, dims, depthwise),
    bias: node.bias && tf.tensor1d(node.bias),
    activation: node.activation,
  });
}

function gemm(tf, node, constants) {
  const get = (name, otherwise) => node.attributes.get(name) ?? otherwise;
  if (get('alpha', 1) !== 1 || get('beta', 1) !== 1 || get('transA', 0) !== 0) unsupported(node, 'alpha, beta, transA');
  const [rows, columns] = constants.get(node.inputs[1]).dims;
  const transposed = get('transB', 0) === 1;
  const b = transposed ? tf.tensor2d(exchange(node.weights, rows, columns), [columns, rows]) : tf.tensor2d(node.weights, [rows, columns]);
  const bias = node.bias && tf.tensor1d(node.bias);
  return (a) => tf.fused.matMul({ a, b, bias, activation: node.activation });
}

function batchNorm(tf, node, constants) {
  const [scale, offset, mean, variance] = node.inputs.slice(1).map((name) => tf.tensor1d(constants.get(name).read()));
  const epsilon = node.attributes.get('epsilon') ?? 1e-5;
  return (x) => tf.batchNorm(x, mean, variance, offset, scale, epsilon);
}

function pool(apply, node) {
  const { size, strides, pads, ceil } = windowOf(node);
  // Its kernel always rounds down, so a last window that sticks out gets its pad here.
  const end = (extent, axis) => {
    const [begin, after, window, stride] = [pads[axis], pads[axis + 2], size[axis], strides[axis]];
    const over = (extent + begin + after - window) % stride;
    return ceil && over > 0 ? after + stride - over : after;
  };
  return (x) => {
    const [, height, width] = x.shape;
    const pad = [pads[0], pads[1], end(height, 0), end(width, 1)];
    return apply(x, size, strides, pad.every((side) => side === 0) ? 'valid' : padOf(pad));
  };
}

function clip(tf, node, scalars) {
  const [low, high] = node.inputs.slice(1).map((name) => scalars.get(name));
  if (low === 0 && high === 6) return (x) => tf.relu6(x);
  return (x) => tf.clipByValue(x, low, high);
}

function flatten(tf, x) {
  // The file's order is channels first.
  const rows = x.rank === 4 && x.shape[1] * x.shape[2] > 1 ? tf.transpose(x, [0, 3, 1, 2]) : x;
  return tf.reshape(rows, [x.shape[0], -1]);
}

function averagePool(tf, node) {
  const padded = windowOf(node).pads.some((side) => side > 0);
  if (padded && node.attributes.get('count_include_pad') === 1) unsupported(node, 'count_include_pad');
  return pool(tf.avgPool, node);
}

/** Makes a function of a node's inputs. */
const operators = {
  Conv: conv,
  Gemm: gemm,
  BatchNormalization: batchNorm,
  Clip: (tf, node, _, scalars) => clip(tf, node, scalars),
  Relu: (tf) => (x) => tf.relu(x),
  Add: (tf) => (a, b) => tf.add(a, b),
  Concat: (tf, node) => {
    if (node.attributes.get('axis') !== 1) unsupported(node, 'concatenation but of channels');
    return (...parts) => tf.concat(parts, 3);
  },
  MaxPool: (tf, node) => pool(tf.maxPool, node),
  AveragePool: averagePool,
  GlobalAveragePool: (tf) => (x) => tf.mean(x, [1, 2], true),
  Flatten: (tf) => (x) => flatten(tf, x),
  Identity: () => (x) => x.clone(),
  Dropout: () => (x) => x.clone(),
};

/** A function that runs the network in a file: NHWC numbers in, the output's numbers out. */
export async function interpret(tf, bytes) {
  const graph = readOnnx(bytes);
  const { nodes, scalars } = fuse(graph);
  const steps = nodes.map((node) => {
    const make = operators[node.op] ?? unsupported(node, 'such operator');
    // Weights are held by the function; what is left comes from other nodes.
    const inputs = node.inputs.filter((name) => name !== '' && !graph.constants.has(name) && !scalars.has(name));
    return { inputs, output: node.outputs[0], apply: make(tf, node, graph.constants, scalars) };
  });
  const uses = new Map();
  for (const name of steps.flatMap(({ inputs }) => inputs)) uses.set(name, (uses.get(name) ?? 0) + 1);
  const [, channels, height, width] = graph.inputs[0].dims;

  return (picture) => {
    const result = tf.tidy(() => {
      const values = new Map([[graph.inputs[0].name, tf.tensor4d(picture, [1, height, width, channels])]]);
      const left = new Map(uses);
      for (const { inputs, output, apply } of steps) {
        values.set(output, apply(...inputs.map((name) => values.get(name))));
        // As its own executor does, so that memory still in the caches is used again.
        for (const name of inputs) {
          left.set(name, left.get(name) - 1);
          if (left.get(name) === 0) values.get(name).dispose();
        }
      }
      return values.get(graph.outputs[0].name);
    });
    const numbers = result.dataSync();
    result.dispose();
    return numbers;
  };
}
