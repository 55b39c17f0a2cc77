// What a model and load refuse, and how they say so.

import { LanewiseError } from '../../src/errors.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { load } from '../../src/load.ts';
import { failure } from '../failure.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { graphOf } from '../kernels/graph.ts';
import { moduleOf, variants } from '../kernels/run.ts';
import { modelOf, ones, onlyOutput, picture, smallNetwork } from './models.ts';

const floats = (count: number) => new Float32Array(count);
/** A tensor that did not come from Tensor's constructor, which would refuse it. */
const handmade = (dims: unknown, data: unknown = floats(126), type = 'float32') => ({ type, data, dims }) as unknown as Tensor;

const relu = encodeModel({
  inputs: [{ name: 'x', dims: ['N', 3] }],
  outputs: [{ name: 'y' }],
  nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
});

/** Runs with a part of WebAssembly replaced. */
async function withWebAssembly<K extends 'validate' | 'Memory'>(key: K, value: unknown, run: () => unknown): Promise<void> {
  const original = WebAssembly[key];
  try {
    Object.assign(WebAssembly, { [key]: value });
    await run();
  } finally {
    Object.assign(WebAssembly, { [key]: original });
  }
}

describe('feeds', () => {
  const network = modelOf(smallNetwork(['N', 3, 6, 'W']));
  const takes = "'picture' float32 [N, 3, 6, W]";
  const good = picture();

  test.each([
    ['nothing', undefined, `run takes an object of tensors by input name (${takes}), got undefined`],
    ['null', null, `run takes an object of tensors by input name (${takes}), got null`],
    ['a number', 5, `run takes an object of tensors by input name (${takes}), got 5`],
    ['no tensors', {}, `input 'picture' is missing; the model takes ${takes}`],
    ['a wrong name', { image: good }, `the model has no input 'image'; it has ${takes}`],
    ['a name too many', { picture: good, other: good }, `the model has no input 'other'; it has ${takes}`],
    ['undefined for a tensor', { picture: undefined }, `input 'picture' is missing`],
    ['an array for a tensor', { picture: [1, 2] }, "input 'picture' takes float32, got no Tensor"],
    [
      'another type',
      { picture: new Tensor('float64', new Float64Array(126), [1, 3, 6, 7]) },
      "input 'picture' takes float32, got a tensor of float64",
    ],
    ['an output’s name', { scores: good }, `the model has no input 'scores'`],
    ['another rank', { picture: new Tensor('float32', floats(126), [3, 6, 7]) }, "input 'picture' takes [N, 3, 6, W], got [3, 6, 7]"],
    ['another size', { picture: new Tensor('float32', floats(84), [1, 2, 6, 7]) }, "input 'picture' takes [N, 3, 6, W], got [1, 2, 6, 7]"],
    ['a size of NaN', { picture: handmade([1, 3, 6, Number.NaN]) }, 'dimension NaN in [1, 3, 6, NaN]'],
    ['an infinite size', { picture: handmade([1, 3, 6, Number.POSITIVE_INFINITY]) }, 'dimension Infinity'],
    ['a negative size', { picture: handmade([1, 3, 6, -7]) }, 'dimension -7'],
    ['two negative sizes', { picture: handmade([-1, 3, 6, -7]) }, 'dimension -1'],
    ['half a pixel', { picture: handmade([1, 3, 6, 3.5]) }, 'dimension 3.5'],
    ['a size in words', { picture: handmade([1, 3, 6, '7']) }, "dimension '7' in [1, 3, 6, '7']"],
    ['too few elements', { picture: handmade([1, 3, 6, 8]) }, '[1, 3, 6, 8] holds 144 elements, got 126'],
    ['too many elements', { picture: handmade([1, 3, 6, 6]) }, 'holds 108 elements, got 126'],
    ['a size of 2^31', { picture: handmade([2 ** 31, 3, 6, 7]) }, 'elements, got 126'],
    ['a size of 2^53', { picture: handmade([2 ** 53, 3, 6, 7]) }, 'dimension 9007199254740992'],
    [
      'another array than the type says',
      { picture: handmade([1, 3, 6, 7], new Float64Array(126)) },
      'a float32 tensor holds a Float32Array, got Float64Array',
    ],
    ['no elements', { picture: handmade([1, 3, 6, 7], null) }, 'a float32 tensor holds a Float32Array'],
    ['no data', { picture: { type: 'float32', dims: [1, 3, 6, 7] } }, 'a float32 tensor holds a Float32Array'],
    ['no dimensions', { picture: handmade(undefined) }, 'dim'],
    ['null for dimensions', { picture: handmade(null) }, 'dim'],
    ['a number for dimensions', { picture: handmade(126) }, 'dim'],
    ['a window that does not fit', { picture: new Tensor('float32', floats(18), [1, 3, 6, 1]) }, 'global pooling of an empty picture'],
  ])('%s', (_, feeds, message) => {
    const error = failure(() => network.runSync(feeds as never));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain(message);
    // Nothing is broken by it.
    expect(onlyOutput(network.runSync({ picture: good }))).toEqual(onlyOutput(modelOf(smallNetwork()).runSync({ picture: good })));
  });

  test('sizes whose product cannot be counted', () => {
    const feeds = { picture: handmade([2 ** 40, 3, 6, 2 ** 40]) };
    expect(failure(() => network.runSync(feeds))).toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining('more elements than can be counted'),
    });
  });

  test('run rejects with what runSync throws', async () => {
    await expect(network.run({})).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(network.run({})).rejects.toBeInstanceOf(LanewiseError);
  });

  test('an int64 input that nobody reads may be fed', () => {
    const graph = graphOf({ inputs: { x: [2] }, nodes: [{ op: 'Relu', inputs: ['x'] }] });
    const model = modelOf({ ...graph, inputs: [...graph.inputs, { name: 'n', type: 'int64', dims: [1] }] });
    expect(onlyOutput(model.runSync({ x: new Tensor('float32', [1, -1]), n: new Tensor('int64', [3]) }))).toEqual([1, 0]);
  });
});

