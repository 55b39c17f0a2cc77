import { createHash } from 'node:crypto';
import {
  constant,
  conv2d,
  conv2dTranspose,
  dense,
  flatten,
  heNormal,
  heUniform,
  type Initializer,
  input,
  model,
  normal,
  ones,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from '../../src/layers/index.ts';

/** What an initialiser makes of a parameter with many elements. */
function filled(init: Initializer, { fanIn = 50, fanOut = 150, seed = 1, name = 'a.weight' } = {}): Float32Array {
  const data = new Float32Array(40_000);
  init(data, { name, dims: [data.length], fanIn, fanOut, seed });
  return data;
}

const moment = (data: Float32Array, power: number) => data.reduce((sum, x) => sum + x ** power, 0) / data.length;

test.each<[string, Initializer, number]>([
  ['heUniform', heUniform(), 2 / 50],
  ['heNormal', heNormal(), 2 / 50],
  ['heUniform with a gain', heUniform({ gain: 3 }), 18 / 50],
  ['xavierUniform', xavierUniform(), 2 / 200],
  ['xavierNormal', xavierNormal(), 2 / 200],
  ['xavierNormal with a gain', xavierNormal({ gain: 0.5 }), 0.5 / 200],
  ['uniform', uniform(0, 3), 3],
  ['normal', normal(0, 2), 4],
])('%s has its variance and the shape of its distribution', (name, init, variance) => {
  const data = filled(init);
  // 40,000 numbers: five times the deviation of their mean, and of the mean of their squares.
  expect(Math.abs(moment(data, 1))).toBeLessThan((5 * Math.sqrt(variance)) / 200);
  expect(moment(data, 2) / variance).toBeCloseTo(1, 1);
  // The kurtosis tells the two apart: 1.8 of a uniform distribution, 3 of a normal one.
  const kurtosis = moment(data, 4) / moment(data, 2) ** 2;
  if (/normal/i.test(name)) expect(Math.abs(kurtosis - 3)).toBeLessThan(0.15);
  else expect(Math.abs(kurtosis - 1.8)).toBeLessThan(0.05);
});

test('centres', () => {
  expect(moment(filled(uniform(5, 1)), 1)).toBeCloseTo(5, 1);
  expect(moment(filled(normal(-5, 1)), 1)).toBeCloseTo(-5, 1);
  expect(new Set(filled(constant(0.25)))).toEqual(new Set([0.25]));
  expect(new Set(filled(ones))).toEqual(new Set([1]));
  expect(new Set(filled(zeros))).toEqual(new Set([0]));
});

test('a seed of its own goes before the network’s; names make a difference', () => {
  const own = heNormal({ seed: 7 });
  expect(filled(own, { seed: 1 })).toEqual(filled(own, { seed: 2 }));
  expect(filled(own)).toEqual(filled(heNormal(), { seed: 7 }));
  expect(filled(own)).not.toEqual(filled(heNormal()));
  expect(filled(own, { name: 'b.weight' })).not.toEqual(filled(own));
});

test('the same bits everywhere: logarithms and roots included', () => {
  const hash = (data: Float32Array) => createHash('sha256').update(data).digest('hex').slice(0, 16);
  expect([heUniform(), heNormal()].map((init) => hash(filled(init)))).toEqual(['30ece60bc6e350c6', '895af9bb59bb561a']);
});

test('layers tell their fans', () => {
  const seen: [string, number, number][] = [];
  const init: Initializer = (_, { name, fanIn, fanOut }) => void seen.push([name, fanIn, fanOut]);
  const x = input([6, 8, 8]);
  const y = conv2d(x, 4, [3, 5], { groups: 2, weight: init, name: 'conv' });
  const z = conv2dTranspose(y, 10, 2, { groups: 2, weight: init, name: 'transposed' });
  const rows = conv2d(z, 1, [7, 5]);
  const net = model(x, rows);
  for (const parameter of net.parameters()) void parameter.data;
  const flat = input([12, 1, 1]);
  for (const { data } of model(flat, dense(flatten(flat), 3, { weight: init, name: 'dense' })).parameters()) void data;
  // Within a group a filter sees 3 channels, and a channel goes to 2 filters.
  expect(seen).toEqual([
    ['conv.weight', 3 * 15, 2 * 15],
    ['transposed.weight', 2 * 4, 5 * 4],
    ['dense.weight', 12, 3],
  ]);
});
