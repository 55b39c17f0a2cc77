// Every function that users can call takes anything, or says in a LanewiseError what it does not take. The functions are found by the package's
// entries: one without an example here fails.

import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { summarize } from '../src/analysis/index.ts';
import { compileModel } from '../src/compiled/write.ts';
import { writeNpy, writeOnnx, writeSafetensors } from '../src/formats/index.ts';
import { defineOp, InferenceSession, LanewiseError, load, Tensor } from '../src/index.ts';
import * as layers from '../src/layers/index.ts';
import { crossEntropy, sgd, type TrainerOptions, trainer } from '../src/training/index.ts';
import { imagenet } from '../src/vision/index.ts';
import { withoutStacks } from './failure.ts';
import { checkpoint, orderedDict, tensor as savedTensor } from './formats/checkpoint-writer.ts';
import { encodeModel } from './formats/onnx-writer.ts';
import { attempt, junk } from './junk.ts';
import { graphOf } from './kernels/graph.ts';

withoutStacks();

import.meta.jest.setTimeout(300_000);

type Call = (...args: unknown[]) => unknown;
/** Arguments that a function takes. Options are all there. */
type Example = () => unknown[] | Promise<unknown[]>;

const onnx = () =>
  encodeModel({
    inputs: [{ name: 'x', dims: ['N', 2] }],
    outputs: [{ name: 'y', dims: ['N', 2] }],
    initializers: [{ name: 'w', dims: [2], external: { location: 'w.bin', length: '8' } }],
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
  });
const graph = () => graphOf({ inputs: { x: ['N', 2] }, nodes: [{ op: 'Relu', inputs: ['x'] }] });
const file = () => writeOnnx(graph());
const externalData = () => ({ 'w.bin': new Uint8Array(8) });
const signal = () => new AbortController().signal;
const tensor = () => new Tensor('float32', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 2, 2]);
const picture = () => ({ width: 2, height: 2, channels: 3, data: new Uint8Array(12) });
const x = layers.input([4, 6, 5]);
const definition = () => ({
  ...{ name: 'Twice', domain: 'my.ops', inputs: 1, outputs: 1, attributes: { by: { type: 'int', default: 2 } } },
  inferShape: ([{ dims }]: [{ dims: number[] }]) => ({ dims }),
  run: () => {},
});
const preprocessing = () => ({
  ...imagenet,
  ...{ crop: 'center_square', resize: { shortestEdge: 3 }, filter: 'bicubic', centerCrop: { width: 2, height: 2, rounding: 'even' } },
  ...{ divisor: 255, labels: ['a'] },
});
const config = () => ({ size: { height: 2, width: 2 }, resample: 3, crop_size: 2, image_mean: [0, 0, 0], image_std: 1, rescale_factor: 1 });
const window = () => ({ input: 9, kernel: 3, stride: 1, padding: [1, 1], dilation: 1 });
const filters = () => ({ kernel: [3, 3], in: 4, out: 8, groups: 2 });
const decay = () => ({ weightDecay: 0.1, decayAll: false });
const rows = layers.input([2]);
const learner = () => layers.model(rows, layers.dense(rows, 2), { seed: 1 });
/** What only the package makes: looked at from outside. */
const sealed = (made: object): object => Object.assign(Object.create({}) as object, made);
const learning = () => ({ loss: sealed(crossEntropy()), optimizer: sealed(sgd()), ...limits() });
const limits = () => ({ batch: 2, memoryLimit: 1e6, externalData: externalData(), operators: [] });
const trained = () => ({ rate: 0.1, output: 'output', seed: 1, train: [''], clip: 1, average: 0.9, accumulate: 2, checkpoint: true });
const name = () => ({ name: 'layer' });
const init = () => ({ weight: layers.ones, bias: layers.zeros });
const slides = () => ({ stride: 1, padding: [1, 1], dilation: 1 });
const bytes = (made: Uint8Array) => [made, 'a file'];
const runtime = () => ({ relaxed: false, threads: 1, worker: false, signal: signal() });
const random = () => [{ seed: 1, gain: 2 }];
const classifier = (options: object) => () => [{ classes: 3, seed: 1, ...options }];

const ofFormats: Record<string, Example> = {
  readOnnx: () => [onnx(), 'a file', new Map([['w.bin', new Uint8Array(8)]])],
  externalLocations: () => bytes(onnx()),
  readTensorProto: () => bytes(new Uint8Array([8, 1, 16, 1, 74, 4, 0, 0, 0, 0])),
  writeOnnx: () => [graph(), { weights: 'f16', producer: { name: 'me', version: '1' } }],
};