describe('inputShapes', () => {
  const graph = smallNetwork(['N', 3, 'H', 'W']);

  test.each([
    ['a wrong name', { image: [1, 3, 6, 7] }, "inputShapes names 'image'; the model's inputs are 'picture'"],
    ['another rank', { picture: [3, 6, 7] }, "input 'picture' takes [N, 3, H, W], got [3, 6, 7]"],
    ['another size than the model’s', { picture: [1, 4, 6, 7] }, "input 'picture' takes [N, 3, H, W], got [1, 4, 6, 7]"],
    ['NaN', { picture: [1, 3, Number.NaN, 7] }, 'dimension NaN'],
    ['infinity', { picture: [1, 3, Number.POSITIVE_INFINITY, 7] }, 'dimension Infinity'],
    ['a negative size', { picture: [1, 3, -6, 7] }, 'dimension -6'],
    ['2^53', { picture: [2 ** 53, 3, 6, 7] }, 'dimension 9007199254740992'],
  ])('%s', (_, inputShapes, message) => {
    const error = failure(() => modelOf(graph, { inputShapes }));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain(message);
  });

  test.each([
    ['2^31 pictures', [2 ** 31, 3, 6, 7], 'over the limit of 805,306,368 bytes (option memoryLimit)'],
    ['pictures of 2^31 rows', [1, 3, 2 ** 31, 7], 'is too large'],
    ['2^32 pictures of 2^20 columns', [2 ** 32, 3, 6, 2 ** 20], 'more elements than can be counted'],
  ])('%s', (_, dims, message) => {
    const error = failure(() => modelOf(graph, { inputShapes: { picture: dims } }));
    expect(['TOO_LARGE', 'INVALID_MODEL']).toContain(error.code);
    expect(error.message).toContain(message);
  });

  test('fix what the model takes', () => {
    const model = modelOf(graph, { inputShapes: { picture: [2, 3, 6, 7] } });
    expect(model.inputs).toEqual([{ name: 'picture', type: 'float32', dims: [2, 3, 6, 7] }]);
    expect(failure(() => model.runSync({ picture: picture(1) })).message).toBe("input 'picture' takes [2, 3, 6, 7], got [1, 3, 6, 7]");
  });
});

