// Compiled models of integers: the bits of what they were compiled from, files that suit every binary, a quarter of the bytes.

import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import type { Graph } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { createModel } from '../../src/load.ts';
import { chooseVariant } from '../../src/runtime/wasm.ts';
import { integers } from '../compiled/integers.ts';
import { bits, compiled, feedsOf } from '../compiled/networks.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { random } from '../reference/index.ts';
import { skip } from '../skip.ts';
import { withExactDots } from './exactDots.ts';

// As a program that has nothing but `lanewise/runtime`: it fetches the rest.
jest.resetModules();
const { load: loadCompiled } = await import('../../src/compiled/index.ts');
const { added } = await import('../../src/plan/instructions.ts');

const binary = (name: string) => new WebAssembly.Module(readFileSync(`build/${name}.wasm`));
const graph = Object.values(integers)[0] as Graph;

test('the tables and kernels come with a file that needs them, and not before', async () => {
  const float = graphOf({ inputs: { x: [1, 4] }, nodes: [{ op: 'Relu', inputs: ['x'] }] });
  await loadCompiled(compiled(float));
  expect(added).toEqual({});
  await loadCompiled(compiled(graph));
  expect(Object.keys(added).length).toBeGreaterThan(0);
});

test.each([{}, { threads: 2 }, { threads: 3 }, { worker: true }, { relaxed: 'auto' }] as const)(
  'the bits and the memory of the model that is not compiled: %j',
  async (options) => {
    const feeds = feedsOf(graph);
    const original = await createModel(graph, options);
    const model = await loadCompiled(compiled(graph, 'threads' in options ? { threads: options.threads } : {}), options);
    expect(bits(await model.run(feeds))).toEqual(bits(await original.run(feeds)));
    expect(bits(await model.run(feeds))).toEqual(bits(await original.run(feeds)));
    expect(model.memory).toEqual(original.memory);
    expect(model.profile(feeds).map(({ kernel }) => kernel)).toEqual(original.profile(feeds).map(({ kernel }) => kernel));
    model.dispose();
    original.dispose();
  },
);

test('integers stay as they are where float weights are halved', async () => {
  const feeds = feedsOf(graph);
  const model = await loadCompiled(compiled(graph, { weights: 'f16' }));
  expect(bits(await model.run(feeds))).toEqual(bits(await (await createModel(graph)).run(feeds)));
});

test('a given binary has to have the pack', async () => {
  const file = compiled(graph);
  const feeds = feedsOf(graph);
  const expected = bits(await (await loadCompiled(file)).run(feeds));
  expect(bits(await (await loadCompiled(file, { wasm: binary('strict-quantized') })).run(feeds))).toEqual(expected);
  await expect(loadCompiled(file, { wasm: binary('strict-more') })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/pack quantized: give a module compiled from lanewise\/wasm\/(strict|dots)-quantized\.wasm$/),
  });
});

test('the binary of relaxed dots gives the same bits where they are exact', async () => {
  const [file, feeds] = [compiled(graph), feedsOf(graph)];
  const { module: wasm } = withExactDots(readFileSync('build/dots-quantized.wasm'));
  expect(bits(await (await loadCompiled(file, { wasm })).run(feeds))).toEqual(bits(await (await loadCompiled(file)).run(feeds)));
});

if (chooseVariant('auto') === 'relaxed') {
  test('a file is the same whichever binary packed its weights', async () => {
    // Packing needs no dots.
    jest.resetModules();
    jest.unstable_mockModule('../../src/quantized/dots.ts', () => ({ hasExactDots: () => true }));
    const { compileGraph } = await import('../../src/compiled/write.ts');
    const { compileModule } = await import('../../src/runtime/wasm.ts');
    const strict = binary('strict-quantized');
    const file = compileGraph(graph, {}, strict);
    const dots = await compileModule('strict', 'quantized');
    expect(WebAssembly.Module.exports(dots).map(({ name }) => name)).toContain('dots');
    expect(WebAssembly.Module.exports(strict).map(({ name }) => name)).not.toContain('dots');
    expect(compileGraph(graph, {}, dots)).toEqual(file);
    expect(compiled(graph)).toEqual(file);
  });

  test('a given binary of relaxed dots gives the same bits, or is refused where dots saturate', async () => {
    const file = compiled(graph);
    const feeds = feedsOf(graph);
    const wasm = binary('dots-quantized');
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { dots } = new WebAssembly.Instance(wasm, { env: { memory } }).exports as { dots(weights: number, bytes: number): number };
    if (dots(0x7f7f7f7f, -1) === 4 * 127 * 255) {
      expect(bits(await (await loadCompiled(file, { wasm })).run(feeds))).toEqual(bits(await (await loadCompiled(file)).run(feeds)));
    } else {
      await expect(loadCompiled(file, { wasm })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining('saturate: give a module compiled from lanewise/wasm/strict-quantized.wasm'),
      });
    }
  });
} else {
  skip('the binaries of relaxed dots', 'this engine has no relaxed SIMD');
}

test('a quarter of the bytes of the float network', () => {
  const filters = [96, 64, 3, 3];
  const w = random(filters, 1, -1, 1);
  const float = graphOf({ inputs: { x: [1, 64, 8, 8] }, constants: { w }, nodes: [{ op: 'Conv', inputs: ['x', 'w'] }] });
  const tensors = {
    s: new Tensor('float32', [0.01], []),
    z: new Tensor('uint8', Uint8Array.of(128), []),
    w: new Tensor(
      'int8',
      Int8Array.from(w.data, (x) => Math.round(127 * x)),
      filters,
    ),
    zero: new Tensor('int8', Int8Array.of(0), []),
  };
  const integer = graphOf({
    inputs: { x: [1, 64, 8, 8] },
    constants: Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, constantOf(name, tensor)])),
    nodes: [
      { op: 'QuantizeLinear', inputs: ['x', 's', 'z'], outputs: ['q'] },
      { op: 'QLinearConv', inputs: ['q', 's', 'z', 'w', 's', 'zero', 's', 'z'] },
    ],
  });
  expect(compiled(integer).length / compiled(float).length).toBeLessThan(0.27);
});
