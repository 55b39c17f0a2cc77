// The outputs that a run is asked for: some of them, or into tensors of the caller's.

import { load as loadCompiled } from '../../src/compiled/index.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { toFloat16 } from '../../src/graph/halves.ts';
import { load, type Model, Tensor, type TensorType } from '../../src/index.ts';
import { add, conv2d, globalAvgPool2d, input, model as layersModel, relu } from '../../src/layers/index.ts';
import { createModel, planSource } from '../../src/load.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { compiled } from '../compiled/networks.ts';
import { branch, floats, list, modelOf as loaded, scalar } from '../control/graphs.ts';
import { failure } from '../failure.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { graphOf } from '../kernels/graph.ts';
import { floatsOf } from '../ops/customOps.ts';
import { random } from '../reference/index.ts';
import { made } from '../zoo/made.ts';

import.meta.jest.setTimeout(120_000);

const page = globalThis as { crossOriginIsolated?: boolean | undefined };

/** A network of three heads: whatever is left out, fusions would like to move. */
const heads = (batch: string | number = 'N', last = 'ArgMax'): Graph => {
  const graph = graphOf({
    inputs: { x: [batch, 3, 9, 7] },
    constants: {
      w: random([8, 3, 3, 3], 1),
      scale: random([8], 2, 0.5, 1),
      shift: random([8], 3),
      mean: random([8], 4),
      variance: random([8], 5, 0.5, 2),
      v: random([8, 8, 1, 1], 6),
    },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['raw'], attributes: { pads: [1, 1, 1, 1] } },
      { op: 'BatchNormalization', inputs: ['raw', 'scale', 'shift', 'mean', 'variance'], outputs: ['normal'] },
      { op: 'Relu', inputs: ['normal'], outputs: ['active'] },
      { op: 'Conv', inputs: ['active', 'v'], outputs: ['mixed'] },
      { op: 'Add', inputs: ['mixed', 'active'], outputs: ['sum'] },
      { op: last, inputs: ['sum'], outputs: ['places'], attributes: last === 'ArgMax' ? { axis: 1 } : {} },
    ],
    outputs: ['raw', 'sum', 'places', 'active'],
  });
  const typed = (name: string) => (name === 'places' && last === 'ArgMax' ? { name, type: 'int64' as const } : { name });
  return { ...graph, outputs: graph.outputs.map(({ name }) => typed(name)) };
};

const x = (batch = 1, seed = 1) => new Tensor(Float32Array.from(random([batch, 3, 9, 7], seed).data), [batch, 3, 9, 7]);

const zeros = (like: Tensor) => new Tensor(like.type, Array(like.data.length).fill(0), like.dims);
const bytes = ({ data }: Tensor) => Buffer.from(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));

/** The ways to run a model. */
const ways: Record<string, (graph: Graph) => Promise<Model>> = {
  'on this thread': (graph) => createModel(graph),
  'on threads': (graph) => createModel(graph, { threads: 2 }),
  'in a worker': (graph) => createModel(graph, { worker: true }),
  'in a worker with memory of its own': async (graph) => {
    page.crossOriginIsolated = false;
    const { warn } = console;
    console.warn = () => {};
    try {
      return await createModel(graph, { worker: true });
    } finally {
      page.crossOriginIsolated = undefined;
      console.warn = warn;
    }
  },
  compiled: (graph) => loadCompiled(compiled(graph)),
  'compiled, on threads': (graph) => loadCompiled(compiled(graph), { threads: 2 }),
};