describe('memory', () => {
  test('over memoryLimit is refused, less runs afterwards', () => {
    const model = modelOf(smallNetwork(), { memoryLimit: 20_000 });
    const expected = onlyOutput(model.runSync({ picture: picture() }));
    const error = failure(() => model.runSync({ picture: picture(20) }));
    expect(error.code).toBe('TOO_LARGE');
    expect(error.message).toMatch(/would take [\d,]+ bytes, over the limit of 20,000 bytes \(option memoryLimit\)/);
    expect(onlyOutput(model.runSync({ picture: picture() }))).toEqual(expected);
  });

  // x + y + c where x and y broadcast to a square.
  const square = graphOf({
    inputs: { x: ['N', 1], y: [1, 'N'] },
    constants: { c: { name: 'c', type: 'float32', dims: [1], read: () => Float32Array.of(5) } },
    nodes: [
      { op: 'Add', inputs: ['x', 'y'] },
      { op: 'Add', inputs: ['Add_0', 'c'] },
    ],
  });
  const feeds = (n: number) => ({ x: ones([n, 1]), y: ones([1, n]) });

  test('over 4 GiB is refused whatever the limit, and leaves the model as it was', () => {
    const model = modelOf(square, { memoryLimit: 2 ** 40 });
    const error = failure(() => model.runSync(feeds(40_000)));
    expect(error.code).toBe('TOO_LARGE');
    expect(error.message).toMatch(/the model needs [\d,]+ bytes of memory, more than WebAssembly can address/);
    expect(onlyOutput(model.runSync(feeds(2)))).toEqual([7, 7, 7, 7]);
  });

  test('that the engine refuses is an error with its cause, and the model runs where less will do', async () => {
    const model = modelOf(square);
    const refused = new RangeError('could not allocate memory');
    class NoMemory {
      constructor() {
        throw refused;
      }
    }
    await withWebAssembly('Memory', NoMemory, () => {
      const error = failure(() => model.runSync(feeds(100)));
      expect(error).toMatchObject({ code: 'TOO_LARGE', cause: refused });
      expect(error.message).toContain('which the engine refuses');
    });
    expect(onlyOutput(model.runSync(feeds(2)))).toEqual([7, 7, 7, 7]);
  });
});

