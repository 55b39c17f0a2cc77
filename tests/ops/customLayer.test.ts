// Custom operators as definitions and as layers, applied to symbolic tensors of this test's own.

import type { Constant } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { defineOp as exported } from '../../src/index.ts';
import { APPLY, type Applicable, type CustomOperator, defineOp } from '../../src/ops/custom.ts';
import { failure } from '../failure.ts';

/** Remembers how it was made. */
class Symbolic implements Applicable {
  readonly label: string;
  readonly made: Parameters<Applicable[typeof APPLY]> | undefined;

  constructor(label: string, made?: Parameters<Applicable[typeof APPLY]>) {
    this.label = label;
    this.made = made;
  }

  [APPLY](...made: Parameters<Applicable[typeof APPLY]>): Symbolic[] {
    return Array.from({ length: made[0].operator.outputs?.[1] ?? 1 }, (_, i) => new Symbolic(`${made[0].name}:${i}`, made));
  }
}

const [x, z] = [new Symbolic('x'), new Symbolic('z')];

const swirl = defineOp({
  name: 'Swirl',
  domain: 'my.ops',
  attributes: {
    strength: { type: 'float', default: 1 },
    radii: { type: 'ints', default: [1] },
    kernel: { type: 'tensor', default: new Tensor('float32', [1]) },
  },
  run() {},
});

const merge = defineOp({
  name: 'Merge',
  domain: 'my.ops',
  attributes: { mode: { type: 'string' } },
  inputs: [2, 3],
  outputs: 2,
  inferShape: ([a]) => [a, a].map((shape) => ({ dims: shape?.dims ?? [] })),
  run() {},
});

test('a definition tells what it is', () => {
  expect(exported).toBe(defineOp);
  expect([swirl.name, swirl.domain]).toEqual(['Swirl', 'my.ops']);
  expect(swirl.attributeKinds).toEqual({ strength: 'float', radii: 'ints', kernel: 'tensor' });
  expect(merge.operator).toMatchObject({ name: 'Merge', inputs: [2, 3] });
  for (const domain of ['', 'ai.onnx']) expect(defineOp({ name: 'Relu', domain, run() {} }).domain).toBe('');
  const operators: CustomOperator[] = [swirl, merge];
  expect(operators).toHaveLength(2);
});

describe('as a layer', () => {
  test('applied at once', () => {
    const y: Symbolic = swirl(x, { strength: 2, name: 'swirl1' });
    expect(y.made).toEqual([swirl, [x], { strength: 2 }, 'swirl1']);
    expect(swirl(x).made).toEqual([swirl, [x], {}, undefined]);
    // As `sequential` applies what it gets.
    expect(swirl(x, 'features.0').made).toEqual([swirl, [x], {}, 'features.0']);
    expect(swirl([x], { strength: undefined } as never).made).toEqual([swirl, [x], {}, undefined]);
  });

  test('of several inputs and outputs', () => {
    const results: Symbolic[] = merge([x, z], { mode: 'max' });
    expect(results.map(({ label }) => label)).toEqual(['Merge:0', 'Merge:1']);
    expect(results[1]?.made).toEqual([merge, [x, z], { mode: 'max' }, undefined]);
  });

  test('applied twice, its name goes to the first', () => {
    const layer = swirl({ name: 'swirl1' });
    expect([layer(x), layer(z), layer(x, 'block')].map((y) => y.made?.[3])).toEqual(['swirl1', undefined, 'block.swirl1']);
  });

  test('applied later', () => {
    const [plain, strong] = [swirl(), swirl({ strength: 2, name: 'own' })];
    expect(plain(x).made).toEqual([swirl, [x], {}, undefined]);
    expect(plain(x, 'features.0').made).toEqual([swirl, [x], {}, 'features.0']);
    expect(strong(x).made).toEqual([swirl, [x], { strength: 2 }, 'own']);
    const named: Symbolic = strong(x, 'features');
    expect(named.made).toEqual([swirl, [x], { strength: 2 }, 'features.own']);
    expect([plain.label, strong.label]).toEqual([undefined, 'own']);
    const several: Symbolic[] = merge({ mode: 'min' })([x, z]);
    expect(several[0]?.made?.[2]).toEqual({ mode: 'min' });
  });

  test('lists and tensors are attributes as graphs have them, and copied', () => {
    const radii = [1, 2];
    const attributes = swirl(x, { radii, kernel: new Tensor('int64', [5n, 6n], [2, 1]) }).made?.[2] ?? {};
    radii[0] = 9;
    expect(attributes).toEqual({ radii: [1, 2], kernel: { name: '', type: 'int64', dims: [2, 1], read: expect.any(Function) } });
    expect((attributes.kernel as Constant).read()).toEqual(BigInt64Array.of(5n, 6n));
  });

  test.each<[string, () => unknown, string]>([
    ['a number', () => swirl(3 as never), 'my.ops.Swirl: its inputs are symbolic tensors, what input() and layers give'],
    ['null', () => swirl(null as never), 'my.ops.Swirl: its inputs are symbolic tensors, what input() and layers give'],
    [
      'nothing, with attributes',
      () => swirl(undefined as never, {}),
      'my.ops.Swirl: its inputs are symbolic tensors, what input() and layers give',
    ],
    [
      'a layer that was not applied',
      () => swirl(swirl() as never),
      'my.ops.Swirl: its inputs are symbolic tensors, what input() and layers give',
    ],
    [
      'a list with a gap',
      () => merge([x, undefined] as never, { mode: '' }),
      'my.ops.Merge: its inputs are symbolic tensors, what input() and layers give',
    ],
    [
      'a list of empty places',
      () => merge(new Array(2), { mode: '' }),
      'my.ops.Merge: its inputs are symbolic tensors, what input() and layers give',
    ],
    ['a number for attributes', () => swirl(x, 5 as never), 'the options of my.ops.Swirl are an object, got 5'],
    ['too few inputs', () => merge(x, { mode: '' }), 'my.ops.Merge: it takes 2 to 3 inputs, got 1'],
    ['too many inputs', () => swirl([x, z]), 'my.ops.Swirl: it takes 1 input, got 2'],
    ['no inputs', () => swirl([] as Symbolic[]), 'my.ops.Swirl: it takes 1 input, got 0'],
    [
      'attributes that it does not have',
      () => swirl(x, { strenght: 2 } as never),
      "my.ops.Swirl has no option 'strenght': did you mean 'strength'?",
    ],
    [
      "a property of every object's",
      () => swirl(x, { toString: 2 } as never),
      "my.ops.Swirl has no option 'toString'; it has strength, radii, kernel, name",
    ],
    [
      'a tensor that is none',
      () => swirl(x, { kernel: { type: 'float32', data: [1], dims: [2] } as never }),
      'a float32 tensor of [2] holds 2 elements, got 1',
    ],
  ])('%s', (_, apply, message) => {
    expect(failure(apply)).toMatchObject({ code: 'INVALID_INPUT', message });
  });
});

