import { failure } from '../failure.ts';
import { functions } from '../reference/index.ts';
import { bothWays, expectBoth, floatTypes, rangeOf, signedTypes, tensor, wholeTypes } from './typed.ts';

const exact = ['Abs', 'Neg', 'Sqrt', 'Reciprocal', 'Floor', 'Ceil', 'Round', 'Sign'];
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const values = [0, -0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, -3.7, 1e-40, 7e8, 3e38, nan, inf, -inf].map(Math.fround);

test.each(exact)('%s: what is known and what is fed give the same', (op) => {
  for (const type of floatTypes) {
    const x = tensor(type, values);
    const [[known], [fed]] = bothWays({ op, inputs: [x] });
    expect(known).toEqual(fed);
    expect(known).toEqual(
      tensor(
        type,
        values.map((value) => functions[op]?.(value, {}) ?? nan),
      ),
    );
  }
});

test('whole numbers of every type', () => {
  for (const type of wholeTypes) {
    const [least, most] = rangeOf(type);
    expectBoth({ op: 'Abs', inputs: [tensor(type, [0, 3, most])] }, tensor(type, [0, 3, most]));
    expectBoth({ op: 'Sign', inputs: [tensor(type, [0, 3, most])] }, tensor(type, [0, 1, 1]));
    expectBoth({ op: 'Neg', inputs: [tensor(type, [0, 3, most])] }, tensor(type, [0, -3, -most]));
    if (!signedTypes.includes(type)) continue;
    // The least number has no counterpart: it stays.
    expectBoth({ op: 'Abs', inputs: [tensor(type, [-3, least])] }, tensor(type, [3, least]));
    expectBoth({ op: 'Neg', inputs: [tensor(type, [-3, least])] }, tensor(type, [3, least]));
    expectBoth({ op: 'Sign', inputs: [tensor(type, [-3, least])] }, tensor(type, [-1, -1]));
  }
});

test('what has no meaning for whole numbers says so', () => {
  for (const op of ['Sqrt', 'Reciprocal', 'Floor', 'Ceil', 'Round', 'Exp', 'Sigmoid', 'Tanh', 'Sin']) {
    expect(failure(() => bothWays({ op, inputs: [tensor('int64', [4])] })).code).toBe('UNSUPPORTED');
    expect(failure(() => bothWays({ op, inputs: [tensor('bool', [1])] })).code).toBe('UNSUPPORTED');
  }
});

test('attributes that make no sense', () => {
  const gelu = () => bothWays({ op: 'Gelu', opset: 20, attributes: { approximate: 'erf' }, inputs: [tensor('float32', [1])] });
  expect(failure(gelu).code).toBe('INVALID_MODEL');
  const leaky = () => bothWays({ op: 'LeakyRelu', attributes: { alpha: 'a' }, inputs: [tensor('float32', [1])] });
  expect(failure(leaky).code).toBe('INVALID_MODEL');
});
