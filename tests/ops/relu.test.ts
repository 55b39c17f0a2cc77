import { failure } from '../failure.ts';
import { bothWays, expectBoth, floatTypes, signedTypes, tensor, wholeTypes } from './typed.ts';

test('Relu of every type', () => {
  for (const type of signedTypes)
    expectBoth({ op: 'Relu', opset: 14, inputs: [tensor(type, [-100, -1, 0, 1, 127])] }, tensor(type, [0, 0, 0, 1, 127]));
  for (const type of floatTypes) {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    expectBoth({ op: 'Relu', inputs: [tensor(type, [-1.5, 0, 2.5, nan, inf, -inf])] }, tensor(type, [0, 0, 2.5, nan, inf, 0]));
  }
});

test('Clip of every type', () => {
  for (const type of wholeTypes) {
    const [x, low, high] = [tensor(type, [0, 2, 3, 50, 127]), tensor(type, [3], []), tensor(type, [60], [])];
    expectBoth({ op: 'Clip', inputs: [x, low, high] }, tensor(type, [3, 3, 3, 50, 60]));
    expectBoth({ op: 'Clip', inputs: [x, low] }, tensor(type, [3, 3, 3, 50, 127]));
    expectBoth({ op: 'Clip', inputs: [x, undefined, high] }, tensor(type, [0, 2, 3, 50, 60]));
    expectBoth({ op: 'Clip', inputs: [x, high, low] }, tensor(type, [3, 3, 3, 3, 3]));
    expectBoth({ op: 'Clip', inputs: [x] }, x);
  }
  const big = tensor('int64', [-(2n ** 62n), 2n ** 62n + 1n, 5n]);
  expectBoth({ op: 'Clip', inputs: [big, undefined, tensor('int64', [2n ** 62n], [])] }, tensor('int64', [-(2n ** 62n), 2n ** 62n, 5n]));
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  for (const type of floatTypes) {
    const inputs = [tensor(type, [nan, inf, -inf, 0.25]), tensor(type, [-1], []), tensor(type, [0.125], [])];
    expectBoth({ op: 'Clip', inputs }, tensor(type, [nan, 0.125, -1, 0.125]));
    expectBoth(
      { op: 'Clip', opset: 6, attributes: { min: -1, max: 0.125 }, inputs: inputs.slice(0, 1) },
      tensor(type, [nan, 0.125, -1, 0.125]),
    );
  }
});

test('limits that do not fit', () => {
  const x = tensor('float32', [1, 2]);
  for (const inputs of [
    [x, tensor('float32', [1, 2])],
    [x, tensor('int64', [1], [])],
    [x, tensor('float32', [], [0])],
  ]) {
    expect(failure(() => bothWays({ op: 'Clip', inputs })).code).toBe('INVALID_MODEL');
  }
  expect(failure(() => bothWays({ op: 'Clip', opset: 10, attributes: { min: 0 }, inputs: [tensor('int64', [1])] })).code).toBe(
    'INVALID_MODEL',
  );
});
