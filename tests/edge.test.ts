// What places do that forbid compiling: the binaries are provided as modules, and nothing else is to be had.

import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { load, Tensor } from '../src/index.ts';
import { dense, input, model } from '../src/layers/index.ts';
import { compilesNothing, provide } from '../src/runtime/wasm.ts';
import { provide as providePictures, usesSimd } from '../src/vision/simd.ts';

const compiled = (name: string) => new WebAssembly.Module(readFileSync(`build/${name}.wasm`));
const defaultModel = 'models/cifar10-resnet20/model.onnx';

const { compile, Module } = WebAssembly;
const forbid = () => {
  WebAssembly.compile = () => Promise.reject(new WebAssembly.CompileError('code generation disallowed'));
};
afterEach(() => {
  Object.assign(WebAssembly, { compile, Module });
});

const small = () => {
  const x = input([4]);
  return model(x, dense(x, 2), { seed: 1 });
};
const feeds = { input: new Tensor('float32', [1, -2, 3, -4], [1, 4]) };

test('layers compile with a module that is given', async () => {
  const expected = await (await small().compile()).run(feeds);
  const given = compiled('strict');
  forbid();
  expect(await (await small().compile({ wasm: given })).run(feeds)).toEqual(expected);
  await expect(small().compile({ wasm: {} as WebAssembly.Module })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('a binary that is provided is the one that runs, on one thread', async () => {
  const expected = await (await small().compile()).run(feeds);
  expect(compilesNothing()).toBe(false);
  provide('strict', compiled('strict'));
  forbid();
  expect(compilesNothing()).toBe(true);
  expect(await (await small().compile()).run(feeds)).toEqual(expected);
  const told = jest.spyOn(console, 'warn').mockImplementation(() => {});
  const loaded = await load(defaultModel, { relaxed: 'auto', threads: 2 });
  expect([loaded.variant, loaded.threads]).toEqual(['strict', 1]);
  expect(told).toHaveBeenCalledTimes(1);
  await expect(load(defaultModel, { relaxed: true })).rejects.toMatchObject({ code: 'WASM_BLOCKED' });
});

test('pictures, too, run what is provided', () => {
  providePictures(compiled('vision'));
  WebAssembly.Module = class {
    constructor() {
      throw new WebAssembly.CompileError('code generation disallowed');
    }
  } as unknown as typeof WebAssembly.Module;
  expect(usesSimd()).toBe(true);
});
