import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load as loadCompiled } from '../../src/compiled/index.ts';
import { compileModel } from '../../src/compiled/write.ts';
import { readOnnx } from '../../src/formats/onnx/index.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { toFloat16, widenHalves } from '../../src/graph/halves.ts';
import { createModel, load } from '../../src/load.ts';
import { graphOf } from '../kernels/graph.ts';
import { array, random } from '../reference/index.ts';
import { ones, picture, smallNetwork } from '../runtime/models.ts';
import { made } from '../zoo/made.ts';
import { bits, compiled, feedsOf } from './networks.ts';

import.meta.jest.setTimeout(120_000);

const path = 'models/cifar10-resnet20/model.onnx';
const small = { inputShapes: { input: [1, 3, 64, 64] } };
const zoo = ['resnet18', 'densenet121', 'googlenet', 'mobilenet_v2', 'squeezenet1_1'] as const;

const networks: [string, () => Graph, object][] = [
  ['the default model', () => readOnnx(readFileSync(path)), {}],
  ['convolution, pool and dense layer', () => smallNetwork([2, 3, 9, 7]), {}],
  [
    'matrices that lie between each other',
    () => graphOf({ inputs: { x: [1, 2, 4, 4] }, nodes: [{ op: 'SpaceToDepth', inputs: ['x'], attributes: { blocksize: 2 } }] }),
    {},
  ],
  [
    'a transposed convolution whose padding is negative',
    () =>
      graphOf({
        inputs: { x: [1, 2, 3, 3], w: [2, 4, 1, 2] },
        nodes: [{ op: 'ConvTranspose', inputs: ['x', 'w'], attributes: { auto_pad: 'SAME_UPPER', strides: [2, 3] } }],
      }),
    {},
  ],
  ...zoo.map((name): [string, () => Graph, object] => [name, () => made(name, { inputShape: [3, 64, 64], classes: 10 }).graph(), small]),
];

test.each(networks)('%s: the bits, the memory and the shapes of the model that is not compiled', async (_, make, options) => {
  const graph = make();
  const feeds = feedsOf(graph, options);
  const original = await createModel(graph, options);
  const model = await loadCompiled(compiled(graph, options));
  expect(bits(await model.run(feeds))).toEqual(bits(await original.run(feeds)));
  expect(model.memory).toEqual(original.memory);
  expect(model.inputs).toEqual(original.inputs.map((input) => ({ ...input, dims: feeds[input.name]?.dims })));
  expect(model.outputs.map(({ name, type }) => [name, type])).toEqual(original.outputs.map(({ name, type }) => [name, type]));
  const kernels = (rows: { node: string; kernel: string; macs: number }[]) => rows.map(({ node, kernel, macs }) => [node, kernel, macs]);
  expect(kernels(model.profile(feeds))).toEqual(kernels(original.profile(feeds)));
});

test.each([{ threads: 1 }, { threads: 2 }, { threads: 3 }, { worker: true }, { relaxed: 'auto' }] as const)(
  'runs with %j',
  async (options) => {
    const graph = readOnnx(readFileSync(path));
    const feeds = feedsOf(graph);
    const [model, original] = [await loadCompiled(compiled(graph), options), await createModel(graph, options)];
    expect(model.variant).toBe(original.variant);
    expect(bits(await model.run(feeds))).toEqual(bits(await original.run(feeds)));
    expect(bits(await model.run(feeds))).toEqual(bits(await original.run(feeds)));
    model.dispose();
  },
);

test('what was cut for four threads runs on one, two and four with the same bits', async () => {
  const graph = smallNetwork([1, 3, 40, 40]);
  const feeds = feedsOf(graph);
  const bytes = compiled(graph, { threads: 4 });
  const expected = bits(await (await createModel(graph)).run(feeds));
  for (const threads of [1, 2, 4]) {
    const model = await loadCompiled(bytes, { threads });
    expect(bits(await model.run(feeds))).toEqual(expected);
    model.dispose();
  }
});