/** By entry and function. */
const examples: Record<string, Record<string, Example>> = {
  '.': {
    load: () => [
      onnx(),
      { ...runtime(), inputShapes: { x: [1, 2] }, winograd: true, memoryLimit: 1e6, externalData: externalData(), operators: [] },
    ],
    defineOp: () => [definition()],
    Tensor: () => ['float32', new Float32Array(4), [2, 2]],
    InferenceSession: () => [],
    toFloat32: () => [new Tensor('float32', new Float32Array(4), [2, 2])],
    LanewiseError: () => ['ABORTED', 'a message', {}],
  },
  './analysis': {
    convMacs: () => [{ ...filters(), output: [3, 3] }],
    convParameters: () => [{ ...filters(), bias: true }],
    denseParameters: () => [{ in: 3, out: 4, bias: true }],
    formatSummary: () => [summarize(graph())],
    outputSize: () => [{ ...window(), ceilMode: true }],
    receptiveField: () => [[{ kernel: 3, stride: 2, padding: 1, dilation: 1 }]],
    summarize: () => [graph(), { x: [1, 2] }, { memoryLimit: 1e6, operators: [], values: new Map() }],
    transposedOutputSize: () => [{ ...window(), stride: 2, outputPadding: 1 }],
  },
  './compile': {
    compileModel: () => [
      onnx(),
      {
        ...{ inputShapes: { x: [1, 2] }, winograd: true, memoryLimit: 1e6, externalData: externalData(), signal: signal() },
        ...{ weights: 'f32', threads: 1 },
      },
    ],
  },
  './formats': {
    ...ofFormats,
    readNpy: () => bytes(writeNpy(tensor())),
    writeNpy: () => [tensor()],
    readCheckpoint: () => bytes(checkpoint(orderedDict({ t: savedTensor({ size: 2 }) }), { '0': [1, 2] })),
    readSafetensors: () => bytes(writeSafetensors(new Map([['t', tensor()]]))),
    writeSafetensors: () => [new Map([['t', tensor()]]), { metadata: new Map([['a', 'b']]), weights: 'f16' }],
  },
  './layers': {
    adaptiveAvgPool2d: () => [x, [2, 2], name()],
    add: () => [x, x, name()],
    avgPool2d: () => [x, [2, 2], { ...name(), stride: 1, padding: 1, ceilMode: true, countIncludePad: true }],
    batchNorm: () => [x, { ...name(), ...init(), epsilon: 1e-5, runningMean: layers.zeros, runningVar: layers.ones }],
    channelShuffle: () => [x, 2, name()],
    concat: () => [[x, x], { ...name(), axis: 1 }],
    constant: () => [1],
    conv2d: () => [x, 4, 3, { ...name(), ...init(), ...slides(), groups: 2 }],
    conv2dTranspose: () => [x, 4, 3, { ...name(), ...init(), ...slides(), groups: 2, stride: 2, outputPadding: 1 }],
    dense: () => [layers.flatten(x), 4, { ...name(), ...init() }],
    depthwiseConv2d: () => [x, 3, { ...name(), ...init(), ...slides(), multiplier: 2 }],
    dropout: () => [x, 0.5, name()],
    flatten: () => [x, name()],
    gelu: () => [x, { ...name(), approximate: 'tanh' }],
    globalAvgPool2d: () => [x, name()],
    globalMaxPool2d: () => [x, name()],
    hardSwish: () => [x, name()],
    heNormal: random,
    heUniform: random,
    input: () => [[3, 4, 4], { ...name(), batch: 1 }],
    leakyRelu: () => [x, 0.1, name()],
    localResponseNorm: () => [x, { ...name(), size: 3, alpha: 1, beta: 1, bias: 1 }],
    maxPool2d: () => [x, [2, 2], { ...name(), ...slides(), ceilMode: true }],
    model: () => [[x], { y: layers.relu(x) }, { ...name(), seed: 1, unusedWeights: ['a'], renameWeights: (text: string) => text }],
    multiply: () => [x, x, name()],
    normal: () => [0, 1, { seed: 1 }],
    ones: () => [new Float32Array(4)],
    pad: () => [x, [1, 1], { ...name(), mode: 'constant', value: 1 }],
    relu: () => [x, name()],
    relu6: () => [x, name()],
    sequential: () => [[layers.relu, layers.conv2d(3, 1)], name()],
    sigmoid: () => [x, name()],
    silu: () => [x, name()],
    softmax: () => [x, { ...name(), axis: 1 }],
    tanh: () => [x, name()],
    uniform: () => [0, 1, { seed: 1 }],
    upsample: () => [x, [2, 2], { ...name(), mode: 'bilinear', alignCorners: true }],
    xavierNormal: random,
    xavierUniform: random,
    zeros: () => [new Float32Array(4)],
  },
  './onnx': ofFormats,
  './quantize': {
    quantize: () => [
      learner(),
      [new Tensor('float32', [1, 2, 3, 4], [2, 2])],
      {
        ...{ calibration: 'percentile', percentile: 99, bits: 7, float: [], biasCorrection: true, onProgress: () => {} },
        ...{ threads: 1, worker: false, signal: signal(), inputShapes: { input: [2, 2] }, memoryLimit: 1e6, externalData: externalData() },
        operators: [],
      },
    ],
  },
  './runtime': { load: async () => [await compileModel(file(), { inputShapes: { x: [1, 2] } }), runtime()] },
  './train': {
    adamw: () => [{ beta1: 0.9, beta2: 0.99, epsilon: 1e-6, ...decay() }],
    binaryCrossEntropy: () => [{ positiveWeight: 2 }],
    constant: () => [0.1, { warmup: 1 }],
    cosine: () => [0.1, { warmup: 1, min: 0.01 }],
    crossEntropy: () => [{ smoothing: 0.1, weights: [1, 2], ignore: -1 }],
    inBatches: () => [tensor(), [0, 1, 0], { batch: 2, shuffle: true, seed: 1, lastBatch: 'keep' }],
    l1: () => [],
    meanSquaredError: () => [],
    outputLoss: () => [],
    sgd: () => [{ momentum: 0.9, nesterov: true, dampening: 0, ...decay() }],
    smoothL1: () => [{ beta: 0.5 }],
    steps: () => [0.1, { at: [1, 2], factor: 0.5, warmup: 1 }],
    trainer: () => [
      learner(),
      { ...learning(), ...trained(), threads: 1, worker: false, signal: signal(), inputShapes: { input: [2, 2] }, winograd: true },
    ],
  },
  './vision': {
    centerCrop: () => [picture(), 1, 1, 'even'],
    checkPicture: () => [picture(), 'a picture'],
    cropPicture: () => [picture(), 0, 0, 1, 1],
    fitPicture: () => [picture(), preprocessing()],
    flipHorizontal: () => [picture()],
    flipVertical: () => [picture()],
    labelsFromConfig: () => [{ id2label: { 0: 'a', 1: 'b' } }, 'a file'],
    labelsFromText: () => ['a\nb', 'a file'],
    pictureFrom: () => [picture()],
    pictureFromBlob: () => [new Blob([])],
    readPreprocessorConfig: () => [config(), 'a file'],
    resize: () => [picture(), 3, 3, { filter: 'bicubic', box: [0, 0, 1, 1] }],
    softmax: () => [[1, 2]],
    toPicture: () => [tensor(), { ...imagenet, layout: 'NCHW', index: 0, channel: 1, stretch: true, divisor: 1 }],
    toTensor: () => [[picture()], preprocessing(), { layout: 'NHWC', into: new Tensor(new Float32Array(12), [1, 2, 2, 3]) }],
    topK: () => [[1, 2, 3], 2],
  },
  './vision/node': { decodePicture: async () => [new Uint8Array(await png()), 'a file'] },
};

