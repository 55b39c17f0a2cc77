// Which binary a model gets is decided when it is loaded, for every shape that it may be run at: runSync could fetch no other.

import { jest } from '@jest/globals';

/** The binaries that were fetched. */
const fetched: string[] = [];
const { texts, given } = await import('../../src/binaries.ts');
const counted = Object.entries(texts ?? {}).map(([name, fetch]) => [
  name,
  () => {
    fetched.push(name);
    return fetch();
  },
]);
jest.unstable_mockModule('../../src/binaries.ts', () => ({ given, texts: Object.fromEntries(counted) }));
jest.resetModules();
const { branch, floats, list, modelOf } = await import('../control/graphs.ts');
const { conv2d, input, model, softmax } = await import('../../src/layers/index.ts');

/** A node's function of at most four elements, another's of more: a plan has one of the two. */
const either = (few: string, many: string) => ({
  inputs: [{ name: 'x', dims: ['n'] }],
  initializers: [{ name: 'most', type: 'int64' as const, dims: [1], data: [4] }],
  nodes: [
    { op: 'Shape', inputs: ['x'], outputs: ['n'] },
    { op: 'Greater', inputs: ['n', 'most'], outputs: ['longer'] },
    { op: 'Squeeze', inputs: ['longer'], outputs: ['long'] },
    {
      op: 'If',
      inputs: ['long'],
      outputs: ['y'],
      attributes: { then_branch: branch(many, ['x'], 'then_y'), else_branch: branch(few, ['x'], 'else_y') },
    },
  ],
  outputs: [{ name: 'y' }],
});

test('a plain network fetches the core alone', async () => {
  const x = input([3, 8, 8]);
  const { variant } = await model(x, softmax(conv2d(x, 4, 3, { padding: 1 }), { axis: 1 })).compile();
  expect([variant, fetched]).toEqual(['strict', ['strict']]);
});

test('a model whose second shape needs rarer kernels than its first runs by runSync', async () => {
  const spec = await modelOf(either('Relu', 'Softplus'), { winograd: false });
  expect(fetched).toEqual(['strict', 'strict-more']);
  expect(list(spec.runSync({ x: floats([-1, 2]) }).y)).toEqual([0, 2]);
  const kernels = (await spec.profile({ x: floats([-1, 2]) })).map(({ kernel }) => kernel);
  expect(kernels).toEqual(['f32_clamp']);
  const long = list(spec.runSync({ x: floats([0, 0, 0, 0, 0]) }).y);
  expect(long).toHaveLength(5);
  for (const y of long) expect(y).toBeCloseTo(Math.log(2), 6);
});