describe.each(Object.entries(ways))('%s', (way, make) => {
  // A compiled model has no host steps.
  const graph = heads(1, way.startsWith('compiled') ? 'Sigmoid' : 'ArgMax');

  test('some of the outputs, or tensors to fill, with the bits of all', async () => {
    const model = await make(graph);
    const all = await model.run({ x: x() });
    const other = await model.run({ x: x(1, 2) });
    const names = Object.keys(all);
    expect(names).toEqual(['raw', 'sum', 'places', 'active']);
    for (let set = 1; set < 16; set++) {
      // Backwards: the order is the model's.
      const some = names.filter((_, i) => set & (1 << i)).reverse();
      const part = await model.run({ x: x() }, { outputs: some });
      expect(Object.keys(part)).toEqual(some.reverse());
      for (const name of some) expect(bytes(part[name] as Tensor).equals(bytes(all[name] as Tensor))).toBe(true);
      const kept = Object.fromEntries(some.map((name) => [name, zeros(all[name] as Tensor)]));
      for (const [seed, expected] of [
        [1, all],
        [2, other],
      ] as const) {
        const filled = await model.run({ x: x(1, seed) }, { outputs: kept });
        expect(Object.keys(filled)).toEqual(some);
        for (const name of some) {
          expect(filled[name]).toBe(kept[name]);
          expect(bytes(kept[name] as Tensor).equals(bytes(expected[name] as Tensor))).toBe(true);
        }
      }
    }
    expect((await model.run({ x: x() })).active).toEqual(all.active);
    model.dispose();
  });

  test('runs that wait for each other fill their own tensors', async () => {
    const model = await make(graph);
    const expected = await Promise.all([1, 2, 3].map(async (seed) => (await model.run({ x: x(1, seed) })).sum as Tensor));
    const kept = expected.map(zeros);
    await Promise.all(kept.map((sum, i) => model.run({ x: x(1, i + 1) }, { outputs: { sum } })));
    expect(kept).toEqual(expected);
    model.dispose();
  });

  test('tensors inside larger arrays; a transferred one is said to be', async () => {
    const model = await make(graph);
    const { sum } = (await model.run({ x: x() })) as { sum: Tensor };
    const frame = new Float32Array(sum.data.length + 10).fill(7);
    const inner = new Tensor(frame.subarray(5, -5), sum.dims);
    await model.run({ x: x() }, { outputs: { sum: inner } });
    expect(inner.data).toEqual(sum.data);
    expect([...frame.slice(0, 5), ...frame.slice(-5)]).toEqual(Array(10).fill(7));
    const gone = zeros(sum);
    structuredClone(gone.data, { transfer: [gone.data.buffer as ArrayBuffer] });
    await expect(model.run({ x: x() }, { outputs: { sum: gone } })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const before = model.run({ x: x() });
    const going = zeros(sum);
    const late = model.run({ x: x() }, { outputs: { sum: going } });
    structuredClone(going.data, { transfer: [going.data.buffer as ArrayBuffer] });
    await before;
    // Without threads both are done by now.
    const outcome = await late.catch((error) => error.message);
    expect([going, expect.stringContaining('transferred'), expect.stringContaining('holds')]).toContainEqual(outcome.sum ?? outcome);
    model.dispose();
  });
});

test('a part of the outputs computes only what it needs', () => {
  const source = planSource(heads(), {});
  const nodes = (...wanted: string[]) => [
    ...new Set(
      source.plan(new Map([['x', [1, 3, 9, 7]]]), new Map(), wanted.length > 0 ? new Set(wanted) : undefined).steps.map(({ node }) => node),
    ),
  ];
  expect(nodes().some((node) => node.startsWith('ArgMax'))).toBe(true);
  expect(nodes('raw')).not.toContain('Conv_3');
  expect(nodes('raw').length).toBeLessThan(nodes('active').length);
  expect(nodes('active').length).toBeLessThan(nodes('sum').length);
  expect(nodes('sum').length).toBeLessThan(nodes().length);
  expect(nodes('raw', 'sum', 'places', 'active')).toEqual(nodes());
});

test("the zoo's GoogLeNet with an output at every module: each alone has the bits that it has among all", async () => {
  const net = made('googlenet', { classes: 10, inputShape: [3, 64, 64] });
  const graph = net.graph();
  const concats = graph.nodes.filter(({ op }) => op === 'Concat').flatMap(({ outputs }) => outputs);
  const batchNorms = graph.nodes.filter(({ op }) => op === 'BatchNormalization').flatMap(({ outputs }) => outputs);
  const extra = [...concats, ...batchNorms.filter((_, i) => i % 9 === 4)];
  const all = { ...graph, outputs: [...graph.outputs, ...extra.map((name) => ({ name }))] };
  const model = await createModel(all);
  const pixels = Float32Array.from(random([3 * 64 * 64], 3).data);
  const whole = model.runSync(pixels);
  const names = Object.keys(whole);
  expect(names.length).toBeGreaterThan(14);
  for (const [i, name] of names.entries()) {
    const some = [name, ...(i % 4 === 0 ? [names[(i + 5) % names.length] as string] : [])];
    for (const [key, tensor] of Object.entries(model.runSync(pixels, { outputs: some }))) {
      expect(bytes(tensor).equals(bytes(whole[key] as Tensor))).toBe(true);
    }
  }
});

test('an open batch: the shape of what is filled is that of the run', async () => {
  const model = await createModel(heads());
  const sum = new Tensor(new Float32Array(2 * 8 * 63), [2, 8, 9, 7]);
  expect(model.runSync({ x: x(2) }, { outputs: { sum } }).sum).toBe(sum);
  expect(sum.data).toEqual(model.runSync({ x: x(2) }).sum?.data);
  expect(failure(() => model.runSync({ x: x(1) }, { outputs: { sum } })).message).toBe(
    "output 'sum' is float32 [1, 8, 9, 7] for these inputs, got float32 [2, 8, 9, 7] to fill",
  );
});

test.each<[unknown, RegExp]>([
  [['nothing'], /no output 'nothing'; it has 'raw' float32, 'sum' float32, 'places' int64, 'active' float32/],
  [[7], /no output 7/],
  [[undefined], /no output undefined/],
  [[], /option outputs takes a list of names, or an object of tensors by name, got \[\]/],
  [{}, /option outputs takes/],
  ['raw', /option outputs takes .* got 'raw'/],
  [x(), /option outputs takes/],
  [{ nothing: x() }, /no output 'nothing'/],
  [{ raw: undefined }, /output 'raw' fills float32, got no Tensor/],
  [{ raw: new Float32Array(504) }, /output 'raw' fills float32, got no Tensor/],
  [{ places: x() }, /output 'places' fills int64, got a tensor of float32/],
  [{ raw: { type: 'float32', data: new Float64Array(504), dims: [1, 8, 9, 7] } }, /holds a Float32Array, got Float64Array/],
  [
    { raw: new Tensor(new Float32Array(504), [1, 8, 7, 9]) },
    /output 'raw' is float32 \[1, 8, 9, 7\] for these inputs, got float32 \[1, 8, 7, 9\]/,
  ],
])('outputs: %p is refused', async (outputs, message) => {
  const model = await createModel(heads());
  const options = { outputs: outputs as never };
  expect(failure(() => model.runSync({ x: x() }, options))).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(message),
  });
  await expect(model.run({ x: x() }, options)).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(message) });
});