describe('where memory cannot be shared', () => {
  const page = globalThis as { crossOriginIsolated?: boolean | undefined };
  const { warn } = console;
  beforeAll(() => {
    page.crossOriginIsolated = false;
    console.warn = () => {};
  });
  afterAll(() => {
    page.crossOriginIsolated = undefined;
    console.warn = warn;
  });

  test.each(['f32', 'f16'] as const)('a worker loads it (%s)', async (weights) => {
    const graph = readOnnx(readFileSync(path));
    const feeds = feedsOf(graph);
    const bytes = compiled(graph, { weights });
    const model = await loadCompiled(bytes, { threads: 2 });
    expect(model.variant).toBe('strict');
    expect(bits(await model.run(feeds))).toEqual(bits((await loadCompiled(bytes)).runSync(feeds)));
    model.dispose();
  });
});

describe('float16 weights', () => {
  const rounded = (values: ReturnType<typeof random>) =>
    array(values.dims, [...widenHalves('float16', toFloat16(Float32Array.from(values.data)))]);
  /** Two convolutions, the second by Winograd's algorithm where it is allowed. */
  const network = (weights: (values: ReturnType<typeof random>) => ReturnType<typeof random>, factor = 1) => {
    const scaled = (values: ReturnType<typeof random>) =>
      array(
        values.dims,
        Array.from(values.data, (x) => x * factor),
      );
    return graphOf({
      inputs: { x: [1, 5, 20, 20] },
      constants: {
        w: weights(scaled(random([32, 5, 3, 3], 1))),
        b: weights(random([32], 2)),
        v: weights(random([32, 32, 3, 3], 3)),
        d: weights(random([32, 1, 3, 3], 4)),
      },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', 'b'], attributes: { pads: [1, 1, 1, 1] } },
        { op: 'Conv', inputs: ['Conv_0', 'v'], attributes: { pads: [1, 1, 1, 1] } },
        { op: 'Conv', inputs: ['Conv_1', 'd'], attributes: { group: 32 } },
      ],
    });
  };
  const run = async (bytes: Uint8Array) => bits((await loadCompiled(bytes)).runSync(feedsOf(network(rounded))));

  test.each([true, false])(
    'give the bits of a model whose weights were rounded before (winograd: %s), in half the space',
    async (winograd) => {
      const half = compiled(
        network((values) => values),
        { weights: 'f16', winograd },
      );
      const whole = compiled(network(rounded), { winograd });
      expect(await run(half)).toEqual(await run(whole));
      expect(await run(half)).not.toEqual(
        await run(
          compiled(
            network((values) => values),
            { winograd },
          ),
        ),
      );
      expect(half.length / whole.length).toBeLessThan(0.55);
    },
  );

  test('a layer with a weight that float16 does not hold stays float32', async () => {
    const graph = network((values) => values, 1e6);
    const whole = network((values) => values, 1e6);
    const [w, v, d, b] = ['w', 'v', 'd', 'b'].map((name) => whole.constants.get(name));
    const half = await loadCompiled(compiled(graph, { weights: 'f16' }));
    const halved = graphOf({
      inputs: { x: [1, 5, 20, 20] },
      constants: Object.fromEntries(
        [w, b, v, d].map((constant, i) => {
          const { name, dims, read } = constant as NonNullable<typeof constant>;
          const values = array(dims, [...(read() as Float32Array)]);
          return [name, i < 2 ? values : rounded(values)];
        }),
      ),
      nodes: [
        { op: 'Conv', inputs: ['x', 'w', 'b'], attributes: { pads: [1, 1, 1, 1] } },
        { op: 'Conv', inputs: ['Conv_0', 'v'], attributes: { pads: [1, 1, 1, 1] } },
        { op: 'Conv', inputs: ['Conv_1', 'd'], attributes: { group: 32 } },
      ],
    });
    const feeds = feedsOf(halved);
    expect(bits(half.runSync(feeds))).toEqual(bits((await createModel(halved)).runSync(feeds)));
  });
});