const png = () =>
  sharp(Buffer.alloc(12), { raw: { width: 2, height: 2, channels: 3 } })
    .png()
    .toBuffer();

/** What is not for users, and what has no browser here, or only says what to write instead. */
const internal = ['compileGraph', 'moduleFor'];
const refusedHere = ['pictureFromBlob', 'InferenceSession'];
/** The user's own from then on: errors made by hand, and what fills a parameter, which takes what a layer gives it. */
const unchecked = ['LanewiseError', 'ones', 'zeros'];

const networkOptions = { inputShape: [3, 224, 224] };

/** Copies of arguments with junk in one place: an argument, an entry of an array or of an object, two levels down. Each with what reads the place. */
function* spoiled(args: readonly unknown[], wrong: unknown, depth = 0): Generator<unknown[]> {
  for (const [i, arg] of args.entries()) {
    const put = (value: unknown) => args.map((other, k) => (k === i ? value : other));
    yield put(wrong);
    if (depth === 2) continue;
    if (Array.isArray(arg)) for (const inner of spoiled(arg, wrong, depth + 1)) yield put(inner);
    else if (arg !== null && typeof arg === 'object' && Object.getPrototypeOf(arg) === Object.prototype) {
      const keys = Object.keys(arg);
      for (const values of spoiled(Object.values(arg), wrong, depth + 1))
        yield put(Object.fromEntries(keys.map((key, k) => [key, values[k]])));
      yield put({ ...arg, unknownOption: wrong });
    }
  }
}

