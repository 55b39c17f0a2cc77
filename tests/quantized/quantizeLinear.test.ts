// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear.

import { type DataType, Tensor } from '../../src/graph/tensor.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { expectTensor, runTyped } from '../kernels/run.ts';
import { clampTo, roundEven } from '../reference/quantized.ts';
import { floats, next, one, sizeOf } from './random.ts';

addQuantized();

const types = { uint8: [2, 0, 255], int8: [3, -128, 127], uint16: [4, 0, 65535], int16: [5, -32768, 32767] } as const;
/** Stored in bytes here. */
const short = { uint4: [21, 0, 15, 'uint8'], int4: [22, -8, 7, 'int8'], uint2: [25, 0, 3, 'uint8'], int2: [26, -2, 1, 'int8'] } as const;

const random = (dims: readonly number[], scale: number) =>
  new Tensor(
    'float32',
    Float32Array.from({ length: sizeOf(dims) }, () => (next() - 0.5) * scale),
    dims,
  );

interface Scales {
  dims: readonly number[];
  scale: readonly number[];
  attributes?: { axis?: number; block_size?: number };
  /** The index of the scale of an element. */
  at: (i: number) => number;
}

const scales: Scales[] = [
  { dims: [2, 3, 5, 7], scale: [], at: () => 0 },
  { dims: [1, 17, 1, 1], scale: [1], at: () => 0 },
  { dims: [13], scale: [], at: () => 0 },
  { dims: [], scale: [], at: () => 0 },
  { dims: [1, 3, 64, 64], scale: [], at: () => 0 },
  { dims: [2, 3, 5, 7], scale: [3], at: (i) => Math.floor(i / 35) % 3 },
  { dims: [2, 3, 5, 7], scale: [7], attributes: { axis: -1 }, at: (i) => i % 7 },
  { dims: [4, 6], scale: [4], attributes: { axis: 0 }, at: (i) => Math.floor(i / 6) },
  { dims: [4, 6], scale: [4, 2], attributes: { axis: 1, block_size: 3 }, at: (i) => Math.floor(i / 3) },
  { dims: [5, 6], scale: [3, 6], attributes: { axis: 0, block_size: 2 }, at: (i) => Math.floor(i / 12) * 6 + (i % 6) },
];

describe.each(scales)('dims $dims, scales $scale, $attributes', ({ dims, scale: scaleDims, attributes, at }) => {
  const x = random(dims, 100);
  const scale = new Tensor('float32', floats(sizeOf(scaleDims), 0.1, 0.7).data as Float32Array, scaleDims);
  const quantized = (range: readonly [number, number], zero: ArrayLike<number>) =>
    Array.from(x.data as Float32Array, (value, i) =>
      clampTo(roundEven(Math.fround(value / (scale.data[at(i)] as number))) + (zero[at(i)] ?? 0), range),
    );

  test.each(Object.entries(types))('%s', (type, [code, low, high]) => {
    const zero = new Tensor(
      type as 'int16',
      Array.from({ length: sizeOf(scaleDims) }, () => Math.floor((low + high) / 2 + 9 * next())),
      scaleDims,
    );
    const expected = new Tensor(type as DataType, quantized([low, high], zero.data), dims);
    for (const constants of [[1, 2], [], [0, 1, 2]]) {
      expectTensor(runTyped({ op: 'QuantizeLinear', opset: 21, attributes, inputs: [x, scale, zero], constants })[0], expected);
      const real = Array.from(expected.data as Int8Array, (y, i) => (y - (zero.data[at(i)] as number)) * (scale.data[at(i)] as number));
      const [back] = runTyped({ op: 'DequantizeLinear', opset: 21, attributes, inputs: [expected, scale, zero], constants });
      expectTensor(back, new Tensor('float32', Float32Array.from(real), dims));
    }
    const to = { ...attributes, output_dtype: code };
    const [y] = runTyped({ op: 'QuantizeLinear', opset: 21, attributes: to, inputs: [x, scale] });
    expectTensor(y, new Tensor(type as DataType, quantized([low, high], []), dims));
  });

  test.each(Object.entries(short))('%s', (_, [code, low, high, type]) => {
    const zero = new Tensor(type, Array(sizeOf(scaleDims)).fill(1), scaleDims);
    for (const [inputs, points] of [
      [[x, scale, zero], zero.data],
      [[x, scale], []],
    ] as const) {
      const [y] = runTyped({ op: 'QuantizeLinear', opset: 25, attributes: { ...attributes, output_dtype: code }, inputs: [...inputs] });
      expectTensor(y, new Tensor(type, quantized([low, high], points), dims));
    }
  });
});

const odd = [0, -0, 1, -1, 0.5, 1.5, 2.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, 1e-45, 300, -300];
// As onnxruntime 1.30 gives them; NaN becomes the least number, which ONNX leaves open (its reference gives that on x86).
test.each([
  [1, 'uint8', 128, [128, 128, 129, 127, 128, 130, 130, 0, 255, 0, 255, 128, 255, 0]],
  [0, 'uint8', 128, [0, 0, 255, 0, 255, 255, 255, 0, 255, 0, 255, 255, 255, 0]],
  [-1, 'uint8', 128, [128, 128, 127, 129, 128, 126, 126, 0, 0, 255, 0, 128, 0, 255]],
  [Number.NaN, 'uint8', 128, Array(14).fill(0)],
  [Number.POSITIVE_INFINITY, 'uint8', 128, [128, 128, 128, 128, 128, 128, 128, 0, 0, 0, 128, 128, 128, 128]],
  [0, 'int8', 3, [-128, -128, 127, -128, 127, 127, 127, -128, 127, -128, 127, 127, 127, -128]],
  [-1, 'int16', -5, [-5, -5, -6, -4, -5, -7, -7, -32768, -32768, 32767, -32768, -5, -305, 295]],
] as const)('a scale of %s to %s with zero point %s', (scale, type, zero, expected) => {
  const inputs = [new Tensor('float32', odd, [14]), new Tensor('float32', [scale], []), new Tensor(type, [zero], [])];
  for (const constants of [[1, 2], [], [0, 1, 2]])
    expectTensor(runTyped({ op: 'QuantizeLinear', inputs, constants })[0], new Tensor(type, expected, [14]));
});

