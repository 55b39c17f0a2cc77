// What layers and models are given: at which places, of which types, and anything at all.

import { Tensor } from '../../src/graph/tensor.ts';
import * as layers from '../../src/layers/index.ts';
import {
  add,
  avgPool2d,
  concat,
  conv2d,
  dropout,
  gelu,
  type Initializer,
  input,
  type Layer,
  leakyRelu,
  maxPool2d,
  model,
  relu,
  type SymbolicTensor,
  sequential,
  uniform,
  upsample,
} from '../../src/layers/index.ts';
import { failure, withoutStacks } from '../failure.ts';
import { attempt } from '../junk.ts';

withoutStacks();

const x = input([4, 6, 5]);

test('options stand where an argument was left out', () => {
  expect(leakyRelu(x, { name: 'a' }).name).toBe('a');
  expect(dropout({ name: 'b' })(x).name).toBe('b');
  expect(leakyRelu(x, 0.2, { name: 'c' }).name).toBe('c');
  expect(leakyRelu(x, undefined, { name: 'd' }).name).toBe('d');
});

test('sequential takes layers, functions of layers, and blocks whose types need not be said', () => {
  const rest: Layer[] = [conv2d(3, 1), relu()];
  const trunk = sequential([leakyRelu, dropout, gelu, (y) => add(y, relu(y)), ...rest]);
  const y: SymbolicTensor = trunk(x);
  expect(y.dims).toEqual(['N', 3, 6, 5]);
});

test.each<[string, () => unknown, string]>([
  [
    'too many arguments',
    () => conv2d(x, 1, 2, 3 as never),
    'conv2d takes a symbolic tensor or none, 2 arguments and options, got [1, 2, 3]',
  ],
  ['a layer instead of a tensor', () => relu(relu as never), 'relu takes a symbolic tensor or none, and options, got [a function]'],
  ['no options', () => conv2d(1, 2, null as never), 'conv2d takes a symbolic tensor or none, 2 arguments and options, got [1, 2, null]'],
  [
    'an option misspelt, before it is applied',
    () => maxPool2d(2, { strides: 1 } as never),
    "maxPool2d has no option 'strides': did you mean 'stride'?",
  ],
  [
    'an option like no other',
    () => maxPool2d(2, { groups: 1 } as never),
    "maxPool2d has no option 'groups'; it has stride, padding, ceilMode, dilation, name",
  ],
  [
    'an option of no kind',
    () => maxPool2d(x, 2, { ceilMode: 'no' as never, name: 'p' }),
    "maxPool2d 'p' of [N, 4, 6, 5]: ceilMode is true or false, got 'no'",
  ],
  ['a name of no kind', () => conv2d(1, 1)(x, { name: 'a' } as never), 'conv2d: a name is a text, got an object'],
  [
    'tensors that are not in a list',
    () => concat(x as never, x as never),
    'concat takes a list of symbolic tensors, concat([a, b]), got an object',
  ],
  [
    'a list of no end',
    () => conv2d(x, 1, new Array(99).fill(1) as never, { name: 'c' }),
    "conv2d 'c' of [N, 4, 6, 5]: kernel takes a whole number from 1 on or [height, width], got [1, 1, 1, 1, 1, 1, 1, 1, ...]",
  ],
  [
    'numbers that are none',
    () => conv2d(x, 1, 1, { weight: ['1', 2, 3, 4] as never, name: 'c' }),
    "conv2d 'c' of [N, 4, 6, 5]: weight [1, 4, 1, 1] takes an initialiser or 4 numbers, got ['1', 2, 3, 4]",
  ],
  [
    'a number over float32',
    () => leakyRelu(x, 1e39, { name: 'a' }),
    "leakyRelu 'a' of [N, 4, 6, 5]: slope takes a finite number, got 1e+39",
  ],
  [
    'padding as large as the kernel',
    () => avgPool2d(x, [2, 3], { padding: 2, name: 'p' }),
    "avgPool2d 'p' of [N, 4, 6, 5]: padding is less than the kernel's [2, 3], got 2",
  ],
  ['a scale too small', () => upsample(x, [0.5, 0.1], { name: 'u' }), "upsample 'u' of [N, 4, 6, 5]: scale 0.1 leaves nothing of 5 pixels"],
  [
    'a size too large',
    () => layers.adaptiveAvgPool2d(x, [2 ** 30, 1]),
    "adaptiveAvgPool2d 'adaptiveAvgPool2d_1' of [N, 4, 6, 5]: from 6 to 1073741824 pixels takes ",
  ],
  [
    'a block that gives nothing',
    () => sequential([relu, () => undefined as never])(x),
    'what layer 1 of sequential gives is a symbolic tensor',
  ],
  ['a seed', () => uniform(0, 1, { seed: -1 }), 'seed takes a whole number from 0 on, got -1'],
  ['an input twice', () => model([x, x], relu(x)), "input 'input' is there twice"],
  ['prefixes of no kind', () => model(x, relu(x), { unusedWeights: 'aux' as never }), "unusedWeights takes a list of texts, got 'aux'"],
  [
    'no function of names',
    () => model(x, relu(x), { renameWeights: 'aux' as never }),
    "renameWeights takes a function of a name, got 'aux'",
  ],
])('%s', (_, run, message) => {
  expect(failure(run).message).toContain(message);
});

const circular: unknown[] = [];
circular.push(circular);
/** Two at a time, and so fewer than elsewhere. */
const junk: readonly unknown[] = [
  ...[Number.NaN, -1, 0, 1, 2, 1.5, 1e308, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53, 5n, '', 'x', '2', true, null, undefined],
  ...[{}, Object.create(null), { toString: 5 }, { length: 3 }, { length: -1 }, new Map(), new Date(Number.NaN), Symbol('s'), () => 1],
  ...[[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [Number.NaN, 1], ['1', 2], [Symbol('s'), 1], [undefined, null], new Array(3), circular],
  ...[x, relu, relu(), new Float32Array(4), new Tensor('float32', [1])],
];
const options = ['weight', 'bias', 'stride', 'padding', 'dilation', 'groups', 'multiplier', 'outputPadding', 'ceilMode', 'countIncludePad'];
options.push('epsilon', 'runningMean', 'runningVar', 'size', 'alpha', 'beta', 'approximate', 'axis', 'mode', 'value', 'alignCorners');
options.push('name', 'seed', 'gain', 'batch', 'unusedWeights', 'renameWeights');

const { zeros: _, ones: __, ...functions } = layers;
const initialisers = ['constant', 'uniform', 'normal', 'heUniform', 'heNormal', 'xavierUniform', 'xavierNormal'];

test.each(Object.entries(functions))('%s takes anything, or says what it does not take', (name, made) => {
  const call = made as (...args: unknown[]) => unknown;
  /** What comes out is used, so that it looks at everything. */
  const tried = (...args: unknown[]) => {
    attempt(() => call(x, ...args));
    attempt(() => {
      const result = call(...args);
      if (initialisers.includes(name)) model(x, conv2d(x, 2, 3, { weight: result as Initializer })).parameters()[0]?.data;
      else if (typeof result === 'function') result(x, args[0]);
    });
  };
  for (const a of junk) {
    tried(a);
    attempt(() => call([x, a], a));
    for (const b of junk) tried(a, b);
    for (const b of [null, {}, 1, x]) for (const c of [1, 2, a]) tried(c, a, b);
    for (const key of options) for (const more of [[], [1], [2, 2]]) tried(...more, { [key]: a });
  }
});