interface Exported {
  readonly entry: string;
  readonly name: string;
  readonly call: Call;
}

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, { types?: string }> };
const found: Exported[] = [];
for (const [entry, { types }] of Object.entries(exports)) {
  const source = /^\.\/dist\/types\/src\/(.*)\.d\.ts$/.exec(types ?? '')?.[1];
  // A script, which exports nothing.
  if (!source || entry === './worker.js') continue;
  const made = (await import(`../src/${source}.ts`)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(made)) {
    if (typeof value !== 'function' || internal.includes(name)) continue;
    // Classes want a `new`.
    const call = /^class\b/.test(String(value))
      ? (...args: unknown[]) => new (value as new (...args: unknown[]) => unknown)(...args)
      : (value as Call);
    found.push({ entry, name, call });
  }
}

/** One that several entries export is looked at once. */
const distinct = found.filter(({ name, call, entry }, i) => {
  const first = found.findIndex((other) => other.call === call || (/^[A-Z]/.test(name) && other.name === name));
  return first === i || (entry === './vision' && name === 'softmax');
});

const exampleOf = ({ entry, name }: Exported): Example | undefined =>
  examples[entry]?.[name] ?? (entry === './zoo' ? classifier(networkOptions) : undefined);

test('all entries are looked at', () => {
  expect([...new Set(found.map(({ entry }) => entry))]).toEqual(Object.keys(examples).concat('./zoo').sort());
  expect(distinct.filter((exported) => !exampleOf(exported)).map(({ entry, name }) => `${entry}: ${name}`)).toEqual([]);
});

/** What is made looks at the rest when it is used: layers when they are applied, initialisers when weights are asked for. */
function used(name: string, result: unknown): unknown {
  if (typeof result !== 'function') return result;
  const apply = initialisers.test(name)
    ? () => layers.model(x, layers.conv2d(x, 2, 3, { weight: result as never })).parameters()[0]?.data
    : () => result(x);
  return attempt(apply);
}

const initialisers = /^(constant|uniform|normal|he|xavier)/;

test.each(distinct.map((exported) => [exported.entry, exported.name, exported] as const))(
  '%s: %s takes anything, or says what it does not take',
  async (_, name, exported) => {
    const { call, entry } = exported;
    const example = exampleOf(exported) as Example;
    const args = await example();
    // The example itself is right, or nothing behind the first check would be seen.
    if (refusedHere.includes(name)) await attempt(() => call(...args));
    else await call(...args);
    if (unchecked.includes(name)) return;
    await attempt(() => call());
    // All networks are made by one function, and take some time.
    const wrongs = entry === './zoo' && name !== 'resnet20' ? [null, 'x', Symbol('s')] : junk();
    for (const wrong of wrongs) {
      for (const list of spoiled(args, wrong)) await used(name, await attempt(() => call(...list)));
      await attempt(() => call(...args, wrong));
      await attempt(() => call(wrong));
    }
  },
);

const twice = defineOp(definition() as never) as unknown as Call;
const ofLayers = layers.model(x, layers.conv2d(x, 2, 3, { name: 'c' }), { name: 'net' });
const saved = join(tmpdir(), `lanewise-arguments-${process.pid}.onnx`);
afterAll(() => rmSync(saved, { force: true }));

const fitting = () => ({
  epochs: 1,
  schedule: 0.1,
  batches: 1,
  validation: [[new Float32Array(4), [0, 1]]],
  onStep: () => {},
  onEpoch: () => {},
});
const feeds = () => ({ x: new Tensor('float32', [1, 2], [1, 2]) });
const toFill = () => ({ Relu_0: { type: 'float32', dims: [1, 2], data: new Float32Array(2) } });
const handMade = () => ({ x: { type: 'float32', dims: [1, 2], data: new Float32Array(2) } });