test('integers are quantized, too', () => {
  const inputs = [new Tensor('int32', [0, 1, 16777217, -2147483648, 100], [5]), new Tensor('float32', [0.7], []), one('uint8', 3)];
  expectTensor(runTyped({ op: 'QuantizeLinear', inputs })[0], new Tensor('uint8', [3, 4, 255, 0, 146], [5]));
});

test('what QuantizeLinear does not do is refused', () => {
  const refused =
    (attributes: Record<string, number>, inputs: Tensor[] = [], opset = 23) =>
    () =>
      runTyped({ op: 'QuantizeLinear', opset, attributes, inputs: [random([2, 3], 1), floats(1, 1, 2), ...inputs] });
  expect(refused({ output_dtype: 17 })).toThrow('its output is float8e4m3fn; quantize to int8 or uint8 instead');
  expect(refused({ output_dtype: 99 })).toThrow('its output is type 99');
  expect(refused({ precision: 11 })).toThrow('a precision of float64 is not supported');
  expect(refused({ block_size: -1 })).toThrow("attribute 'block_size' is -1, expected 0 or more");
  expect(refused({ output_dtype: 2 }, [one('int8', 0)])).toThrow("its zero point 'input2' is int8 [], expected uint8 [1]");
  expect(refused({ block_size: 2 })).toThrow('its scale is [1], expected [2, 2]');
  expect(refused({ output_dtype: 2 }, [], 19)).toThrow("attribute 'output_dtype' is not known at this opset");
});

describe('DynamicQuantizeLinear', () => {
  const run = (x: Tensor, constants: number[] = [], outputs = 3) =>
    runTyped({ op: 'DynamicQuantizeLinear', inputs: [x], outputs, constants });

  test.each([1, 3, 4, 5, 17, 4095, 4096, 4097, 9001].flatMap((count) => [0, 30, -30].map((shift) => ({ count, shift }))))('%j', (given) => {
    const { count, shift } = given;
    const x = Float32Array.from({ length: count }, () => Math.fround((next() - 0.5) * 50 + shift));
    const [low, high] = [Math.min(0, ...x), Math.max(0, ...x)];
    const scale = Math.fround(Math.fround(high - low) / 255);
    const zero = clampTo(roundEven(Math.fround(-low / scale)), [0, 255]);
    const y = Array.from(x, (value) => clampTo(roundEven(Math.fround(value / scale)) + zero, [0, 255]));
    for (const constants of [[], [0]]) {
      const outputs = run(new Tensor('float32', x, [count]), constants);
      expectTensor(outputs[0], new Tensor('uint8', y, [count]));
      expectTensor(outputs[1], new Tensor('float32', [scale], []));
      expectTensor(outputs[2], one('uint8', zero));
    }
    expectTensor(run(new Tensor('float32', x, [count]), [], 1)[0], new Tensor('uint8', y, [count]));
  });

  // As onnxruntime 1.30 gives them.
  const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
  test.each([
    [[0, 0, 0], [0, 0, 0], 1, 0],
    [[-0, 0], [0, 0], 1, 0],
    [[-1, -2], [128, 0], 0.007843137718737125, 255],
    [[nan, 1, -2], [0, 255, 0], 0.0117647061124444, 170],
    [[1, nan], [255, 0], 0.003921568859368563, 0],
    [[infinity, 1], [0, 0], infinity, 0],
    [[-infinity, 1], [0, 255], infinity, 255],
    [[-infinity, infinity], [0, 0], infinity, 255],
    [[3e38, -3e38], [0, 0], infinity, 0],
    [[1e-45, 0], [255, 0], 0, 255],
    [[-1e-45, 0], [0, 0], 0, 255],
    [[1e-42, -1e-42], [238, 0], 8.407790785948902e-45, 119],
  ])('%j', (x, y, scale, zero) => {
    for (const constants of [[], [0]]) {
      const outputs = run(new Tensor('float32', x, [x.length]), constants);
      expect(outputs.map(({ data }) => Array.from(data as Uint8Array))).toEqual([y, [scale], [zero]]);
    }
  });

  test('of nothing', () => {
    expect(run(new Tensor('float32', [], [0, 3])).map(({ data }) => Array.from(data as Uint8Array))).toEqual([[], [1], [0]]);
  });

  test('a picture, in whichever layout', () => {
    const x = random([2, 5, 6, 7], 9);
    const [y] = run(x);
    expectTensor(y, run(x, [0])[0] as Tensor);
  });
});

test('a scale of float64 is not taken for float32', () => {
  const scale = new Tensor('float64', [-2], []);
  expect(() => runTyped({ op: 'DequantizeLinear', inputs: [new Tensor('int8', [-2], [1]), scale] })).toThrow(/float64/);
});
