// Small files that ask for much: what they ask for is refused before it is computed. And what models rightly ask for is not.

import { type LoadOptions, load, Tensor } from '../src/index.ts';
import { encodeModel, type ModelSpec, type NodeSpec, type TensorSpec } from './formats/onnx-writer.ts';

const int64 = (name: string, data: readonly number[], dims: number[] = [data.length]): TensorSpec => ({
  name,
  type: 'int64',
  dims,
  data: data.map(BigInt),
});

const modelOf = (nodes: NodeSpec[], initializers: TensorSpec[], spec: Partial<ModelSpec> = {}): Uint8Array =>
  encodeModel({ inputs: [{ name: 'x', dims: [1] }], outputs: [{ name: 'y' }], nodes, initializers, ...spec });

const zeros = (name: string, shape: string, type: 'float32' | 'int64' | 'int8' = 'float32'): NodeSpec => ({
  op: 'ConstantOfShape',
  inputs: [shape],
  outputs: [name],
  attributes: { value: { tensor: { type, data: type === 'int64' ? [1n] : [1] } } },
});
const node = (op: string, inputs: string[], outputs: string[], attributes: NodeSpec['attributes'] = {}): NodeSpec => ({
  op,
  inputs,
  outputs,
  attributes,
});
const add = (name: string) => node('Add', ['x', name], ['y']);

const MB = 2 ** 20;

/** How the load ends, and how much more memory there is behind arrays then: what was computed last is still there. */
async function costOf(bytes: Uint8Array, options?: LoadOptions): Promise<{ code: string; held: number }> {
  const before = process.memoryUsage().arrayBuffers;
  const code = await load(bytes, options).then(
    () => 'loads',
    (error) => (error.name === 'LanewiseError' ? (error.code as string) : String(error)),
  );
  return { code, held: process.memoryUsage().arrayBuffers - before };
}

const costly: Record<string, Uint8Array> = {
  'a Range of 1e8': modelOf(
    [node('Range', ['a', 'b', 'c'], ['r']), node('Cast', ['r'], ['f'], { to: 1 }), add('f')],
    [int64('a', [0], []), int64('b', [10 ** 8], []), int64('c', [1], [])],
  ),
  'a shape computed by a Range': modelOf(
    [node('Range', ['a', 'b', 'c'], ['r']), node('Reshape', ['x', 'r'], ['y'])],
    [int64('a', [0], []), int64('b', [2_000_000], []), int64('c', [1], [])],
  ),
  'constants of 9e7': modelOf([zeros('c', 's'), node('Neg', ['c'], ['n']), add('n')], [int64('s', [9 * 10 ** 7])]),
  'many constants of 1e6': modelOf(
    [
      zeros('n0', 's'),
      ...Array.from({ length: 40 }, (_, i) => node('Neg', [`n${i}`], [`n${i + 1}`])),
      node('ReduceMax', ['n40'], ['m'], { keepdims: 0 }),
      add('m'),
    ],
    [int64('s', [10 ** 6])],
  ),
  'a product of constants': modelOf(
    [zeros('c', 's'), node('MatMul', ['c', 'c'], ['p']), node('ReduceMax', ['p'], ['m'], { keepdims: 0 }), add('m')],
    [int64('s', [1500, 1500])],
  ),
  'a product of bigints': modelOf(
    [
      zeros('c', 's', 'int64'),
      node('MatMul', ['c', 'c'], ['p']),
      node('ReduceMax', ['p'], ['m'], { keepdims: 0 }),
      node('Cast', ['m'], ['f'], { to: 1 }),
      add('f'),
    ],
    [int64('s', [400, 400])],
  ),
  'the indices of what is not 0': modelOf(
    [
      zeros('c', 's'),
      node('NonZero', ['c'], ['n']),
      node('Cast', ['n'], ['f'], { to: 1 }),
      node('ReduceMax', ['f'], ['m'], { keepdims: 0 }),
      add('m'),
    ],
    [int64('s', [6_000_000])],
  ),
  'a sorted constant': modelOf(
    [zeros('c', 's'), node('TopK', ['c', 'k'], ['t', 'i']), node('ReduceMax', ['t'], ['m'], { keepdims: 0 }), add('m')],
    [int64('s', [3_000_000]), int64('k', [1])],
  ),
  'a pool of whole numbers': modelOf(
    [
      zeros('c', 's', 'int8'),
      node('MaxPool', ['c'], ['p'], { kernel_shape: [900, 900], pads: [450, 450, 450, 450] }),
      node('Cast', ['p'], ['f'], { to: 1 }),
      node('ReduceMax', ['f'], ['m'], { keepdims: 0 }),
      add('m'),
    ],
    [int64('s', [1, 1, 1000, 1000])],
  ),
  'boxes that all are compared': modelOf(
    [
      zeros('b', 's'),
      zeros('c', 't'),
      node('NonMaxSuppression', ['b', 'c', 'k'], ['n']),
      node('Cast', ['n'], ['f'], { to: 1 }),
      node('ReduceMax', ['f'], ['m'], { keepdims: 0 }),
      add('m'),
    ],
    [int64('s', [1, 100_000, 4]), int64('t', [1, 1, 100_000]), int64('k', [100_000])],
  ),
  'a Resize to more than there may be': modelOf(
    [node('Resize', ['x', '', '', 's'], ['y'], { mode: 'linear' })],
    [int64('s', [1500, 500, 500])],
    {
      inputs: [{ name: 'x', dims: [1, 1, 1] }],
    },
  ),
};

