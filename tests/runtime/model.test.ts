import { OVERREAD, STATIC_BYTES } from '../../assembly/opcodes.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { planSource } from '../../src/load.ts';
import { programBytes } from '../../src/plan/program.ts';
import { failure } from '../failure.ts';
import { graphOf } from '../kernels/graph.ts';
import { eachVariant } from '../kernels/run.ts';
import { random } from '../reference/index.ts';
import { modelOf, ones, onlyOutput, picture, smallNetwork } from './models.ts';

const PAGE = 65536;

eachVariant((variant) => {
  const model = (...args: Parameters<typeof smallNetwork>) => modelOf(smallNetwork(...args), {}, variant);

  test('run and runSync give the same bits, every time', async () => {
    const network = model();
    const first = network.runSync({ picture: picture() });
    expect(Object.keys(first)).toEqual(['scores']);
    expect(first.scores?.dims).toEqual([1, 5]);
    expect(first.scores?.type).toBe('float32');
    expect(await network.run({ picture: picture() })).toEqual(first);
    expect(network.runSync({ picture: picture() })).toEqual(first);
    expect(model().runSync({ picture: picture() })).toEqual(first);
    expect(new Set(onlyOutput(first)).size).toBe(5);
  });

  test('batches of 1, 4 and 1 again: every picture gets the bits it gets alone', () => {
    const network = model();
    const alone = [1, 2, 3, 4].map((seed) => onlyOutput(network.runSync({ picture: picture(1, 6, 7, seed) })));
    const data = [1, 2, 3, 4].flatMap((seed) => Array.from(picture(1, 6, 7, seed).data, Number));
    const together = network.runSync({ picture: new Tensor('float32', data, [4, 3, 6, 7]) });
    expect(together.scores?.dims).toEqual([4, 5]);
    expect(onlyOutput(together)).toEqual(alone.flat());
    expect(onlyOutput(network.runSync({ picture: picture(1, 6, 7, 1) }))).toEqual(alone[0]);
  });

  test('sizes may change from run to run', () => {
    const network = model();
    for (const [height, width] of [
      [6, 7],
      [20, 30],
      [2, 2],
      [6, 7],
    ] as const) {
      const fresh = model().runSync({ picture: picture(1, height, width) });
      expect(network.runSync({ picture: picture(1, height, width) })).toEqual(fresh);
    }
  });
});

test('channels may change too, where the weights are fed', () => {
  const graph = graphOf({
    inputs: { x: [1, 'C', 5, 5], w: [4, 'C', 3, 3] },
    nodes: [{ op: 'Conv', inputs: ['x', 'w'], attributes: { pads: [1, 1, 1, 1] } }],
  });
  const network = modelOf(graph);
  for (const channels of [4, 64, 500, 4, 1]) {
    const outputs = onlyOutput(network.runSync({ x: ones([1, channels, 5, 5]), w: ones([4, channels, 3, 3]) }));
    // Padding is zeros, whatever lay there before.
    expect(outputs.slice(0, 7)).toEqual([4, 6, 6, 6, 4, 6, 9].map((taps) => taps * channels));
  }
});

test('an empty batch gives an empty result', () => {
  const { scores } = modelOf(smallNetwork()).runSync({ picture: picture(0) });
  expect(scores?.dims).toEqual([0, 5]);
  expect(scores?.data).toHaveLength(0);
});

