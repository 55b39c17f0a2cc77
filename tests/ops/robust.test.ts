// Nodes at random, right ones and wrong ones: whatever they hold, there is a result, or a LanewiseError that says what is wrong and where.
// FUZZ_SEED and FUZZ_RUNS (nodes per test, instead of a few for each operator) look elsewhere and longer.

import fc from 'fast-check';
import { addOperators } from '../../src/compiler/operators.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { createModel } from '../../src/load.ts';
import { withoutStacks } from '../failure.ts';
import { float32, type GraphSpec, graphOf, int64 } from '../kernels/graph.ts';
import { array } from '../reference/index.ts';
import { Choices, type RandomNode } from './choices.ts';
import { spoil } from './hostile.ts';
import { operatorNames, plausibleNode } from './nodes.ts';
import { all, complaint, difference, LIMIT, outcomeOf, watchedRun } from './outcome.ts';

withoutStacks();

const operators = addOperators();

const seed = Number(process.env.FUZZ_SEED ?? 1);
const runs = (perOperator: number) => Number(process.env.FUZZ_RUNS ?? perOperator * operatorNames.length);

/** A node of each operator in turn, as fast-check draws them, so that a failure shrinks. */
const nodes = (spoiled: boolean) =>
  fc.gen().map((g) => {
    const choices = new Choices((min, max) => g(fc.integer, { min, max }));
    const node = plausibleNode(choices.of(operatorNames), choices);
    return spoiled ? spoil(node, choices) : node;
  });

/** Nothing takes longer, on a machine that is busy with other tests. */
const MOST_MS = 3000;

async function timed<T>(run: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await run();
  expect(performance.now() - start).toBeLessThan(MOST_MS);
  return result;
}

const text = (node: RandomNode): string =>
  JSON.stringify(node, (_, value) =>
    typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)) ? String(value) : value,
  );

test('a node that is wrong somewhere gives an error that names it, or a result', async () => {
  let refused = 0;
  const property = fc.asyncProperty(nodes(true), async (node) => {
    const outcome = await timed(() => outcomeOf(node));
    if ('code' in outcome) refused++;
    expect([text(node), complaint(outcome)]).toEqual([text(node), undefined]);
  });
  await fc.assert(property, { seed, numRuns: runs(15) });
  expect(refused).toBeGreaterThan(runs(15) / 4);
}, 600_000);

test('inputs that are fed, constant or channels-last give the same', async () => {
  const ran = new Set<string>();
  const property = fc.asyncProperty(nodes(false), async (node) => {
    const fed = await timed(() => outcomeOf(all(node, 'fed')));
    const constant = await timed(() => outcomeOf(all(node, 'constant')));
    const last = await timed(() => outcomeOf(all(node, 'fed'), true));
    const differences = [difference(fed, constant, 1e-5), difference(fed, last, 1e-5)];
    if ('tensors' in last) {
      const watched = await watchedRun(all(node, 'fed'), true);
      if (watched) differences.push(difference({ tensors: watched }, last, 0));
      ran.add(node.op);
    }
    expect([text(node), ...differences.filter(Boolean)]).toEqual([text(node)]);
  });
  await fc.assert(property, { seed, numRuns: runs(6) });
  // Else the nodes are not what they should be.
  expect(ran.size).toBeGreaterThan(operators.size * 0.9);
}, 600_000);

/** What graphs ask for that would take more than there is, and how each is told. */
const wide = 2 ** 30;
test.each<[string, GraphSpec, string]>([
  [
    'a linear Resize of very many rows',
    { inputs: { x: [1, 2] }, constants: { s: int64('s', [1, 5_000_000]) }, nodes: [resize('linear')] },
    'a table of 10000000 rows',
  ],
  ['a nearest Resize', { inputs: { x: [1, 2] }, constants: { s: int64('s', [1, wide]) }, nodes: [resize('nearest')] }, 'rows'],
  [
    'a Resize of nothing to something',
    { inputs: { x: [1, 0] }, constants: { s: int64('s', [1, 3]) }, nodes: [resize('nearest')] },
    'cannot be resized by Infinity',
  ],
  [
    'Pad by the edge',
    {
      inputs: { x: [2] },
      constants: { p: int64('p', [0, wide]) },
      nodes: [{ op: 'Pad', inputs: ['x', 'p'], attributes: { mode: 'edge' } }],
    },
    'rows',
  ],
  [
    'Split into very many parts',
    { opset: 18, inputs: { x: [4] }, nodes: [{ op: 'Split', inputs: ['x'], attributes: { num_outputs: 2 ** 31 } }] },
    'num_outputs is 2147483648 for 1 outputs',
  ],
  ['MatMul of very many matrices', { inputs: { x: [5000, 1, 1], y: [5000, 1, 1] }, nodes: [{ op: 'MatMul', inputs: ['x', 'y'] }] }, '5000'],
  [
    'ConstantOfShape',
    {
      inputs: { x: [1] },
      constants: { s: int64('s', [2 ** 25, 2 ** 25]) },
      nodes: [
        { op: 'ConstantOfShape', inputs: ['s'], outputs: ['c'] },
        { op: 'Add', inputs: ['x', 'c'] },
      ],
    },
    'would take',
  ],
  [
    'more dimensions than the kernels loop over',
    {
      inputs: { x: new Array<number>(12).fill(2) },
      nodes: [{ op: 'Transpose', inputs: ['x'], attributes: { perm: [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10] } }],
    },
    "node 'Transpose_0': loops over 12 dimensions",
  ],
])('refused in a moment: %s', async (_, spec, message) => {
  const start = performance.now();
  await expect(createModel(graphOf(spec), { memoryLimit: 2 ** 33 })).rejects.toMatchObject({
    name: 'LanewiseError',
    message: expect.stringContaining(message),
  });
  expect(performance.now() - start).toBeLessThan(MOST_MS);
});