test.each(Object.entries(costly))('%s is refused before it is computed', async (_, bytes) => {
  expect(bytes.length).toBeLessThan(4000);
  const { code, held } = await costOf(bytes);
  expect([code, held < 64 * MB]).toEqual([expect.stringMatching(/^(TOO_LARGE|INVALID_MODEL)$/), true]);
});

test('the error says what to do', async () => {
  await expect(load(costly['constants of 9e7'] as Uint8Array)).rejects.toMatchObject({
    code: 'TOO_LARGE',
    message:
      "ConstantOfShape 'ConstantOfShape_0': its output [90000000], with the constants before it, takes too long to compute for a file of this size: " +
      'store the result in the file, or raise option memoryLimit',
  });
});

test('a larger memoryLimit allows more, a smaller one no less than the file needs', async () => {
  const bytes = modelOf(
    [zeros('c', 's'), node('Neg', ['c'], ['n']), node('ReduceMax', ['n'], ['m'], { keepdims: 0 }), add('m')],
    [int64('s', [5_000_000])],
  );
  expect((await costOf(bytes)).code).toBe('TOO_LARGE');
  expect((await costOf(bytes, { memoryLimit: 2 ** 30 })).code).toBe('loads');
  // 20 MB, twice, and a number.
  expect((await costOf(bytes, { memoryLimit: 30 * MB })).code).toBe('TOO_LARGE');
});

test('weights that are converted on the way are in proportion to the file', async () => {
  const count = 300_000;
  const weights: TensorSpec = { name: 'w', type: 'int8', dims: [1000, count / 1000], data: new Int8Array(count).fill(3) };
  const nodes = [
    node('Cast', ['w'], ['f'], { to: 1 }),
    node('Sub', ['f', 'z'], ['d']),
    node('Mul', ['d', 'k'], ['e']),
    node('Transpose', ['e'], ['t'], { perm: [1, 0] }),
    node('MatMul', ['x', 't'], ['y']),
  ];
  const scale = (name: string, value: number): TensorSpec => ({ name, dims: [], data: [value] });
  const bytes = modelOf(nodes, [weights, scale('z', 1), scale('k', 0.5)], { inputs: [{ name: 'x', dims: [1, 300] }] });
  const model = await load(bytes, { memoryLimit: 2 * MB });
  const { y } = model.runSync({ x: new Tensor('float32', new Float32Array(300).fill(1), [1, 300]) });
  expect(y?.data.every((value) => value === 300)).toBe(true);
});