test('two outputs in one place are refused', async () => {
  const model = await createModel(heads());
  const buffer = new Float32Array(600);
  const at = (from: number) => new Tensor(buffer.subarray(from, from + 504), [1, 8, 9, 7]);
  const message = "the tensors for outputs 'raw' and 'sum' share memory";
  expect(failure(() => model.runSync({ x: x() }, { outputs: { sum: at(0), raw: at(96) } })).message).toBe(message);
  const same = at(0);
  expect(failure(() => model.runSync({ x: x() }, { outputs: { sum: same, raw: same } })).message).toBe(message);
});

test('an input may be filled with an output', async () => {
  const model = await createModel(
    graphOf({ inputs: { h: [1, 4] }, nodes: [{ op: 'Neg', inputs: ['h'], outputs: ['next'] }], outputs: ['next'] }),
  );
  const h = new Tensor('float32', [1, 2, 3, 4], [1, 4]);
  for (let i = 0; i < 3; i++) model.runSync({ h }, { outputs: { next: h } });
  expect([...h.data]).toEqual([-1, -2, -3, -4]);
});

test('outputs that are inputs, constants or the same value', async () => {
  const model = await createModel(
    graphOf({
      inputs: { x: [2] },
      constants: { c: random([3], 1) },
      nodes: [
        { op: 'Identity', inputs: ['x'], outputs: ['same'] },
        { op: 'Relu', inputs: ['x'], outputs: ['a'] },
        { op: 'Identity', inputs: ['a'], outputs: ['b'] },
        { op: 'Neg', inputs: ['c'], outputs: ['fixed'] },
      ],
      outputs: ['same', 'a', 'b', 'fixed'],
    }),
  );
  const feeds = { x: new Tensor('float32', [-1, 2], [2]) };
  const all = model.runSync(feeds);
  for (const name of ['same', 'a', 'b', 'fixed']) {
    const part = model.runSync(feeds, { outputs: [name] });
    expect(part).toEqual({ [name]: all[name] });
    const kept = zeros(all[name] as Tensor);
    expect(model.runSync(feeds, { outputs: { [name]: kept } })).toEqual({ [name]: all[name] });
  }
  expect(model.runSync(feeds, { outputs: Object.fromEntries(Object.entries(all).map(([name, tensor]) => [name, zeros(tensor)])) })).toEqual(
    all,
  );
});

