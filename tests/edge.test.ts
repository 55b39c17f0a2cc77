// What places do that forbid compiling: src/edge/binaries.ts stands in for src/binaries.ts, and gives one binary as a module.

import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import type { Graph } from '../src/graph/graph.ts';
import { provide, usesSimd } from '../src/vision/simd.ts';

const compiled = (name: string) => new WebAssembly.Module(readFileSync(`build/${name}.wasm`));
jest.unstable_mockModule('../src/binaries.ts', () => ({ given: [['strict', compiled('strict')]], texts: undefined }));
const { compileGraph, compileModel } = await import('../src/compiled/write.ts');
const { load, Tensor } = await import('../src/index.ts');
const { load: loadCompiled } = await import('../src/compiled/index.ts');
const { createModel } = await import('../src/load.ts');
const { dense, gelu, input, model, relu } = await import('../src/layers/index.ts');
const { compilesNothing } = await import('../src/runtime/wasm.ts');
const { crossEntropy, sgd, trainer } = await import('../src/training/index.ts');
const { integers } = await import('./compiled/integers.ts');
const defaultModel = 'models/cifar10-resnet20/model.onnx';

const { compile, Module } = WebAssembly;
const forbid = () => {
  WebAssembly.compile = () => Promise.reject(new WebAssembly.CompileError('code generation disallowed'));
};
afterEach(() => {
  Object.assign(WebAssembly, { compile, Module });
});

/** max(Wx, 0), or its like. */
const small = (activation = relu) => {
  const x = input([4]);
  return model(x, activation(dense(x, 2)), { seed: 1 });
};
const feeds = { input: new Tensor('float32', [1, -2, 3, -4], [1, 4]) };

test('the binary that is there runs, on one thread, and so does one that is given', async () => {
  forbid();
  expect(compilesNothing()).toBe(true);
  const usual = await (await small().compile()).run(feeds);
  expect(await (await small().compile({ wasm: compiled('strict-more') })).run(feeds)).toEqual(usual);
  await expect(small().compile({ wasm: {} as WebAssembly.Module })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  const told = jest.spyOn(console, 'warn').mockImplementation(() => {});
  const loaded = await load(defaultModel, { relaxed: 'auto', threads: 2 });
  expect([loaded.variant, loaded.threads]).toEqual(['strict', 1]);
  expect(told).toHaveBeenCalledTimes(1);
  await expect(load(defaultModel, { relaxed: true })).rejects.toMatchObject({ code: 'WASM_BLOCKED' });
});

test('a network that needs rarer kernels says which binary has them', async () => {
  forbid();
  await expect(small(gelu).compile()).rejects.toMatchObject({
    code: 'WASM_BLOCKED',
    message: expect.stringContaining('lanewise/wasm/strict-more.wasm'),
  });
  await expect(small(gelu).compile({ wasm: compiled('strict') })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('lanewise/wasm/strict-more.wasm'),
  });
  const { output } = await (await small(gelu).compile({ wasm: compiled('strict-more') })).run(feeds);
  expect(output?.dims).toEqual([1, 2]);
});

test('a model of usual kernels can be written as a compiled one', async () => {
  forbid();
  const file = await compileModel(small().toONNX(), { inputShapes: { input: [1, 4] } });
  expect(await (await load(file)).run(feeds)).toEqual(await (await small().compile()).run(feeds));
  const rarer = compileModel(small(gelu).toONNX(), { inputShapes: { input: [1, 4] } });
  await expect(rarer).rejects.toMatchObject({ code: 'WASM_BLOCKED', message: expect.stringContaining('lanewise/wasm/strict-more.wasm') });
});

test('a model of integers says which binary it takes, and runs with that', async () => {
  forbid();
  const network = Object.values(integers)[0] as Graph;
  const file = compileGraph(network, {}, compiled('strict-quantized'));
  const feeds = { x: new Tensor(new Float32Array(360).fill(0.5), [1, 5, 9, 8]) };
  const named = { message: expect.stringContaining('lanewise/wasm/strict-quantized.wasm') };
  await expect(loadCompiled(file)).rejects.toMatchObject({ code: 'WASM_BLOCKED', ...named });
  await expect(createModel(network)).rejects.toMatchObject({ code: 'WASM_BLOCKED', ...named });
  await expect(loadCompiled(file, { wasm: compiled('strict-more') })).rejects.toMatchObject({ code: 'INVALID_INPUT', ...named });
  const wasm = compiled('strict-quantized');
  const { y } = await (await loadCompiled(file, { wasm })).run(feeds);
  expect(y?.dims).toEqual([1, 12, 4, 3]);
  expect(await (await createModel(network, { wasm })).run(feeds)).toEqual({ y });
});

test('a trainer says which binary it takes, and learns with it', async () => {
  forbid();
  const options = { loss: crossEntropy(), optimizer: sgd(), batch: 1 };
  const named = { message: expect.stringContaining('lanewise/wasm/strict-training.wasm') };
  await expect(trainer(small(), options)).rejects.toMatchObject({ code: 'WASM_BLOCKED', ...named });
  await expect(trainer(small(), { ...options, wasm: compiled('strict-more') })).rejects.toMatchObject({ code: 'INVALID_INPUT', ...named });
  const t = await trainer(small(), { ...options, wasm: compiled('strict-training') });
  await t.step(new Float32Array([1, -2, 3, -4]), [1]);
  // What it learned runs on the usual binary.
  const { output } = await (await t.model()).run(feeds);
  expect(output?.dims).toEqual([1, 2]);
});

test("signals may be of Vercel's Edge Runtime, which calls them EventTarget", async () => {
  const signal = Object.assign(new EventTarget(), { aborted: true, reason: 'late' });
  await expect(load(defaultModel, { signal })).rejects.toMatchObject({ code: 'ABORTED', cause: 'late' });
});

test('pictures, too, run what is provided', () => {
  provide(compiled('vision'));
  WebAssembly.Module = class {
    constructor() {
      throw new WebAssembly.CompileError('code generation disallowed');
    }
  } as unknown as typeof WebAssembly.Module;
  expect(usesSimd()).toBe(true);
});