describe('memory', () => {
  const graph = smallNetwork(['N', 3, 6, 7]);

  test('is known exactly before the first run and is the same after it', () => {
    const network = modelOf(graph);
    const before = network.memory;
    network.runSync({ picture: picture() });
    expect(network.memory).toEqual(before);

    const plan = planSource(graph, {}).plan(new Map([['picture', [1, 3, 6, 7]]]), new Map());
    const up = (bytes: number, unit: number) => Math.ceil(bytes / unit) * unit;
    const bytesIn = (region: string) =>
      plan.residents.reduce((sum, { buffer }) => sum + (buffer.region === region ? up(buffer.bytes, 64) : 0), 0);
    expect(before.activations).toBe(plan.arenaBytes + bytesIn('plan'));
    expect(before.weights).toBe(bytesIn('weights'));
    // The first bytes stay free; the program is rounded up like everything else.
    expect(before.total).toBe(up(STATIC_BYTES + before.weights + up(programBytes(plan.steps), 64) + before.activations + OVERREAD, PAGE));
  });

  test('is rounded up to whole pages, and no further', () => {
    let edges = 0;
    // Around the size at which one more byte takes one more page.
    for (let count = 16000; count < 16200; count++) {
      const sum = graphOf({ inputs: { x: [count] }, constants: { c: random([1], 1) }, nodes: [{ op: 'Add', inputs: ['x', 'c'] }] });
      const { steps } = planSource(sum, {}).plan(new Map([['x', [count]]]), new Map());
      // What stays free at the start, the constant, the program, the input, which the output takes the place of.
      const bytes = STATIC_BYTES + 64 + Math.ceil(programBytes(steps) / 64) * 64 + Math.ceil((count * 4) / 64) * 64 + OVERREAD;
      expect(modelOf(sum).memory.total).toBe(Math.ceil(bytes / PAGE) * PAGE);
      if (bytes % PAGE > 0 && bytes % PAGE <= OVERREAD) edges++;
    }
    expect(edges).toBeGreaterThan(0);
  });

  test('counts weights once, however many plans use them, and never shrinks', () => {
    const network = modelOf(graph);
    const small = network.memory;
    network.runSync({ picture: picture(200) });
    const large = network.memory;
    expect(large.weights).toBe(small.weights);
    expect(large.activations).toBeGreaterThan(100 * 3 * 42 * 4);
    expect(large.total).toBeGreaterThan(small.total);
    expect(large.total % PAGE).toBe(0);
    network.runSync({ picture: picture() });
    expect(network.memory).toEqual({ ...small, total: large.total });
  });

  test('is nothing yet where the sizes are open', () => {
    expect(modelOf(smallNetwork()).memory).toEqual({ weights: 0, activations: 0, total: 0 });
  });

  test('is known where inputShapes close the sizes', () => {
    const network = modelOf(smallNetwork(), { inputShapes: { picture: [2, 3, 6, 7] } });
    const before = network.memory;
    expect(before.activations).toBeGreaterThan(2 * 3 * 42 * 4);
    network.runSync({ picture: picture(2) });
    expect(network.memory).toEqual(before);
  });
});

test('outputs are the caller’s', () => {
  const network = modelOf(smallNetwork());
  const input = picture();
  const kept = input.data.slice();
  const first = network.runSync({ picture: input });
  const values = onlyOutput(first);
  first.scores?.data.fill(0 as never);
  const second = network.runSync({ picture: input });
  expect(onlyOutput(second)).toEqual(values);
  network.runSync({ picture: picture(50, 20, 20, 2) }); // Memory grows and is written anew.
  expect(onlyOutput(second)).toEqual(values);
  expect(onlyOutput(first)).toEqual([0, 0, 0, 0, 0]);
  expect(input.data).toEqual(kept);
});

test('an input that is an output, a constant that is an output, an output twice', () => {
  const graph = graphOf({
    inputs: { x: [3] },
    constants: { c: { name: 'c', type: 'float32', dims: [2], read: () => Float32Array.of(4, 5) } },
    nodes: [
      { op: 'Identity', inputs: ['x'], outputs: ['same'] },
      { op: 'Identity', inputs: ['c'], outputs: ['fixed'] },
      { op: 'Relu', inputs: ['x'], outputs: ['y'] },
      { op: 'Dropout', inputs: ['y'], outputs: ['z'] },
    ],
    outputs: ['same', 'fixed', 'y', 'z', 'x'],
  });
  const outputs = modelOf(graph).runSync({ x: new Tensor('float32', [1, -2, 3]) });
  const values = Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, [...data]]));
  expect(values).toEqual({ same: [1, -2, 3], fixed: [4, 5], y: [1, 0, 3], z: [1, 0, 3], x: [1, -2, 3] });
});

test('weights that cannot be read fail the run, not the ones after it', () => {
  let readable = false;
  const read = () => {
    if (!readable) throw new RangeError('not now');
    return Float32Array.of(5);
  };
  const constants = { c: { name: 'c', type: 'float32' as const, dims: [1], read } };
  const network = modelOf(graphOf({ inputs: { x: [1, 'N'] }, constants, nodes: [{ op: 'Add', inputs: ['x', 'c'] }] }));
  expect(() => network.runSync({ x: ones([1, 2]) })).toThrow('not now');
  readable = true;
  expect(onlyOutput(network.runSync({ x: ones([1, 2]) }))).toEqual([6, 6]);
});

test('models do not share memory', () => {
  const [a, b] = [modelOf(smallNetwork()), modelOf(smallNetwork())];
  const expected = onlyOutput(a.runSync({ picture: picture() }));
  b.runSync({ picture: picture(3, 9, 9, 5) });
  expect(onlyOutput(a.runSync({ picture: picture() }))).toEqual(expected);
  b.dispose();
  expect(onlyOutput(a.runSync({ picture: picture() }))).toEqual(expected);
});

test('disposed of, every call says so', async () => {
  const network = modelOf(smallNetwork());
  network.runSync({ picture: picture() });
  network.dispose();
  network.dispose();
  for (const call of [() => network.runSync({ picture: picture() }), () => network.profile({ picture: picture() }), () => network.memory]) {
    expect(failure(call)).toMatchObject({ code: 'DISPOSED', message: 'the model was disposed of' });
  }
  await expect(network.run({ picture: picture() })).rejects.toMatchObject({ code: 'DISPOSED' });
});

