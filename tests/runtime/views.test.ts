// Views of a model's memory: inputs to fill and outputs to read in their places.

import { load as loadCompiled } from '../../src/compiled/index.ts';
import { type Model, Tensor } from '../../src/index.ts';
import { createModel } from '../../src/load.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { compiled } from '../compiled/networks.ts';
import { failure } from '../failure.ts';
import { graphOf } from '../kernels/graph.ts';
import { random } from '../reference/index.ts';

import.meta.jest.setTimeout(120_000);

const page = globalThis as { crossOriginIsolated?: boolean | undefined };

/** Two outputs of a convolution, and an input that is added. */
const graph = (batch: string | number = 'N') =>
  graphOf({
    inputs: { x: [batch, 3, 9, 7], h: [batch, 4, 9, 7] },
    constants: { w: random([4, 3, 3, 3], 1) },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['mixed'], attributes: { pads: [1, 1, 1, 1] } },
      { op: 'Add', inputs: ['mixed', 'h'], outputs: ['next'] },
      { op: 'Sigmoid', inputs: ['next'], outputs: ['y'] },
    ],
    outputs: ['next', 'y'],
  });

const tensor = (dims: number[], seed = 1) => new Tensor(Float32Array.from(random(dims, seed).data), dims);
const feeds = (batch = 1, seed = 1) => ({ x: tensor([batch, 3, 9, 7], seed), h: tensor([batch, 4, 9, 7], seed + 100) });
const fill = (view: Tensor, from: Tensor) => void (view.data as Float32Array).set(from.data as Float32Array);
const stale = (view: Tensor) =>
  expect(failure(() => view.data)).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/other shapes or outputs: take it anew/),
  });

const ways: Record<string, () => Promise<Model>> = {
  'on this thread': () => createModel(graph()),
  'on threads': () => createModel(graph(), { threads: 2 }),
  compiled: () => loadCompiled(compiled(graph(1))),
};

describe.each(Object.entries(ways))('%s', (way, make) => {
  test('an input is filled and an output is read in its place, again and again', async () => {
    const [model, plain] = [await make(), await createModel(graph())];
    const [x, h, y] = ['x', 'h', 'y'].map((name) => model.view(name)) as [Tensor, Tensor, Tensor];
    expect([x.type, x.dims, y.dims]).toEqual(['float32', [1, 3, 9, 7], [1, 4, 9, 7]]);
    for (const seed of [1, 2, 3]) {
      const given = feeds(1, seed);
      const expected = plain.runSync(given);
      fill(x, given.x);
      fill(h, given.h);
      expect((await model.run({ x, h })).next).toEqual(expected.next);
      expect(y.data).toEqual(expected.y?.data);
      fill(x, given.x);
      fill(h, given.h);
      const { y: same } = model.runSync({ x, h }, { outputs: { y, next: tensor([1, 4, 9, 7]) } });
      expect(same).toBe(y);
      expect([...y.data]).toEqual([...(expected.y as Tensor).data]);
    }
    model.dispose();
  });

  test('an output that is fed back as another input, and one that fills an input, are not lost on the way', async () => {
    const [model, plain] = [await make(), await createModel(graph())];
    let given = feeds();
    await model.run(given);
    const next = model.view('next');
    for (const seed of [2, 3, 4]) {
      given = { x: tensor([1, 3, 9, 7], seed), h: plain.runSync(given).next as Tensor };
      const result = await model.run({ x: given.x, h: next });
      expect(result).toEqual(plain.runSync(given));
    }
    const h = model.view('h');
    const y = tensor([1, 4, 9, 7], 9);
    for (const seed of [5, 6]) {
      given = { x: tensor([1, 3, 9, 7], seed), h: plain.runSync(given).next as Tensor };
      const expected = plain.runSync(given);
      fill(h, given.h);
      await model.run({ x: given.x, h }, { outputs: { next: h, y } });
      expect([[...h.data], [...y.data]]).toEqual([[...(expected.next as Tensor).data], [...(expected.y as Tensor).data]]);
    }
    model.dispose();
  });

  test('with another plan a view throws, what was taken from it is empty, and a new one is right', async () => {
    const model = await make();
    const given = feeds();
    const [x, y] = [model.view('x'), model.view('y')];
    const taken = [x.data, y.data];
    fill(x, given.x);
    // The plan for one output: the feed lies in memory that another plan takes.
    const { y: alone } = await model.run({ x, h: given.h }, { outputs: ['y'] });
    expect(alone).toEqual((await createModel(graph())).runSync(given).y);
    for (const view of [x, y]) stale(view);
    expect(failure(() => model.runSync({ x, h: given.h })).message).toMatch(/other shapes or outputs: take it anew/);
    expect(failure(() => model.runSync(given, { outputs: { y } })).message).toMatch(/other shapes or outputs: take it anew/);
    if (way !== 'on threads') expect(taken.map(({ length }) => length)).toEqual([0, 0]);
    const again = model.view('y');
    expect(again.data).toEqual(alone?.data);
    expect(failure(() => model.view('next')).message).toMatch(/no view of 'next': inputs and float32 outputs of the last run/);
    model.dispose();
    expect(failure(() => again.data).code).toBe('DISPOSED');
    expect(failure(() => model.view('x')).code).toBe('DISPOSED');
  });

  test('NaN is one, in memory', async () => {
    const model = await make();
    const y = model.view('y');
    const given = feeds();
    (given.x.data as Float32Array).fill(Number.NaN);
    new Uint32Array(given.x.data.buffer).fill(0xffc12345);
    const bits = () => new Set(new Uint32Array(y.data.buffer as ArrayBuffer, y.data.byteOffset, y.data.length));
    await model.run(given, { outputs: ['next', 'y'] });
    expect(bits()).toEqual(new Set([0x7fc00000]));
    model.runSync(given);
    expect(bits()).toEqual(new Set([0x7fc00000]));
    model.dispose();
  });
});

