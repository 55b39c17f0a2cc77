// Writes the models and inputs whose outputs have to be the same everywhere: node models.mjs REPOSITORY OUT, run in a project that has
// lanewise installed. OUT/list.json says which inputs each model gets; bits.js reads it.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, Tensor } from 'lanewise';
import { compileModel } from 'lanewise/compile';
import { readTensorProto, writeOnnx } from 'lanewise/formats';
import { add, batchNorm, conv2d, dense, flatten, globalAvgPool2d, input, leakyRelu, maxPool2d, model, relu } from 'lanewise/layers';
import { mobilenetV2 } from 'lanewise/zoo';
// tests/reference/functions.ts, which run.mjs puts beside this file, as JavaScript.
import { platformFunctions } from './functions.mjs';

const [repository, out] = process.argv.slice(2);
const defaultModel = join(repository, 'models/cifar10-resnet20');

/** Numbers from -1 to 1 that are the same everywhere: a linear congruential generator's upper bits. */
function random(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/** The numbers where a function could go its own way, then all magnitudes of both signs, then the usual ones. */
function awkward(count) {
  const edges = [
    0, -0, 1, -1, 0.5, -0.5, 3, -3, 6, 6.5, 20, -20, 87, 88.7, 89, -87, -88, -104, 1e-45, -1e-45, 1.17e-38, 1e-20, 3.4e38, -3.4e38,
  ];
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const powers = Array.from({ length: 80 }, (_, i) => (i % 2 ? -1.37 : 1.37) * 2 ** (i - 40));
  const usual = [...random(count, 5)].map((x) => 8 * x);
  return Float32Array.from([...edges, ...odd, ...powers, ...usual].slice(0, count));
}

const list = [];
function file(name, numbers) {
  writeFileSync(join(out, name), new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  return name;
}

/** @param runs for each run, for each input its shape, numbers and type */
function entry(model, bytes, runs) {
  writeFileSync(join(out, model), bytes);
  const name = model.replace('.', '-');
  list.push({
    model,
    runs: runs.map((feeds, run) =>
      Object.fromEntries(
        Object.entries(feeds).map(([key, [dims, numbers, type = 'float32']]) => [
          key,
          { file: file(`${name}-${run}-${key}.f32`, numbers), dims, type },
        ]),
      ),
    ),
  });
}

/** A picture with a NaN, an infinity and a number near float32's end in it. */
function spoilt(count, seed) {
  const numbers = random(count, seed);
  numbers[5] = Number.NaN;
  numbers[count >> 1] = Number.POSITIVE_INFINITY;
  numbers[count - 40] = 3e38;
  return numbers;
}

const cat = readTensorProto(readFileSync(join(defaultModel, 'test_data_set_0/input_0.pb'))).tensor.data;
file('cat.f32', cat);
entry('default.onnx', readFileSync(join(defaultModel, 'model.onnx')), [
  { input: [[1, 3, 32, 32], cat] },
  { input: [[3, 3, 32, 32], random(3 * 3072, 1)] },
  { input: [[1, 3, 32, 32], spoilt(3072, 2)] },
]);

function winogradNet() {
  const same = { padding: 1 };
  const x = input([3, 28, 30]);
  let y = leakyRelu(batchNorm(conv2d(x, 32, 3, same)), 0.1);
  for (let i = 0; i < 2; i++) y = relu(add(y, conv2d(relu(conv2d(y, 32, 3, same)), 32, 3, same)));
  y = relu(conv2d(y, 48, 5, { padding: 2 }));
  y = maxPool2d(y, 2);
  y = relu(conv2d(y, 64, 3));
  y = conv2d(y, 64, 3);
  return model(x, { maps: y, scores: dense(flatten(globalAvgPool2d(relu(y))), 10) }, { name: 'winograd', seed: 3 });
}
const winograd = winogradNet().toONNX();
const winogradInput = [[1, 3, 28, 30], random(3 * 28 * 30, 3)];
const compiled = await load(winograd);
const byWinograd = compiled
  .profile({ input: new Tensor('float32', winogradInput[1], winogradInput[0]) })
  .filter(({ kernel }) => /winograd/.test(kernel));
if (byWinograd.length < 4) throw new Error(`of the Winograd-heavy net only ${byWinograd.length} convolutions run by Winograd's algorithm`);
const winogradRuns = [{ input: winogradInput }, { input: [[1, 3, 28, 30], spoilt(3 * 28 * 30, 4)] }];
entry('winograd.onnx', winograd, winogradRuns);
// Compiled here, run everywhere.
entry('winograd.lanewise', await compileModel(winograd), winogradRuns);
entry('half.lanewise', await compileModel(winograd, { weights: 'f16' }), winogradRuns);

entry('mobilenet.onnx', mobilenetV2({ classes: 20, inputShape: [3, 64, 64], width: 0.25, seed: 4 }).toONNX(), [
  { input: [[1, 3, 64, 64], random(3 * 64 * 64, 6)] },
  { input: [[2, 3, 64, 64], random(6 * 64 * 64, 7)] },
]);

/** Operators of one input, with attributes beside their defaults where they have any. Their order is in the hash. */
const elementwise = [['Relu'], ...platformFunctions];
const gelu = elementwise.findIndex(([op]) => op === 'Gelu');
elementwise.splice(gelu, 0, ...['Softmax', 'LogSoftmax', 'Hardmax'].map((op) => [op, { axis: 1n }]));

/** Every activation over awkward numbers, and behind a convolution, where it may become part of it. */
function activationNet() {
  const floats = (name, dims, numbers) => [name, { name, type: 'float32', dims, read: () => numbers }];
  const constants = new Map([
    floats('weights', [8, 8, 3, 3], random(8 * 8 * 9, 8)),
    floats('biases', [8], random(8, 9)),
    floats('slopes', [8, 1, 1], random(8, 10)),
    floats('low', [], Float32Array.of(-0.5)),
    floats('high', [], Float32Array.of(2.5)),
    floats('power', [], Float32Array.of(1.7)),
  ]);
  const kinds = [
    ...elementwise.map(([op, attributes = {}]) => ({ op, more: [], attributes })),
    { op: 'PRelu', more: ['slopes'], attributes: {} },
    { op: 'Clip', more: ['low', 'high'], attributes: {} },
    { op: 'Pow', more: ['power'], attributes: {} },
  ];
  const nodes = [];
  const node = (op, inputs, output, attributes) =>
    nodes.push({
      op,
      domain: '',
      name: output,
      inputs,
      outputs: [output],
      attributes: new Map(Object.entries(attributes)),
      kinds: new Map(Object.entries(attributes).flatMap(([key, value]) => (typeof value === 'number' ? [[key, 'float']] : []))),
    });
  for (const [i, { op, more, attributes }] of kinds.entries()) {
    node(op, ['x', ...more], `${op}_${i}`, attributes);
    node('Conv', ['x', 'weights', 'biases'], `conv_${i}`, { pads: [1n, 1n, 1n, 1n] });
    node(op, [`conv_${i}`, ...more], `conv_${op}_${i}`, attributes);
  }
  return {
    name: 'activations',
    inputs: [{ name: 'x', type: 'float32', dims: [1, 8, 7, 9] }],
    outputs: kinds.flatMap(({ op }, i) => [{ name: `${op}_${i}` }, { name: `conv_${op}_${i}` }]),
    nodes,
    constants,
    opsets: new Map([['', 20]]),
    metadata: new Map(),
  };
}
const dims = [1, 8, 7, 9];
entry('activations.onnx', writeOnnx(activationNet()), [{ x: [dims, awkward(504)] }, { x: [dims, random(504, 11)] }]);

/** y = x · x of float16, which `writeOnnx` does not write: a ModelProto, byte by byte. */
function halfNet(count) {
  const bytes = (field, ...parts) => {
    const value = parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part)] : part));
    return [8 * field + 2, value.length, ...value];
  };
  const port = (field, name) => bytes(field, bytes(1, name), bytes(2, bytes(1, [8, 10], bytes(2, bytes(1, [8, count])))));
  const graph = bytes(
    7,
    bytes(1, bytes(1, 'x'), bytes(1, 'x'), bytes(2, 'y'), bytes(4, 'Mul')),
    bytes(2, 'half'),
    port(11, 'x'),
    port(12, 'y'),
  );
  return Uint8Array.from([8, 8, ...graph, ...bytes(8, [16, 13])]);
}
// Subnormals, ties, what overflows, infinities and NaN.
const halfRuns = [
  { x: [[10], Float32Array.of(1.5, 0.001, -0.0078125, 255.875, 256, 65504, Infinity, -Infinity, NaN, 0)] },
  { x: [[10], Float32Array.of(1.5, 0.001, -0.0078125, 255.875, 256, 65504, 1e-4, -3.0009765625, 2 ** -13, NaN), 'float16'] },
];
entry('float16.onnx', halfNet(10), halfRuns);
entry('float16.lanewise', await compileModel(halfNet(10)), halfRuns);

writeFileSync(join(out, 'list.json'), JSON.stringify(list));
copyFileSync(join(repository, 'models/cat.png'), join(out, 'cat.png'));
