// Layers that are applied several times, in one model or in two.

import { concat, conv2d, flatten, globalAvgPool2d, input, type LayersModel, model, relu, sequential } from '../../src/layers/index.ts';
import { failure } from '../failure.ts';
import { runGraph } from '../kernels/run.ts';
import { random } from '../reference/index.ts';

const names = (net: LayersModel) => net.parameters().map(({ name }) => name);
const layers = (net: LayersModel) => net.layers.map(({ name }) => name);

test('a layer that is applied twice has its weights once', () => {
  const [a, b] = [input([3, 4, 4], { name: 'a' }), input([3, 4, 4], { name: 'b' })];
  const shared = conv2d(2, 3, { name: 'shared' });
  const net = model([a, b], { ya: shared(a), yb: shared(b) });
  expect(names(net)).toEqual(['shared.weight', 'shared.bias']);
  const [first, second] = [random([1, 3, 4, 4], 1), random([1, 3, 4, 4], 2)];
  const [ya, yb] = runGraph(net.graph(), { a: first, b: second });
  const [zb, za] = runGraph(net.graph(), { a: second, b: first });
  expect([za?.data, zb?.data]).toEqual([ya?.data, yb?.data]);
  expect(ya?.data).not.toEqual(yb?.data);
});

test('it takes the same number of channels', () => {
  const shared = conv2d(2, 3, { name: 'shared' });
  shared(input([3, 4, 4]));
  expect(failure(() => shared(input([4, 4, 4]))).message).toBe(
    "conv2d 'conv2d_1' of [N, 4, 4, 4]: it was applied before, and has its weight of [2, 3, 3, 3], which here would be [2, 4, 3, 3]",
  );
});

test('a named sequential too', () => {
  const [left, right] = [input([3, 8, 8], { name: 'left' }), input([3, 8, 8], { name: 'right' })];
  const tower = sequential([conv2d(4, 3), relu, sequential([conv2d(2, 3, { name: 'last' })]), globalAvgPool2d, flatten], { name: 'tower' });
  const net = model([left, right], concat([tower(left), tower(right)]));
  expect(layers(net).slice(0, 5)).toEqual(['tower.0', 'tower.1', 'tower.2.last', 'tower.3', 'tower.4']);
  expect(layers(net).slice(5)).toEqual(['conv2d_1', 'relu_1', 'conv2d_2', 'globalAvgPool2d_1', 'flatten_1', 'concat_1']);
  expect(names(net)).toEqual(['tower.0.weight', 'tower.0.bias', 'tower.2.last.weight', 'tower.2.last.bias']);
});

test('weights whose first layer is in no model are called after the one that is', () => {
  const shared = conv2d(3, 1);
  shared(conv2d(input([3, 4, 4]), 3, 1));
  const x = input([3, 4, 4]);
  const net = model(x, conv2d(shared(x), 3, 1));
  expect(names(net)).toEqual(['conv2d_1.weight', 'conv2d_1.bias', 'conv2d_2.weight', 'conv2d_2.bias']);
  const named = conv2d(3, 1, { name: 'named' });
  named(input([3, 4, 4]));
  expect(names(model(x, named(x)))).toEqual(['named.weight', 'named.bias']);
});

test('weights of two models keep the name that they have in the first', () => {
  const shared = conv2d(3, 1);
  const [a, b] = [input([3, 4, 4]), input([3, 4, 4])];
  const first = model(a, shared(conv2d(a, 3, 1)));
  const second = model(b, conv2d(shared(b), 3, 1));
  expect(names(first)).toEqual(['conv2d_1.weight', 'conv2d_1.bias', 'conv2d_2.weight', 'conv2d_2.bias']);
  expect(layers(second)).toEqual(['conv2d_1', 'conv2d_3']);
  expect(names(second)).toEqual(['conv2d_2.weight', 'conv2d_2.bias', 'conv2d_3.weight', 'conv2d_3.bias']);
  expect(runGraph(second.graph(), { input: random([1, 3, 4, 4], 1) })[0]?.dims).toEqual([1, 3, 4, 4]);
});