describe('load', () => {
  const x = new Tensor('float32', [1, -2, 3], [1, 3]);
  const noSimd = () => false;
  // The longer probe is the one for relaxed SIMD.
  const noRelaxed = (bytes: Uint8Array) => bytes.length < 35;

  test('an engine without SIMD', async () => {
    await withWebAssembly('validate', noSimd, async () => {
      await expect(load(relu)).rejects.toMatchObject({ code: 'NO_SIMD', message: expect.stringContaining('WebAssembly without SIMD') });
      await expect(load(relu, { relaxed: 'auto' })).rejects.toMatchObject({ code: 'NO_SIMD' });
    });
  });

  test('an engine without relaxed SIMD: asked for, an error; auto, the strict binary', async () => {
    await withWebAssembly('validate', noRelaxed, async () => {
      await expect(load(relu, { relaxed: true })).rejects.toMatchObject({
        code: 'NO_SIMD',
        message: expect.stringContaining('no relaxed SIMD'),
      });
      const model = await load(relu, { relaxed: 'auto' });
      expect(model.variant).toBe('strict');
      expect(onlyOutput(model.runSync({ x }))).toEqual([1, 0, 3]);
    });
  });

  test('strict unless asked; auto takes what there is', async () => {
    expect((await load(relu)).variant).toBe('strict');
    const model = await load(relu, { relaxed: 'auto' });
    expect(model.variant).toBe(variants.at(-1));
    expect(onlyOutput(model.runSync({ x }))).toEqual([1, 0, 3]);
  });

  test('a module that the caller compiled', async () => {
    const model = await load(relu, { wasm: moduleOf('strict') });
    expect(onlyOutput(model.runSync({ x }))).toEqual([1, 0, 3]);
  });

  test('an open batch is 1, inputShapes says otherwise, memoryLimit holds', async () => {
    expect((await load(relu)).memory.activations).toBeGreaterThan(0);
    const model = await load(relu, { inputShapes: { x: [2, 3] } });
    expect(model.inputs[0]?.dims).toEqual([2, 3]);
    await expect(load(relu, { inputShapes: { x: [2, 4] } })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(load(relu, { memoryLimit: 10 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  test('a signal that has fired, before and meanwhile', async () => {
    const reason = new Error('not any more');
    await expect(load(relu, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    const controller = new AbortController();
    const loading = load(relu, { signal: controller.signal });
    controller.abort(reason);
    await expect(loading).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    const late = new AbortController();
    const model = await load(relu, { signal: late.signal });
    late.abort();
    expect(onlyOutput(model.runSync({ x }))).toEqual([1, 0, 3]);
  });
});

describe('typed arrays for tensors', () => {
  const port = (name: string, type: never, dims: readonly (number | string)[]) => ({ name, type, dims });
  const same = (inputs: readonly (readonly [string, string, readonly (number | string)[]])[]) =>
    load(
      encodeModel({
        inputs: inputs.map(([name, type, dims]) => port(name, type as never, dims)),
        outputs: inputs.map(([name, type]) => ({ name: `${name}_out`, type: type as never })),
        nodes: inputs.map(([name]) => ({ op: 'Identity', inputs: [name], outputs: [`${name}_out`] })),
      }),
    );

  test('a known shape, or an open batch, which follows from the length', async () => {
    const network = modelOf(smallNetwork(['N', 3, 6, 7]));
    for (const batch of [1, 2, 5]) {
      const tensor = picture(batch);
      const expected = network.runSync({ picture: tensor });
      expect(network.runSync({ picture: tensor.data as Float32Array })).toEqual(expected);
      expect(network.runSync(tensor.data as Float32Array)).toEqual(expected);
      expect(await network.run(tensor.data as Float32Array)).toEqual(expected);
      expect(network.profile({ picture: tensor.data as Float32Array }).length).toBeGreaterThan(2);
    }
  });

  test.each([
    ['int64', BigInt64Array.of(1n, -2n)],
    ['uint8', Uint8Array.of(1, 2)],
    ['bool', Uint8Array.of(1, 0)],
    ['float64', Float64Array.of(1, 2)],
    ['int32', Int32Array.of(1, 2)],
  ] as const)('%s', async (type, data) => {
    const model = await same([['x', type, [2]]]);
    expect(model.runSync({ x: data as never })).toEqual({ x_out: new Tensor(type, data as never) });
    const scalar = await same([['x', type, []]]);
    expect(scalar.runSync(data.slice(0, 1) as never)).toEqual({ x_out: new Tensor(type, data.slice(0, 1) as never, []) });
  });

  test('float16 takes float32, and bits or its own array', async () => {
    const model = await same([['x', 'float16', [2]]]);
    const halves = new Tensor('float16', [0.5, -2]);
    for (const data of [Float32Array.of(0.5, -2), halves.data]) expect(model.runSync(data as never)).toEqual({ x_out: halves });
  });

  test.each<[readonly (number | string)[], unknown, string]>([
    [
      ['N', 3, 'H', 'W'],
      floats(12),
      "input 'x' is float32 [N, 3, H, W], which does not follow from a Float32Array of 12: give new Tensor(data, dims)",
    ],
    [[1, 3, 2, 2], floats(11), 'float32 [1, 3, 2, 2], which does not follow from a Float32Array of 11'],
    [['N', 3, 2, 2], floats(13), '[N, 3, 2, 2], which does not follow from a Float32Array of 13'],
    [['', 3], floats(0), '[?, 3], which does not follow from a Float32Array of 0'],
    [['N', 0], floats(0), 'Float32Array of 0'],
    [[1, 3], new DataView(new ArrayBuffer(12)), 'DataView'],
    [[1, 3], new Float64Array(3), "input 'x' takes float32, got a tensor of float64"],
    [[1, 3], new Uint8ClampedArray(3), 'unknown tensor type Uint8ClampedArray'],
  ])('%p does not take %p', async (dims, data, message) => {
    const model = await same([['x', 'float32', dims]]);
    for (const feeds of [data, { x: data }] as never[]) {
      const error = failure(() => model.runSync(feeds));
      expect(error.code).toBe('INVALID_INPUT');
      expect(error.message).toContain(message);
    }
  });

  test('a model of two inputs takes them by name', async () => {
    const model = await same([
      ['x', 'float32', [2]],
      ['y', 'int64', ['N']],
    ]);
    expect(model.runSync({ x: Float32Array.of(1, 2), y: BigInt64Array.of(3n) })).toEqual({
      x_out: new Tensor('float32', [1, 2]),
      y_out: new Tensor('int64', [3]),
    });
    expect(failure(() => model.runSync(floats(2))).message).toContain('run takes an object of tensors by input name');
  });

  test('the array says the type of a tensor', () => {
    const arrays = [
      ['float32', new Float32Array(2)],
      ['float64', new Float64Array(2)],
      ['int8', new Int8Array(2)],
      ['uint8', new Uint8Array(2)],
      ['int16', new Int16Array(2)],
      ['uint16', new Uint16Array(2)],
      ['int32', new Int32Array(2)],
      ['uint32', new Uint32Array(2)],
      ['int64', new BigInt64Array(2)],
      ['uint64', new BigUint64Array(2)],
    ] as const;
    for (const [type, data] of arrays) {
      expect(new Tensor(data)).toEqual(new Tensor(type, data as never));
      expect(new Tensor(data, [2, 1])).toEqual(new Tensor(type, data as never, [2, 1]));
      expect(new Tensor(data, [1, 2]).data).toBe(data);
    }
    expect(failure(() => new Tensor(floats(2), [3])).message).toBe('a float32 tensor of [3] holds 3 elements, got 2');
    expect(failure(() => new Tensor(floats(2), 'float32' as never)).message).toContain("dimensions as a list, got 'float32'");
    expect(failure(() => new Tensor(new DataView(new ArrayBuffer(2)) as never)).message).toContain('unknown tensor type DataView');
    expect(failure(() => new Tensor([1, 2] as never, [2])).message).toContain('unknown tensor type [1, 2]');
  });
});
