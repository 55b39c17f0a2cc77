// What a caller or a file can do wrong without meaning harm, and must not lead to a wrong answer, a hang or a bare TypeError.

import { load, Tensor } from '../../src/index.ts';
import { failure } from '../failure.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { graphOf } from '../kernels/graph.ts';
import { runGraph, runNode } from '../kernels/run.ts';
import { array } from '../reference/index.ts';
import { modelOf, ones, onlyOutput, picture, smallNetwork } from './models.ts';

test('weights that could not be read are read again', () => {
  let broken = true;
  const read = () => {
    if (broken) throw new Error('not now');
    return new Float32Array(9).fill(1);
  };
  const graph = graphOf({
    inputs: { x: [1, 1, 'H', 'W'] },
    constants: { w: { name: 'w', type: 'float32', dims: [1, 1, 3, 3], read } },
    nodes: [{ op: 'Conv', inputs: ['x', 'w'] }],
  });
  const model = modelOf(graph);
  expect(() => model.runSync({ x: ones([1, 1, 3, 3]) })).toThrow('not now');
  broken = false;
  expect(onlyOutput(model.runSync({ x: ones([1, 1, 3, 3]) }))).toEqual([9]);
});

test('weights whose names run into each other are told apart', () => {
  const one = (value: number, dims: number[]) => array(dims, new Array(dims.reduce((a, b) => a * b, 1)).fill(value));
  const graph = graphOf({
    inputs: { x: [1, 1, 1, 1] },
    constants: { 'a|b': one(5, [1, 1, 1, 1]), a: one(7, [1, 1, 1, 1]), 'b|': one(100, [1]) },
    nodes: [
      { op: 'Conv', inputs: ['x', 'a|b'], outputs: ['y'] },
      { op: 'Conv', inputs: ['x', 'a', 'b|'], outputs: ['z'] },
    ],
    outputs: ['y', 'z'],
  });
  expect(runGraph(graph, { x: one(1, [1, 1, 1, 1]) }).map(({ data }) => data[0])).toEqual([5, 107]);
});

test('nothing is looked for in tensors without elements', () => {
  const started = performance.now();
  const pool = { kernel_shape: [8001, 8001], pads: [8000, 8000, 8000, 8000] };
  expect(runNode({ op: 'MaxPool', attributes: pool, inputs: [array([1, 0, 1, 1])] }).data).toHaveLength(0);
  expect(runNode({ op: 'Softmax', attributes: { axis: 1 }, inputs: [array([2 ** 28, 0])] }).data).toHaveLength(0);
  expect(performance.now() - started).toBeLessThan(1000);
});

test('shapes that a caller changes after the call change nothing', () => {
  const model = modelOf(smallNetwork());
  const expected = onlyOutput(model.runSync({ picture: picture() }));
  const mine = { type: 'float32' as const, data: picture().data, dims: [1, 3, 6, 7] };
  model.runSync({ picture: mine as unknown as Tensor });
  mine.dims[0] = 1000;
  expect(onlyOutput(model.runSync({ picture: picture() }))).toEqual(expected);
});

test('an input may be called like a property of every object', async () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    const bytes = encodeModel({
      opset: 13,
      inputs: [{ name, type: 'float32', dims: ['N', 2] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['N', 2] }],
      nodes: [{ op: 'Relu', inputs: [name], outputs: ['y'] }],
    });
    const model = await load(bytes);
    const x = new Tensor('float32', [-1, 2], [1, 2]);
    expect(onlyOutput(model.runSync(Object.fromEntries([[name, x]])))).toEqual([0, 2]);
    expect(failure(() => model.runSync({})).message).toContain(`input '${name}' is missing`);
  }
});

