// Attributes at their extremes: the largest int64, which stands for the end, and infinities.

import { failure } from '../failure.ts';
import { bothWays, expectBoth, tensor } from './typed.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
const x = tensor('float32', [0, 1, 2, 3, 4, 5], [2, 3]);

test.each([
  [{ axes: [1], starts: [1], ends: [most] }, [1, 2, 4, 5], [2, 2]],
  [{ axes: [0, 1], starts: [least, -1], ends: [most, most] }, [2, 5], [2, 1]],
  [{ axes: [1], starts: [most], ends: [most] }, [], [2, 0]],
  [{ axes: [1], starts: [least], ends: [least] }, [], [2, 0]],
  [{ starts: [1n, 2n ** 60n], ends: [2n ** 53n, 2n ** 60n] }, [], [1, 0]],
])('Slice of opset 9 with %o', (attributes, values, dims) => {
  // A reader gives bigints where a list holds a number that is not exact.
  const lists = Object.fromEntries(
    Object.entries(attributes).map(([name, list]) => [name, name === 'axes' ? list.map(Number) : list.map(BigInt)]),
  );
  expectBoth({ op: 'Slice', opset: 9, attributes: lists, inputs: [x] }, tensor('float32', values, dims));
});

test('Shape up to the largest int64', () => {
  expectBoth({ op: 'Shape', opset: 15, attributes: { start: 1, end: most }, inputs: [x] }, tensor('int64', [3]));
  expectBoth({ op: 'Shape', opset: 15, attributes: { start: least, end: -1 }, inputs: [x] }, tensor('int64', [2]));
});

test('where nothing is clamped, a number that is not exact is refused', () => {
  expect(failure(() => bothWays({ op: 'Flatten', attributes: { axis: most }, inputs: [x] })).message).toContain('is not a whole number');
  const split = { op: 'Split', opset: 11, attributes: { split: [most, -most] }, inputs: [x], outputs: 2 };
  expect(failure(() => bothWays(split)).message).toContain('is not a list of whole numbers');
});

test('Pad with infinities, NaN and -0', () => {
  const one = tensor('float32', [1]);
  for (const value of [inf, -inf, nan, -0]) {
    const expected = tensor('float32', [value, 1, value]);
    expectBoth({ op: 'Pad', opset: 10, attributes: { pads: [1, 1], value }, inputs: [one] }, expected);
    const inputs = [one, tensor('int64', [1, 1]), tensor('float32', [value], [])];
    expectBoth({ op: 'Pad', inputs, constants: [1, 2] }, expected);
    expectBoth({ op: 'Pad', inputs, constants: [1] }, expected);
  }
  for (const value of [nan, 1]) {
    const node = { op: 'Pad', opset: 10, attributes: { pads: [1, 1], value }, inputs: [tensor('int64', [1])] };
    expect(failure(() => bothWays(node)).message).toContain('a value of int64 up to opset 10');
  }
});

test('Clip between infinities', () => {
  const wide = tensor('float32', [-inf, -3e38, 0, inf, nan]);
  const clip = (attributes: Record<string, number>) => ({ op: 'Clip', opset: 6, attributes, inputs: [wide] });
  expectBoth(clip({ min: -inf, max: inf }), wide);
  expectBoth(clip({ min: 0, max: inf }), tensor('float32', [0, 0, 0, inf, nan]));
  expectBoth(clip({ min: inf, max: inf }), tensor('float32', [inf, inf, inf, inf, nan]));
  expect(failure(() => bothWays(clip({ min: nan }))).message).toBe("Clip 'Clip_0': a limit of NaN is not supported");
});

test('Resize outside its region with an infinity', () => {
  const attributes = { mode: 'nearest', coordinate_transformation_mode: 'tf_crop_and_resize', extrapolation_value: -inf };
  const inputs = [tensor('float32', [1, 2]), tensor('float32', [0, 2]), undefined, tensor('int64', [3])];
  expectBoth(
    { op: 'Resize', attributes, inputs, constants: [1, 3] },
    tensor(
      'float32',
      [1, 2, -inf].map((v, i) => (i === 1 ? 2 : v)),
    ),
  );
});

test('other floats are finite', () => {
  expect(failure(() => bothWays({ op: 'Elu', attributes: { alpha: inf }, inputs: [x] })).message).toContain('is not a finite number');
});

test('Reshape by an int32 shape, as onnxruntime takes it', () => {
  expectBoth({ op: 'Reshape', inputs: [x, tensor('int32', [3, -1])], constants: [1] }, tensor('float32', [0, 1, 2, 3, 4, 5], [3, 2]));
  const float = { op: 'Reshape', inputs: [x, tensor('float32', [3, 2])], constants: [1] };
  expect(failure(() => bothWays(float)).message).toBe("node 'Reshape_0': its shape is float32, not int64 or int32");
});