function resize(mode: string) {
  return { op: 'Resize', inputs: ['x', '', '', 's'], attributes: { mode } };
}

test('sizes that only a run tells are checked against the limit as well', async () => {
  const spec: GraphSpec = {
    inputs: { x: [2] },
    constants: { k: int64('k', [10 ** 11]), one: int64('one', [1]), zero: int64('zero', [0]) },
    nodes: [
      { op: 'NonZero', inputs: ['x'], outputs: ['n'] },
      { op: 'Mul', inputs: ['n', 'k'], outputs: ['m'] },
      { op: 'Range', inputs: ['zero', 'm', 'one'] },
    ],
  };
  const model = await createModel(graphOf(spec));
  expect(() => model.runSync({ x: new Tensor('float32', [0, 1], [2]) })).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
});

test('a wide Resize is as many rows as it says', async () => {
  const spec = { inputs: { x: [1, 2] }, constants: { s: int64('s', [1, 200_000]) }, nodes: [resize('linear')] };
  const model = await createModel(graphOf(spec));
  const [y] = Object.values(model.runSync({ x: new Tensor('float32', [0, 1], [1, 2]) })) as [Tensor];
  expect([y.dims, y.data[0], y.data[100_000], y.data[199_999]]).toEqual([[1, 200_000], 0, expect.closeTo(0.5, 4), 1]);
});

test('many constant matrices are read once', async () => {
  let reads = 0;
  const read = () => {
    reads++;
    return new Float32Array(512 * 6).fill(1);
  };
  const weights = { ...float32('w', array([512, 2, 3])), read };
  const spec = { inputs: { x: [512, 1, 2] }, constants: { w: weights }, nodes: [{ op: 'MatMul', inputs: ['x', 'w'] }] };
  const model = await createModel(graphOf(spec));
  const x = new Tensor(
    'float32',
    new Float32Array(1024).map((_, i) => i >> 1),
    [512, 1, 2],
  );
  const [y] = Object.values(model.runSync({ x })) as [Tensor<'float32'>];
  expect([...y.data.subarray(-4)]).toEqual([1020, 1022, 1022, 1022]);
  expect(reads).toBe(1);
});

test('a model whose inputs change their shape with every run takes no more memory', async () => {
  const spec = {
    inputs: { x: [1, 3, 'H', 'W'] },
    constants: { w: array([4, 3, 3, 3]), s: array([4], [1, 1, 1.5, 1.5]) },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['a'] },
      { op: 'Resize', inputs: ['a', '', 's'], attributes: { mode: 'linear' } },
    ],
  };
  const model = await createModel(graphOf(spec), { memoryLimit: LIMIT });
  const run = (i: number) => {
    const dims = [1, 3, 8 + (i % 10), 9];
    model.runSync({ x: new Tensor('float32', new Float32Array(27 * (8 + (i % 10))), dims) });
    return model.memory.total;
  };
  const first = Math.max(...Array.from({ length: 10 }, (_, i) => run(i)));
  for (let i = 0; i < 500; i++) run(i);
  expect(run(0)).toBe(first);
});

test.each(['__proto__', 'constructor', 'toString'])('an output may be called %s', async (name) => {
  for (const op of ['Relu', 'NonZero']) {
    const model = await createModel(graphOf({ inputs: { x: [2] }, nodes: [{ op, inputs: ['x'], outputs: [name] }], outputs: [name] }));
    const results = model.runSync({ x: new Tensor('float32', [-1, 0], [2]) });
    expect(Object.entries(results).map(([key, { dims }]) => [key, ...dims])).toEqual([op === 'Relu' ? [name, 2] : [name, 1, 1]]);
  }
});

test('outputs that nothing computes, or that are the same', async () => {
  const results = async (spec: GraphSpec) => {
    const model = await createModel(graphOf(spec));
    return Object.entries(model.runSync({ x: new Tensor('float32', [-1, 2], [2]) })).map(([name, { data }]) => [name, ...data]);
  };
  const relu = [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }];
  expect(await results({ inputs: { x: [2] }, nodes: relu, outputs: ['x', 'y'] })).toEqual([
    ['x', -1, 2],
    ['y', 0, 2],
  ]);
  expect(await results({ inputs: { x: [2] }, constants: { c: array([1], [7]) }, nodes: relu, outputs: ['c', 'y', 'y'] })).toEqual([
    ['c', 7],
    ['y', 0, 2],
  ]);
  expect(await results({ inputs: { x: [2] }, nodes: relu, outputs: [] })).toEqual([]);
});