test('memory that has grown for another shape', async () => {
  const model = await createModel(graph());
  const [x, y] = [model.view('x'), model.view('y')];
  const { data } = y;
  const many = feeds(300);
  expect(model.runSync(many).y?.dims).toEqual([300, 4, 9, 7]);
  expect(data.length).toBe(0);
  for (const view of [x, y]) stale(view);
  expect(model.view('x').dims).toEqual([300, 3, 9, 7]);
});

test('NaNs of a view that is taken after the run', async () => {
  const model = await createModel(
    graphOf({ inputs: { x: [2] }, nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], outputs: ['y'] }),
  );
  const x = new Tensor(new Float32Array(Uint32Array.of(0xffc00001, 0x7f800001).buffer));
  model.runSync({ x });
  const { data } = model.view('y');
  expect([...new Uint32Array(data.buffer as ArrayBuffer, data.byteOffset, 2)]).toEqual([0x7fc00000, 0x7fc00000]);
});

test('what has no view says so', async () => {
  const open = await createModel(
    graphOf({ inputs: { x: ['a', 'b'] }, nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }], outputs: ['y'] }),
  );
  expect(failure(() => open.view('x'))).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/no view of 'x': .* of the last run/),
  });
  open.runSync({ x: tensor([2, 3]) });
  expect(open.view('x').dims).toEqual([2, 3]);
  for (const name of ['z', 7, undefined] as string[]) expect(failure(() => open.view(name)).code).toBe('INVALID_INPUT');
  const typed = graphOf({
    inputs: { x: [1, 3] },
    nodes: [{ op: 'ArgMax', inputs: ['x'], outputs: ['i'], attributes: { axis: 1 } }],
    outputs: ['i'],
  });
  const whole = await createModel({ ...typed, outputs: [{ name: 'i', type: 'int64' }] });
  expect(failure(() => whole.view('i')).message).toMatch(/no view of 'i': inputs and float32 outputs/);
});

test('not while the model runs, nor from a worker whose memory is its own', async () => {
  const model = await createModel(graph(), { threads: 2 });
  const running = model.run(feeds());
  expect(failure(() => model.view('x')).message).toMatch(/the model is running/);
  await running;
  expect(model.view('x').dims).toEqual([1, 3, 9, 7]);
  model.dispose();
  const seen: string[] = [];
  const looks = defineOp({ name: 'Look', domain: 'own', run: () => void seen.push(failure(() => self.view('x')).message) });
  const self = await createModel(
    graphOf({ inputs: { x: [2] }, nodes: [{ op: 'Look', domain: 'own', inputs: ['x'], outputs: ['y'] }], outputs: ['y'] }),
    { operators: [looks] },
  );
  self.runSync({ x: tensor([2]) });
  expect(seen).toEqual([expect.stringMatching(/the model is running/)]);

  page.crossOriginIsolated = false;
  const { warn } = console;
  console.warn = () => {};
  try {
    const apart = await createModel(graph(), { worker: true });
    expect(failure(() => apart.view('x'))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/memory is not shared.*there are no views/),
    });
    await apart.run(feeds());
    expect(failure(() => apart.view('y')).code).toBe('UNSUPPORTED');
    apart.dispose();
  } finally {
    page.crossOriginIsolated = undefined;
    console.warn = warn;
  }
});

test('an output that fills the place of an input, where another output lies', async () => {
  const model = await createModel(
    graphOf({
      inputs: { h: [4] },
      nodes: [
        { op: 'Relu', inputs: ['h'], outputs: ['m'] },
        { op: 'Neg', inputs: ['m'], outputs: ['a'] },
        { op: 'Sqrt', inputs: ['m'], outputs: ['b'] },
      ],
      outputs: ['a', 'b'],
    }),
  );
  const [h, place] = [model.view('h'), model.view('b')];
  expect(place.data.byteOffset).toBe(h.data.byteOffset);
  const b = new Tensor(new Float32Array(4));
  model.runSync({ h: new Tensor('float32', [-1, 4, 9, 16]) }, { outputs: { a: h, b } });
  expect([[...b.data], [...h.data]]).toEqual([
    [0, 2, 3, 4],
    [-0, -4, -9, -16],
  ]);
});