describe('plans', () => {
  test('are kept for the last eight shapes', () => {
    let plans = 0;
    const network = modelOf(smallNetwork(), {}, 'strict', () => plans++);
    const results = new Map<number, number[]>();
    const run = (height: number) => onlyOutput(network.runSync({ picture: picture(1, height) }));
    for (let height = 2; height < 10; height++) results.set(height, run(height));
    expect(plans).toBe(8);
    for (let height = 2; height < 10; height++) expect(run(height)).toEqual(results.get(height));
    expect(plans).toBe(8);
    run(2); // The oldest now is 3.
    run(10);
    expect(plans).toBe(9);
    expect(run(2)).toEqual(results.get(2));
    expect(plans).toBe(9);
    expect(run(3)).toEqual(results.get(3));
    expect(plans).toBe(10);
    for (let height = 11; height < 30; height++) run(height);
    expect(run(5)).toEqual(results.get(5));
  });

  test('are made at once where the shapes are known, and once', () => {
    let plans = 0;
    const network = modelOf(smallNetwork(['N', 3, 6, 7]), {}, 'strict', () => plans++);
    expect(plans).toBe(1);
    network.runSync({ picture: picture() });
    expect(plans).toBe(1);
  });

  test('follow the values of inputs that shape the network', () => {
    const graph = graphOf({ inputs: { x: [2, 6] }, nodes: [{ op: 'Reshape', inputs: ['x', 'shape'] }] });
    const shaped = { ...graph, inputs: [...graph.inputs, { name: 'shape', type: 'int64' as const, dims: ['rank'] }] };
    let plans = 0;
    const network = modelOf(shaped, {}, 'strict', () => plans++);
    const x = new Tensor('float32', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 6]);
    const run = (shape: number[]) => Object.values(network.runSync({ x, shape: new Tensor('int64', shape) }))[0];
    expect(run([3, 4])?.dims).toEqual([3, 4]);
    expect(run([4, -1])?.dims).toEqual([4, 3]);
    expect(run([0, 2, 3])?.dims).toEqual([2, 2, 3]);
    expect(run([3, 4])?.data).toEqual(x.data);
    expect(plans).toBe(3);
    expect(failure(() => run([5, -1])).message).toContain('[2, 6] does not reshape to [5, -1]');
  });
});

test('a profile has a row for every instruction and changes no result', () => {
  const network = modelOf(smallNetwork());
  const expected = network.runSync({ picture: picture() });
  const rows = network.profile({ picture: picture() });
  expect(rows.map(({ kernel }) => kernel)).toEqual([
    'f32_transpose_4x4',
    'f32_conv_igemm_4x8',
    'f32_maxpool_c4',
    'f32_avgpool_c4',
    'f32_gemv_1x16',
  ]);
  expect(rows.every(({ ms }) => ms >= 0)).toBe(true);
  expect(rows.map(({ macs }) => macs)).toEqual([0, 8 * 27 * 42, 0, 0, 40]);
  expect(network.runSync({ picture: picture() })).toEqual(expected);
});

test('a profile counts the work of a node once, however many instructions it takes', () => {
  const graph = graphOf({
    inputs: { a: [3, 2], b: [3, 4], c: [2, 1] },
    nodes: [{ op: 'Gemm', inputs: ['a', 'b', 'c'], attributes: { transA: 1 } }],
  });
  const rows = modelOf(graph).profile({ a: ones([3, 2]), b: ones([3, 4]), c: ones([2, 1]) });
  expect(rows.length).toBeGreaterThan(2);
  expect(rows.reduce((sum, { macs }) => sum + macs, 0)).toBe(2 * 3 * 4);
});

test.each(['float32', 'float64'] as const)('every NaN of an output has the same bits (%s)', (type) => {
  const graph = graphOf({ inputs: { x: { type, dims: [4] } }, nodes: [{ op: 'Mul', inputs: ['x', 'x'], outputs: ['y'] }] });
  const ArrayType = { float32: Float32Array, float64: Float64Array }[type];
  const words =
    type === 'float32' ? [0xffc00001, 0x7fc00000, 0x7f801234, 0x40000000] : [1, 0xfff80000, 0, 0x7ff80000, 9, 0x7ff00000, 0, 0x40000000];
  const x = new Tensor(type, new ArrayType(Uint32Array.from(words).buffer) as never, [4]);
  const y = modelOf(graph).runSync({ x }).y as Tensor;
  const quiet = type === 'float32' ? [0x7fc00000] : [0, 0x7ff80000];
  const four = type === 'float32' ? [0x40800000] : [0, 0x40100000];
  expect([...new Uint32Array(y.data.buffer)]).toEqual([...quiet, ...quiet, ...quiet, ...four]);
});
