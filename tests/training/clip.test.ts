import { clipFactor } from '../../src/training/clip.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { difference, runTape } from './states.ts';
import { torchTests } from './torch.ts';

/** Not all of one scale; the last has more blocks than one. */
const gradients = [[1], [3], [2, 2], [5], [1, 17], [4097], [2, 3, 5, 7], [9, 4096]].map((dims, i) => random(dims, i + 1, -1, 1 + i));

const clipped = (given: readonly NdArray[], max: number): NdArray[] =>
  runTape((tape, input) => {
    const { factor, norm } = clipFactor(tape, given.map(input), max);
    return [factor, norm];
  });

function reference(given: readonly NdArray[], max: number): NdArray[] {
  const norm = Math.sqrt(given.reduce((sum, { data }) => data.reduce((part, x) => part + x * x, sum), 0));
  return [array([1], [Math.min(1, max / (norm + 1e-6))]), array([], [norm])];
}

test.each([0.5, 1e6])('at most %d', (max) => {
  for (let count = 1; count <= gradients.length; count++) {
    const given = gradients.slice(gradients.length - count);
    // Both are rounded once.
    expect(difference(clipped(given, max), reference(given, max))).toBeLessThan(2 ** -23);
  }
});

test('each gradient alone, and small ones', () => {
  for (const gradient of gradients) {
    const small = array(
      gradient.dims,
      gradient.data.map((x) => Math.fround(x * 1e-30)),
    );
    expect(difference(clipped([gradient], 0.25), reference([gradient], 0.25))).toBeLessThan(2 ** -23);
    expect(difference(clipped([small], 1), reference([small], 1))).toBeLessThan(2 ** -23);
  }
});

test('squares beyond float32, infinities and NaN', () => {
  const [factor, norm] = clipped([array([3], [3e30, 4e30, 0])], 1);
  expect(factor?.data[0]).toBeCloseTo(2e-31, 36);
  expect(norm?.data[0]).toBe(Math.fround(5e30));
  expect(clipped([array([2], [1, Number.POSITIVE_INFINITY])], 1).map(({ data }) => data[0])).toEqual([0, Number.POSITIVE_INFINITY]);
  expect(clipped([array([2], [1, Number.NaN])], 1).map(({ data }) => data[0])).toEqual([Number.NaN, Number.NaN]);
});

torchTests(
  'torch.nn.utils.clip_grad_norm_',
  [0.5, 10, 1e6].map((max) => ({
    name: `at most ${max}`,
    max,
    code: `
weights = [torch.nn.Parameter(v.clone()) for v in x]
for w in weights:
    w.grad = w.detach().clone()
norm = torch.nn.utils.clip_grad_norm_(weights, ${max})
(norm, *[w.grad for w in weights])`,
    inputs: gradients,
    constants: gradients.map((_, i) => i),
    type: 'float32' as const,
  })),
  ({ max, inputs }, { outputs: [norm, ...expected] }) => {
    const made = clipped(inputs, max);
    expect(difference([made[1]!], [norm!])).toBeLessThan(1e-6);
    const results = inputs.map(({ dims, data }) =>
      array(
        dims,
        data.map((x) => x * made[0]!.data[0]!),
      ),
    );
    expect(difference(results, expected)).toBeLessThan(1e-6);
  },
);