test('outputs in other types than inside are converted into the tensor: float16, float64 in a float32 model', async () => {
  const port = (type: TensorType) => [{ name: 'y', type: type as never, dims: [1, 1, 2, 2] }];
  for (const type of ['float16', 'float64'] as const) {
    const model = await load(
      encodeModel({
        inputs: [{ name: 'x', type, dims: [1, 1, 2, 2] }],
        outputs: port(type),
        initializers: [{ name: 'w', type, dims: [1, 1, 1, 1], data: [0.1] }],
        nodes: [{ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'] }],
      }),
    );
    const feeds = { x: floats([1, 2, Number.NaN, -4], [1, 1, 2, 2]) };
    const { y } = model.runSync(feeds) as { y: Tensor };
    expect(y.type).toBe(type);
    const kept = new Tensor(type, [0, 0, 0, 0], [1, 1, 2, 2]);
    expect(model.runSync(feeds, { outputs: { y: kept } }).y).toBe(kept);
    expect(bytes(kept).equals(bytes(y))).toBe(true);
    expect(failure(() => model.runSync(feeds, { outputs: { y: floats([0, 0, 0, 0], [1, 1, 2, 2]) } })).message).toBe(
      `output 'y' fills ${type}, got a tensor of float32`,
    );
    expect(model.view('x').type).toBe('float32');
    expect(failure(() => model.view('y')).message).toMatch(/no view of 'y': inputs and float32 outputs/);
  }
  expect(toFloat16([1])[0]).toBe(0x3c00);
});

test('host steps', async () => {
  const halve = defineOp({
    name: 'Halve',
    domain: 'own',
    run: ({ inputs: [a], outputs: [b] }) => floatsOf(b).set(floatsOf(a).map((value: number) => value / 2)),
  });
  const graph = graphOf({
    inputs: { x: [4] },
    nodes: [
      { op: 'Halve', domain: 'own', inputs: ['x'], outputs: ['half'] },
      { op: 'Neg', inputs: ['half'], outputs: ['minus'] },
      { op: 'Halve', domain: 'own', inputs: ['half'], outputs: ['quarter'] },
    ],
    outputs: ['half', 'minus', 'quarter'],
  });
  const model = await createModel(graph, { operators: [halve] });
  const quarter = floats([0, 0, 0, 0]);
  expect(list(model.runSync({ x: floats([4, 8, 12, 16]) }, { outputs: { quarter } }).quarter)).toEqual([1, 2, 3, 4]);
  expect(list(model.runSync(Float32Array.of(4, 8, 12, 16), { outputs: ['minus'] }).minus)).toEqual([-2, -4, -6, -8]);
});

test('only what is asked for is computed, in whatever order it is asked for', async () => {
  const computed: string[] = [];
  const noted = (name: string) =>
    defineOp({
      name,
      domain: 'own',
      run({ inputs: [a], outputs: [b] }) {
        computed.push(name);
        floatsOf(b).set(floatsOf(a).map((value: number) => value + name.length));
      },
    });
  const names = ['a', 'bb', 'ccc'];
  const nodes = names.map((op) => ({ op, domain: 'own', inputs: ['x'], outputs: [`of ${op}`] }));
  const graph = graphOf({ inputs: { x: [1] }, nodes, outputs: nodes.flatMap(({ outputs }) => outputs) });
  const model = await createModel(graph, { operators: names.map(noted) });
  const expected = Object.fromEntries(names.map((name) => [`of ${name}`, [name.length]]));
  for (const asked of [['bb'], undefined, ['ccc', 'a'], ['bb'], undefined]) {
    computed.length = 0;
    const outputs = model.runSync({ x: floats([0]) }, asked && { outputs: asked.map((name) => `of ${name}`) });
    expect(computed.sort()).toEqual([...(asked ?? names)].sort());
    for (const name of asked ?? names) expect(list(outputs[`of ${name}`])).toEqual(expected[`of ${name}`]);
    expect(Object.keys(outputs)).toHaveLength((asked ?? names).length);
  }
});

describe('control flow', () => {
  const late = (options = {}) =>
    loaded(
      {
        inputs: [{ name: 'x', dims: [1, 'n'] }],
        initializers: [scalar('zero', 'float32', 0)],
        nodes: [
          { op: 'Abs', inputs: ['x'], outputs: ['early'] },
          { op: 'ReduceSum', inputs: ['x'], outputs: ['s'], attributes: { keepdims: 0 } },
          { op: 'Greater', inputs: ['s', 'zero'], outputs: ['c'] },
          {
            op: 'If',
            name: 'if',
            inputs: ['c'],
            outputs: ['z'],
            attributes: { then_branch: branch('Relu', ['early'], 't'), else_branch: branch('Neg', ['early'], 't') },
          },
          { op: 'NonZero', inputs: ['x'], outputs: ['places'] },
          { op: 'Exp', inputs: ['z'], outputs: ['more'] },
        ],
        outputs: [{ name: 'early' }, { name: 'z' }, { name: 'places', type: 'int64' }, { name: 'more' }],
      },
      options,
    );

  test.each([{}, { threads: 2 }])('outputs by name, and into tensors, with %j', async (options) => {
    const model = await late(options);
    for (const numbers of [
      [-1, 2, 3],
      [1, -5, 0],
    ]) {
      const feeds = { x: floats(numbers, [1, 3]) };
      const all = await model.run(feeds);
      for (const names of [['early'], ['z'], ['places'], ['more'], ['early', 'more'], ['z', 'places'], Object.keys(all)]) {
        const expected = Object.fromEntries(names.map((name) => [name, all[name] as Tensor]));
        expect(await model.run(feeds, { outputs: names })).toEqual(expected);
        const kept = Object.fromEntries(names.map((name) => [name, zeros(all[name] as Tensor)]));
        const filled = await model.run(feeds, { outputs: kept });
        expect(filled).toEqual(expected);
        for (const name of names) expect(filled[name]).toBe(kept[name]);
      }
    }
    // As many elements as are not 0.
    const places = new Tensor('int64', Array(6).fill(0), [2, 3]);
    await expect(model.run({ x: floats([1, 0, 2], [1, 3]) }, { outputs: { places } })).rejects.toThrow(
      "output 'places' is int64 [2, 2] for these inputs, got int64 [2, 3] to fill",
    );
    expect(failure(() => model.view('x')).message).toMatch(/no view of 'x'.*except in models with control flow/);
    model.dispose();
  });

  test('sequences fill no tensor', async () => {
    const model = await loaded({
      inputs: [{ name: 'x', dims: [2] }],
      nodes: [
        { op: 'SequenceConstruct', inputs: ['x', 'x'], outputs: ['both'] },
        { op: 'Neg', inputs: ['x'], outputs: ['minus'] },
      ],
      outputs: [{ name: 'both', list: 'sequence' }, { name: 'minus' }],
    });
    const feeds = { x: floats([1, 2]) };
    expect(list((await model.run(feeds, { outputs: ['minus'] })).minus)).toEqual([-1, -2]);
    await expect(model.run(feeds, { outputs: { both: floats([0, 0]) } })).rejects.toThrow(
      "output 'both' is a sequence, which fills no tensor: name it, outputs: ['both']",
    );
    const { both } = await model.run<readonly Tensor[]>(feeds, { outputs: ['both'] });
    expect(both?.map(list)).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});

test('the names of outputs are types', async () => {
  const a = input([2, 4, 4], { name: 'a' });
  const net = layersModel(a, { logits: globalAvgPool2d(relu(conv2d(a, 3, 3))), mask: add(a, a) });
  const bytesOf = net.toONNX();
  const feeds = { a: new Tensor(new Float32Array(32), [1, 2, 4, 4]) };
  // tsc checks these: no one is perhaps undefined.
  const model = await load<'logits' | 'mask'>(bytesOf);
  const { logits, mask } = await model.run(feeds);
  const both: readonly Tensor[] = [logits, mask];
  const { mask: alone } = model.runSync(feeds, { outputs: ['mask'] });
  const filled: Tensor = (await model.run(feeds, { outputs: { mask } })).mask;
  const some = await model.run(feeds, { outputs: ['mask'] });
  // @ts-expect-error it was not asked for
  expect(some.logits).toBeUndefined();
  // @ts-expect-error there is no such name
  expect(failure(() => model.runSync(feeds, { outputs: ['masks'] })).message).toMatch(/no output 'masks'/);
  const any = await load(bytesOf);
  // @ts-expect-error any name, and perhaps none
  const dims: readonly number[] = any.runSync(feeds).logits.dims;
  const { mask: named } = any.runSync(feeds, { outputs: ['mask'] });
  const named2: Tensor = named;
  const ofLayers = await net.compile();
  const { logits: own } = ofLayers.runSync(feeds);
  const ownDims: readonly number[] = own.dims;
  expect([both.length, alone.dims, filled, dims, named2.dims, ownDims]).toEqual([
    2,
    [1, 2, 4, 4],
    mask,
    [1, 3, 1, 1],
    [1, 2, 4, 4],
    [1, 3, 1, 1],
  ]);
});

test('an output without elements fills a tensor without elements, transferred or not', async () => {
  const nodes = [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }];
  const model = await load(encodeModel({ inputs: [{ name: 'x', dims: ['N', 3] }], nodes, outputs: [{ name: 'y' }] } as never));
  const [x, y] = [new Tensor(new Float32Array(), [0, 3]), new Tensor(new Float32Array(), [0, 3])];
  expect((await model.run({ x }, { outputs: { y } })).y).toBe(y);
  structuredClone(y.data, { transfer: [y.data.buffer as ArrayBuffer] });
  expect((await model.run({ x }, { outputs: { y } })).y).toBe(y);
});