test.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /^defineOp of undefined: a name and a domain are texts/],
  ['null', null, /a name and a domain are texts/],
  ['no name', { domain: 'my.ops', run() {} }, /a name and a domain/],
  ['an empty name', { name: '', domain: 'my.ops', run() {} }, /a name and a domain/],
  ['no domain', { name: 'A', run() {} }, /^defineOp of 'A': a name and a domain/],
  ['no run', { name: 'A', domain: 'my.ops' }, /run is a function/],
  ['an inferShape that is none', { name: 'A', domain: '', run() {}, inferShape: [1] }, /inferShape is a function/],
  ['two outputs and no inferShape', { name: 'A', domain: '', run() {}, outputs: 2 }, /inferShape is a function/],
  ['no inputs', { name: 'A', domain: '', run() {}, inputs: 0 }, /whole numbers from 1 on/],
  ['half an input', { name: 'A', domain: '', run() {}, inputs: 1.5 }, /whole numbers from 1 on/],
  ['NaN outputs', { name: 'A', domain: '', run() {}, outputs: Number.NaN }, /whole numbers from 1 on/],
  ['inputs backwards', { name: 'A', domain: '', run() {}, inputs: [2, 1] }, /whole numbers from 1 on/],
  ['inputs of another kind', { name: 'A', domain: '', run() {}, inputs: 'two' }, /whole numbers from 1 on/],
  ['a list that is too short', { name: 'A', domain: '', run() {}, outputs: [1] }, /whole numbers from 1 on/],
  ['attributes that are none', { name: 'A', domain: '', run() {}, attributes: 3 }, /attributes are an object/],
  ['null for attributes', { name: 'A', domain: '', run() {}, attributes: null }, /attributes are an object/],
  [
    'an attribute without a type',
    { name: 'A', domain: '', run() {}, attributes: { a: {} } },
    /attribute 'a' needs a type: int, float, string/,
  ],
  [
    'an attribute of an unknown type',
    { name: 'A', domain: '', run() {}, attributes: { a: { type: 'valueOf' } } },
    /attribute 'a' needs a type/,
  ],
  ['null for an attribute', { name: 'A', domain: '', run() {}, attributes: { a: null } }, /attribute 'a' needs a type/],
  ['an attribute called name', { name: 'A', domain: '', run() {}, attributes: { name: { type: 'int' } } }, /cannot be called 'name'/],
  [
    'a default of another kind',
    { name: 'A', domain: '', run() {}, attributes: { a: { type: 'int', default: 1.5 } } },
    /the default of 'a' is not a whole/,
  ],
  [
    'a null default',
    { name: 'A', domain: '', run() {}, attributes: { a: { type: 'tensor', default: null } } },
    /the default of 'a' is not a tensor/,
  ],
  [
    'a default over float32',
    { name: 'A', domain: '', run() {}, attributes: { a: { type: 'float', default: 1e39 } } },
    /not a finite number/,
  ],
  [
    'a misspelt function',
    { name: 'A', domain: '', run() {}, infershape() {} },
    /^defineOp has no option 'infershape': did you mean 'inferShape'\?$/,
  ],
  [
    'a misspelt default',
    { name: 'A', domain: '', run() {}, attributes: { a: { type: 'int', defualt: 1 } } },
    /attribute 'a' has no option 'defualt'/,
  ],
  [
    'a list with a hole',
    { name: 'A', domain: '', run() {}, attributes: { a: { type: 'ints', default: new Array(2) } } },
    /not a list of whole/,
  ],
])('a definition with %s is refused', (_, definition, message) => {
  const error = failure(() => defineOp(definition as never));
  expect(error.code).toBe('INVALID_INPUT');
  expect(error.message).toMatch(message);
});