test('grids of a few hundred pixels a side are folded', async () => {
  const size = 640;
  const nodes = [
    node('Range', ['a', 'b', 'c'], ['r']),
    node('Cast', ['r'], ['f'], { to: 1 }),
    node('Expand', ['f', 's'], ['columns']),
    node('Transpose', ['columns'], ['rows'], { perm: [1, 0] }),
    node('Unsqueeze', ['columns', 'last'], ['u']),
    node('Unsqueeze', ['rows', 'last'], ['v']),
    node('Concat', ['u', 'v'], ['grid'], { axis: 2 }),
    node('Div', ['grid', 'd'], ['g']),
    node('Sub', ['g', 'one'], ['h']),
    node('Add', ['x', 'h'], ['y']),
  ];
  const scale = (name: string, value: number): TensorSpec => ({ name, dims: [], data: [value] });
  const bytes = modelOf(nodes, [
    int64('a', [0], []),
    int64('b', [size], []),
    int64('c', [1], []),
    int64('s', [size, size]),
    int64('last', [2]),
    scale('d', size / 2),
    scale('one', 1),
  ]);
  expect((await costOf(bytes)).code).toBe('loads');
});

test('what the host computes in a run counts as well', async () => {
  // 64-bit, so that the host adds; the run's shape decides how much that is.
  const bytes = encodeModel({
    inputs: [{ name: 'x', type: 'int64', dims: ['N', 'M'] }],
    outputs: [{ name: 'y' }],
    nodes: [node('Add', ['x', 'x'], ['y'])],
  });
  const count = 40_000;
  const run = async (memoryLimit: number) =>
    (await load(bytes, { memoryLimit })).runSync({ x: new Tensor('int64', new BigInt64Array(count), [1, count]) });
  await expect(run(2.5 * 8 * count)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  expect((await run(4 * 8 * count)).y?.dims).toEqual([1, count]);
});

test('what follows a size that only a run tells counts in all', async () => {
  const bytes = encodeModel({
    inputs: [{ name: 'x', dims: ['N'] }],
    outputs: [{ name: 'y' }],
    nodes: [
      node('NonZero', ['x'], ['n']),
      node('Expand', ['n', 's'], ['e']),
      node('Neg', ['e'], ['m']),
      node('ReduceMax', ['m'], ['y'], { keepdims: 0 }),
    ],
    initializers: [int64('s', [2000, 1])],
  });
  const x = new Tensor('float32', new Float32Array(100).fill(1), [100]);
  const run = async (memoryLimit: number) => (await load(bytes, { memoryLimit })).runSync({ x });
  expect((await run(10 * MB)).y?.data).toEqual(BigInt64Array.of(0n));
  // One of the two results fits, both do not.
  await expect(run(2 * MB)).rejects.toMatchObject({
    code: 'TOO_LARGE',
    message: expect.stringMatching(/its activations would take \d+,\d+,\d+ bytes, over the limit of 2,097,152 bytes/),
  });
});

test('long chains and wide graphs are planned', async () => {
  const many = 6000;
  const negs = (from: string, count: number) =>
    Array.from({ length: count }, (_, i) => node('Neg', [i === 0 ? from : `n${i - 1}`], [`n${i}`]));
  // One constant after the other: each is computed by those before it.
  const chain = modelOf([...negs('w', many), add(`n${many - 1}`)], [{ name: 'w', data: [3] }]);
  const model = await load(chain);
  expect(model.runSync({ x: new Tensor('float32', [1]) }).y?.data[0]).toBe(4);
  const parts = Array.from({ length: many }, (_, i) => `p${i}`);
  const wide = modelOf([...parts.map((name) => node('Neg', ['x'], [name])), node('Sum', parts, ['y'])], []);
  expect((await load(wide)).runSync({ x: new Tensor('float32', [1]) }).y?.data[0]).toBe(-many);
});