describe('from a file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanewise-compiled-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('of over a megabyte, which is read part by part, and from bytes at an odd address', async () => {
    const bytes = await compileModel(path);
    expect(bytes.length).toBeGreaterThan(2 ** 20);
    const file = join(folder, 'model.lanewise');
    writeFileSync(file, bytes);
    const shifted = new Uint8Array(bytes.length + 1).subarray(1);
    shifted.set(bytes);
    const feeds = feedsOf(readOnnx(readFileSync(path)));
    const expected = bits((await load(path)).runSync(feeds));
    for (const source of [file, shifted, bytes.buffer as ArrayBuffer]) {
      expect(bits((await loadCompiled(source)).runSync(feeds))).toEqual(expected);
      expect(bits((await load(source)).runSync(feeds))).toEqual(expected);
    }
  });
});

test('the same model gives the same file', async () => {
  expect(Buffer.from(await compileModel(path)).equals(await compileModel(path))).toBe(true);
});

test('an open batch is 1, or what inputShapes says; the model takes no other', async () => {
  const graph = smallNetwork(['N', 3, 6, 7]);
  expect((await loadCompiled(compiled(graph))).inputs[0]?.dims).toEqual([1, 3, 6, 7]);
  const model = await loadCompiled(compiled(graph, { inputShapes: { picture: [3, 3, 6, 7] } }));
  expect(model.runSync({ picture: picture(3) }).scores?.dims).toEqual([3, 5]);
  expect(() => model.runSync({ picture: picture(1) })).toThrow("input 'picture' takes [3, 3, 6, 7], got [1, 3, 6, 7]");
});

test('an input that nothing reads may be left out', async () => {
  const graph = graphOf({ inputs: { x: [2], spare: ['n', 3] }, nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }] });
  const model = await loadCompiled(compiled(graph));
  expect([...(model.runSync({ x: ones([2]) }).y?.data ?? [])]).toEqual([1, 1]);
});

describe('what cannot be compiled is said', () => {
  test('nodes of the host', () => {
    const graph = graphOf({
      inputs: { x: [1, 4] },
      nodes: [
        { op: 'Relu', inputs: ['x'] },
        { op: 'ArgMax', inputs: ['Relu_0'], name: 'best', outputs: ['y'] },
      ],
    });
    expect(() => compiled(graph)).toThrow("a compiled model runs in WebAssembly alone; this one also has ArgMax (node 'best')");
  });

  test('open dimensions', () => {
    expect(() => compiled(smallNetwork())).toThrow('the model leaves dimensions open');
  });

  test('an input that shapes the network', () => {
    const graph = graphOf({
      inputs: { x: [4], shape: { type: 'int64', dims: [2] } },
      nodes: [{ op: 'Reshape', inputs: ['x', 'shape'] }],
    });
    expect(() => compiled(graph)).toThrow("the elements of input 'shape' shape the network");
  });

  test('options that make no sense', async () => {
    await expect(compileModel(path, { weights: 'f8' as never })).rejects.toThrow("option weights takes 'f32' or 'f16', got 'f8'");
    await expect(compileModel(path, { threads: 0 })).rejects.toThrow('option threads takes a whole number from 1');
    await expect(compileModel(path, { inputShapes: { other: [1] } })).rejects.toThrow("inputShapes names 'other'");
  });
});

test.each([
  ['inputShapes', { inputShapes: { input: [1, 3, 32, 32] } }],
  ['winograd', { winograd: false }],
  ['memoryLimit', { memoryLimit: 1 }],
  ['operators', { operators: [] }],
])('load refuses the option %s for a compiled model', async (name, options) => {
  await expect(load(await compileModel(path), options)).rejects.toThrow(
    `the model, which is compiled already, has no option '${name}'; it has relaxed, threads, worker, wasm, onProgress, signal`,
  );
});