/** What functions give: an object and examples of all its methods. */
const methods: Record<string, [object, Record<string, Example>]> = {
  Model: [
    await load(file()),
    {
      run: () => [handMade(), { signal: signal(), outputs: toFill() }],
      runSync: () => [{ x: new Float32Array(2) }, { outputs: ['Relu_0'] }],
      view: () => ['x'],
      profile: () => [feeds()],
      timeSteps: () => [feeds(), () => {}],
    },
  ],
  'Model on threads': [
    await load(file(), { threads: 2 }),
    {
      run: () => [handMade(), { signal: signal(), outputs: toFill() }],
      runSync: () => [{ x: new Float32Array(2) }, { outputs: ['Relu_0'] }],
      view: () => ['x'],
      profile: () => [feeds()],
      timeSteps: () => [feeds(), () => {}],
    },
  ],
  Trainer: [
    await trainer(learner(), { ...(learning() as object as TrainerOptions), average: 0.9 }),
    {
      // Not the rate: a high one ends in numbers that are not finite.
      step: () => [new Tensor('float32', [1, 2, 3, 4], [2, 2]), [0, 1]],
      evaluate: () => [[[new Tensor('float32', [1, 2, 3, 4], [2, 2]), [0, 1]]]],
      // With one epoch, and none for those who want 1e10.
      fit: () => [(epoch: number) => (epoch === 0 ? [[new Float32Array(4), [0, 1]]] : []), { ...fitting(), signal: signal() }],
      weights: () => [{ average: false }],
      model: () => [{ ...runtime(), inputShapes: { input: [1, 2] }, winograd: true, memoryLimit: 1e6, operators: [] }],
      toONNX: () => [{ weights: 'f16', producer: { name: 'me', version: '1' } }],
      freeze: () => ['dense_1.w'],
      unfreeze: () => ['dense_1.w'],
      summary: () => [],
      profile: () => [new Tensor('float32', [1, 2, 3, 4], [2, 2]), [0, 1]],
    },
  ],
  LayersModel: [
    ofLayers,
    {
      layer: () => ['c'],
      parameters: () => [],
      buffers: () => [],
      loadWeights: () => [{ 'c.weight': ofLayers.parameters()[0]?.tensor, 'c.bias': ofLayers.parameters()[1]?.tensor }, { strict: true }],
      toSafetensors: () => [{ metadata: new Map(), weights: 'f16' }],
      toONNX: () => [{ weights: 'f16', producer: { name: 'me', version: '1' } }],
      save: () => [saved],
      compile: () => [{ ...runtime(), inputShapes: { input: [1, 4, 6, 5] }, winograd: true, memoryLimit: 1e6, operators: [] }],
      summary: () => [],
      graph: () => [],
    },
  ],
  Parameter: [ofLayers.parameters()[0] as object, { set: () => [new Float32Array(72)] }],
  'a custom layer': [
    { apply: twice, later: (...args: unknown[]) => (twice(...args) as Call)(x) },
    { apply: () => [x, { by: 3, name: 't' }], later: () => [{ by: 3, name: 't' }] },
  ],
};

/** Not called by users. */
const hidden = ['constructor', 'toString', 'dispose', 'timeSteps', 'adopt', 'constant', 'predict', 'states', 'restore'];

test.each(Object.entries(methods))('the methods of %s take anything, or say what they do not take', async (what, [object, calls]) => {
  const prototype = Object.getPrototypeOf(object) as object;
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype === Object.prototype ? object : prototype));
  for (const [name, { value }] of own) {
    if (typeof value !== 'function' || hidden.includes(name)) continue;
    // It would write files of these names.
    if (name === 'save' && what === 'Trainer') continue;
    const args = await calls[name]?.();
    if (!args) throw new Error(`there is no example of ${name}`);
    const call = (...given: unknown[]) => (value as Call).apply(object, given);
    await call(...args);
    await attempt(() => call());
    for (const wrong of junk()) {
      for (const list of spoiled(args, wrong)) await attempt(() => call(...list));
      await attempt(() => call(wrong));
    }
    await call(...args);
  }
});

describe('the habits of other libraries are answered with the line to write', () => {
  const refusal = async (run: () => unknown) => {
    const error = await (async () => run())().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LanewiseError);
    return (error as LanewiseError).message;
  };

  test.each<[string, string, () => unknown]>([
    ['predict', 'models have no predict(): const outputs = await model.run({ x: tensor })', async () => (await load(file())).predict()],
    [
      'executionProviders',
      "winograd, memoryLimit, externalData, operators; everything runs in WebAssembly, on several cores by threads: 'auto'",
      () => load(file(), { executionProviders: ['wasm'] } as never),
    ],
    ['InferenceSession.create', "const model = await load('model.onnx')", () => InferenceSession.create('model.onnx')],
    ['new InferenceSession', "const model = await load('model.onnx')", () => new InferenceSession()],
    ['getData', 'tensors have no getData(): use tensor.data', () => tensor().getData()],
    ['dispose', 'tensors have no dispose(), only models have: model.dispose()', () => tensor().dispose()],
  ])('%s', async (_, message, run) => {
    expect(await refusal(run)).toContain(message);
  });

  test('shape is dims', () => {
    expect(tensor().shape).toEqual([3, 2, 2]);
  });
});