test.each<[string, unknown, string]>([
  ['null', null, 'the options of load are an object, got null'],
  ['thread', { thread: 2 }, "load has no option 'thread': did you mean 'threads'?"],
  ['memorylimit', { memorylimit: 2 }, "did you mean 'memoryLimit'?"],
  ['numThreads', { numThreads: 2 }, "did you mean 'threads'?"],
  [
    'executionProviders',
    { executionProviders: ['wasm'] },
    "load has no option 'executionProviders'; it has relaxed, threads, worker, wasm, onProgress, signal, ",
  ],
  [
    'inputShapes in a Map',
    { inputShapes: new Map() },
    'option inputShapes takes an object of shapes by input name, each a list of dimensions, got Map',
  ],
  ['inputShapes null', { inputShapes: null }, 'option inputShapes takes'],
  ...[null, 3, '1,3', {}].map((x): [string, unknown, string] => [
    `inputShapes x ${x}`,
    { inputShapes: { x } },
    'option inputShapes takes an object of shapes by input name, each a list',
  ]),
  ['relaxed no', { relaxed: 'no' }, "option relaxed takes true, false or 'auto'"],
  ['memoryLimit abc', { memoryLimit: 'abc' }, 'option memoryLimit takes'],
  ['memoryLimit NaN', { memoryLimit: Number.NaN }, 'option memoryLimit takes'],
  ['wasm {}', { wasm: {} }, 'option wasm takes'],
  ['another module', { wasm: new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) }, 'option wasm takes'],
  ['signal true', { signal: true }, 'option signal takes'],
  ['signal {}', { signal: { aborted: false } }, 'option signal takes an AbortSignal, got an object'],
  ['signal EventTarget', { signal: new EventTarget() }, 'option signal takes an AbortSignal, got EventTarget'],
])('an option that makes no sense: %s', async (_, options, message) => {
  const bytes = encodeModel({
    opset: 13,
    inputs: [{ name: 'x', type: 'float32', dims: [1] }],
    outputs: [{ name: 'y', type: 'float32', dims: [1] }],
    nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
  });
  await expect(load(bytes, options as never)).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining(message) });
});

test.each<[string, unknown[], string]>([
  ['no data', ['float32'], 'holds a Float32Array, got undefined'],
  ['null', ['float32', null], 'holds a Float32Array, got'],
  ['a type that objects have', ['constructor', [1]], "unknown tensor type 'constructor'"],
  ['a fraction in int64', ['int64', [1.5]], '1.5 does not fit a tensor of int64'],
  ['too large for uint8', ['uint8', [1, 300]], '300 does not fit a tensor of uint8'],
  ['below zero in uint64', ['uint64', [-1]], '-1 does not fit a tensor of uint64'],
  ['text', ['float32', ['1']], "'1' does not fit a tensor of float32"],
  ['nothing', ['int64', [undefined]], 'undefined does not fit a tensor of int64'],
  ['texts for dimensions', ['float32', [1, 2, 3], ['1', '3']], "has dimension '1' in ['1', '3']"],
  ['dimensions that do not fit', ['float32', [1, 2], [3]], 'of [3] holds 3 elements, got 2'],
])('a tensor that makes no sense: %s', (_, args, message) => {
  const error = failure(() => new (Tensor as new (...args: unknown[]) => Tensor)(...args));
  expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining(message) });
});

test('a long chain of identities loads in a moment', async () => {
  const count = 5000;
  const bytes = encodeModel({
    opset: 13,
    inputs: [{ name: 'v0', type: 'float32', dims: [1] }],
    outputs: [{ name: `v${count}`, type: 'float32', dims: [1] }],
    nodes: Array.from({ length: count }, (_, i) => ({ op: 'Identity', inputs: [`v${i}`], outputs: [`v${i + 1}`] })),
  });
  const started = performance.now();
  const model = await load(bytes);
  expect(performance.now() - started).toBeLessThan(3000);
  expect(onlyOutput(model.runSync({ v0: ones([1]) }))).toEqual([1]);
});

test('Reshape copies a batch of none and finds the rest', () => {
  const shape = { name: 's', type: 'int64' as const, dims: [2], read: () => BigInt64Array.of(0n, -1n) };
  const graph = graphOf({ inputs: { x: [0, 3, 2, 2] }, constants: { s: shape }, nodes: [{ op: 'Reshape', inputs: ['x', 's'] }] });
  expect(runGraph(graph, { x: array([0, 3, 2, 2]) })[0]?.dims).toEqual([0, 12]);
});
