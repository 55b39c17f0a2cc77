// onnxruntime's quantized operators that are written in ONNX's, and QGemm, against plain loops.

import { compile } from '../../src/compiler/compile.ts';
import { addContrib } from '../../src/contrib/index.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { load } from '../../src/load.ts';
import { exp } from '../../src/ops/exact.ts';
import { isHost } from '../../src/plan/plan.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { runTensors, runTyped } from '../kernels/run.ts';
import { requantize } from '../reference/quantized.ts';
import { bytesOf, type Quantization, toByte, toNumber } from '../reference/quantizedBytes.ts';

addContrib();
addQuantized();

const uint8 = (scale: number, zero: number): Quantization => ({ type: 'uint8', scale: Math.fround(scale), zero });
const int8 = (scale: number, zero: number): Quantization => ({ type: 'int8', scale: Math.fround(scale), zero });
const float = (value: number) => new Tensor('float32', [value], []);
const byte = ({ type, zero }: Quantization) => new Tensor(type, [zero], []);
const size = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);

function values(type: string, count: number, seed = 1): number[] {
  return Array.from({ length: count }, (_, i) => {
    const x = (Math.imul(i + seed, 2654435761) >>> 11) & 255;
    return type === 'int8' ? x - 128 : x;
  });
}

const tensor = (type: 'uint8' | 'int8', dims: readonly number[], seed = 1) =>
  new Tensor(type, bytesOf(type, values(type, size(dims), seed)) as never, dims);

const all = (type: 'uint8' | 'int8') => {
  const bytes = Array.from({ length: 256 }, (_, i) => (type === 'int8' ? i - 128 : i));
  return new Tensor(type, bytesOf(type, bytes) as never, [1, 1, 16, 16]);
};

const unary: [string, Record<string, number>, (x: number) => number][] = [
  ['QLinearLeakyRelu', { alpha: 0.125 }, (x) => (x < 0 ? Math.fround(0.125) * x : x)],
  ['QLinearLeakyRelu', {}, (x) => (x < 0 ? Math.fround(0.01) * x : x)],
  ['QLinearSigmoid', {}, (x) => 1 / (1 + exp(-x))],
];

describe.each(unary)('%s %j', (name, attributes, f) => {
  test.each([
    [uint8(0.04, 128), uint8(1 / 256, 0)],
    [int8(0.07, -5), uint8(0.05, 100)],
    [int8(0.07, -5), int8(0.01, -128)],
  ])('of every byte from %j to %j', (from, to) => {
    const x = all(from.type);
    const expected = Array.from(x.data as Uint8Array, (value) => toByte(Math.fround(f(toNumber(value, from))), to));
    const inputs = [x, float(from.scale), byte(from), float(to.scale), byte(to)];
    const op = `com.microsoft.${name}`;
    const [y] = runTyped({ op, attributes, inputs, constants: [1, 2, 3, 4] });
    expect(y).toEqual(new Tensor(to.type, bytesOf(to.type, expected) as never, [1, 1, 16, 16]));
    // Scales that a run computes: in float32, which may round another way.
    const [late] = runTyped({ op, attributes, inputs });
    const off = Array.from(late?.data as Uint8Array, (value, i) => Math.abs(value - (expected[i] as number)));
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
    expect(off.filter(Boolean).length).toBeLessThan(4);
  });
});

test('zero points that are left out are 0 of the input', () => {
  for (const type of ['uint8', 'int8'] as const) {
    const own = { type, scale: 0.5, zero: 0 };
    const x = all(type);
    const expected = Array.from(x.data as Uint8Array, (value) =>
      toByte(Math.max(Math.fround(0.1) * toNumber(value, own), toNumber(value, own)), own),
    );
    for (const constants of [[1, 3], []]) {
      const inputs = [x, float(0.5), undefined, float(0.5)];
      const [y] = runTyped({ op: 'com.microsoft.QLinearLeakyRelu', attributes: { alpha: 0.1 }, inputs, constants });
      expect([y?.type, y?.data]).toEqual([type, bytesOf(type, expected)]);
    }
  }
});

test.each([
  [[2, 7], { axis: -1, opset: 13 }, 7],
  [[1, 1000], { opset: 13 }, 1000],
  [[2, 3, 4], { axis: 1, opset: 12 }, 12],
])('QLinearSoftmax of [%s], %j', (dims, attributes, row) => {
  const [from, to] = [uint8(0.05, 90), uint8(1 / 256, 0)];
  const x = tensor('uint8', dims);
  const [y] = runTyped({
    op: 'com.microsoft.QLinearSoftmax',
    attributes,
    inputs: [x, float(from.scale), byte(from), float(to.scale), byte(to)],
    constants: [1, 2, 3, 4],
  });
  const real = Array.from(x.data as Uint8Array, (value) => Math.exp(toNumber(value, from)));
  const expected = real.map((value, i) => {
    const first = Math.floor(i / row) * row;
    return value / real.slice(first, first + row).reduce((a, b) => a + b, 0) / to.scale;
  });
  expect([y?.type, y?.dims]).toEqual(['uint8', dims]);
  for (const [i, value] of expected.entries()) expect(Math.abs((y?.data[i] as number) - Math.min(255, value))).toBeLessThan(0.501);
});

describe('QLinearConcat', () => {
  const to = uint8(0.04, 128);
  const sources: Quantization[] = [to, uint8(0.02, 100), uint8(0.09, 0)];
  const dims = [2, 5, 3, 3];
  const inputs = [float(to.scale), byte(to), ...sources.flatMap((from, i) => [tensor('uint8', dims, i), float(from.scale), byte(from)])];
  const constants = inputs.flatMap(({ dims }, i) => (dims.length === 0 ? [i] : []));
  const converted = sources.map((from, i) => values('uint8', size(dims), i).map((x) => toByte(toNumber(x, from), to)));
  const expected = [0, 1].flatMap((n) => converted.flatMap((list) => list.slice(n * 45, (n + 1) * 45)));

  test.each([[1], [0], [-1]])('along axis %d', (axis) => {
    const attributes = { axis };
    const [y] = runTyped({ op: 'com.microsoft.QLinearConcat', attributes, inputs, constants });
    const [whole] = runTyped({
      op: 'Concat',
      attributes,
      inputs: converted.map((list) => new Tensor('uint8', Uint8Array.from(list), dims)),
    });
    expect(y).toEqual(whole);
    if (axis === 1) expect(y?.data).toEqual(Uint8Array.from(expected));
    // Scales that a run computes.
    expect(runTyped({ op: 'com.microsoft.QLinearConcat', attributes, inputs })[0]).toEqual(whole);
  });

  test('parts are written where they belong', () => {
    const names = inputs.map((_, i) => `i${i}`);
    const fed = names.filter((_, i) => !constants.includes(i));
    const pool = (name: string, to: string) => ({ op: 'MaxPool', inputs: [name], outputs: [to], attributes: { kernel_shape: [1, 1] } });
    const graph = graphOf({
      inputs: Object.fromEntries(fed.map((name) => [name, inputs[names.indexOf(name)] as never])),
      constants: Object.fromEntries(constants.map((i) => [`i${i}`, constantOf(`i${i}`, inputs[i] as Tensor)])),
      nodes: [
        ...fed.map((name) => pool(name, `p${name}`)),
        {
          op: 'com.microsoft.QLinearConcat',
          inputs: names.map((name) => (fed.includes(name) ? `p${name}` : name)),
          outputs: ['c'],
          attributes: { axis: 1 },
        },
        pool('c', 'y'),
      ],
    });
    const feeds = Object.fromEntries(fed.map((name) => [name, inputs[names.indexOf(name)] as Tensor]));
    expect(runTensors(graph, feeds)[0]?.data).toEqual(Uint8Array.from(expected));
    // Three changes of layout at the start, three pools, two tables, a pool, a change of layout: nothing is copied.
    const { steps } = compile(graph, { dims: new Map(fed.map((name) => [name, dims])) });
    expect(steps.some(isHost)).toBe(false);
    expect(steps).toHaveLength(10);
  });
});

interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transA?: number;
  readonly transB?: number;
  readonly alpha?: number;
  /** C's shape. */
  readonly c?: readonly number[];
  readonly a?: 'uint8' | 'int8';
  readonly b?: 'uint8' | 'int8';
  readonly bZero?: number;
  /** Whether each column has a scale. */
  readonly perColumn?: boolean;
  readonly to?: Quantization;
}

describe('QGemm', () => {
  test.each<Product>([
    ...[1, 3, 4, 5, 7, 8, 17].map((n): Product => ({ m: 2, k: n + 4, n, c: [n], to: uint8(0.3, 128) })),
    { m: 1, k: 1, n: 1 },
    { m: 5, k: 9, n: 10, transA: 1, to: int8(0.4, -3) },
    { m: 5, k: 9, n: 10, transB: 1, a: 'int8', c: [1, 10], perColumn: true, to: uint8(0.4, 3) },
    { m: 4, k: 33, n: 16, transA: 1, transB: 1, alpha: 0.37, c: [16], perColumn: true },
    { m: 3, k: 6, n: 5, alpha: -2, a: 'int8', perColumn: true, to: int8(0.4, 0) },
    { m: 3, k: 6, n: 5, c: [3, 5], to: uint8(0.4, 0) },
    { m: 3, k: 6, n: 5, c: [3, 1] },
    { m: 3, k: 6, n: 5, c: [] },
    { m: 3, k: 6, n: 5, b: 'uint8', bZero: 7, c: [5], to: uint8(0.4, 0) },
    { m: 3, k: 6, n: 5, bZero: 7, transB: 1, perColumn: true },
    { m: 2, k: 0, n: 3, c: [3] },
  ])('%j', ({ m, k, n, transA = 0, transB = 0, alpha = 1, c, a = 'uint8', b = 'int8', bZero = 0, perColumn = false, to }) => {
    const [x, w] = [tensor(a, transA ? [k, m] : [m, k], 3), tensor(b, transB ? [n, k] : [k, n], 5)];
    const aOwn = { type: a, scale: Math.fround(0.02), zero: a === 'int8' ? -4 : 129 };
    const scales = Float32Array.from({ length: perColumn ? n : 1 }, (_, i) => 0.01 + 0.003 * i);
    const bias =
      c &&
      new Tensor(
        'int32',
        Int32Array.from({ length: size(c) }, (_, i) => 700 * i - 900),
        c,
      );
    const zeros = bytesOf(b, new Array<number>(scales.length).fill(bZero));
    const inputs = [
      x,
      float(aOwn.scale),
      byte(aOwn),
      w,
      new Tensor('float32', scales, perColumn ? [n] : []),
      new Tensor(b, zeros as never, perColumn ? [n] : []),
      bias,
      to && float(to.scale),
      to && byte(to),
    ];
    const at = (i: number, j: number) => {
      if (!bias || !c) return 0;
      const [rows, columns] = [c.length > 1 ? (c[0] as number) : 1, c.at(-1) ?? 1];
      return Number(bias.data[(rows > 1 ? i : 0) * columns + (columns > 1 ? j : 0)]);
    };
    const expected = Array.from({ length: m * n }, (_, o) => {
      const [i, j] = [Math.floor(o / n), o % n];
      let sum = at(i, j);
      for (let l = 0; l < k; l++) {
        const left = (x.data[transA ? l * m + i : i * k + l] as number) - aOwn.zero;
        sum += left * ((w.data[transB ? j * k + l : l * n + j] as number) - bZero);
      }
      const scale = Math.fround(Math.fround(Math.fround(alpha) * aOwn.scale) * (scales[perColumn ? j : 0] as number));
      return to ? requantize(sum, Math.fround(scale / to.scale), to.zero, to.type) : Math.fround(Math.fround(sum) * scale);
    });
    const attributes = { transA, transB, alpha };
    for (const constants of [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4, 5, 7, 8], [], [0, 1, 2, 3, 4, 5, 6, 7, 8]]) {
      const [y] = runTyped({ op: 'com.microsoft.QGemm', attributes, inputs, constants });
      expect([y?.type, y?.dims]).toEqual([to?.type ?? 'float32', [m, n]]);
      expect(y?.data).toEqual(to ? bytesOf(to.type, expected) : Float32Array.from(expected));
    }
  });

  const inputs = [tensor('uint8', [2, 3]), float(1), byte(uint8(1, 0)), tensor('int8', [3, 4]), float(1), byte(int8(1, 0))];
  const refused = (more: Readonly<Record<number, Tensor>>) => () =>
    runTyped({ op: 'com.microsoft.QGemm', inputs: Array.from({ length: 9 }, (_, i) => more[i] ?? inputs[i]) });
  test.each<[string, Record<number, Tensor>, RegExp]>([
    ['matrices that do not fit', { 0: tensor('uint8', [2, 4]) }, /A \[2, 4\] and B \[3, 4\], transposed where it says so, do not multiply/],
    ['what is no matrix', { 0: tensor('uint8', [6]) }, /do not multiply/],
    ['floats', { 0: new Tensor('float32', new Float32Array(6), [2, 3]) }, /'input0' is float32, expected uint8 or int8/],
    ['a scale of rows', { 1: new Tensor('float32', [1, 2]) }, /'input1' is float32 \[2\]/],
    ['scales that are too few', { 4: new Tensor('float32', [1, 2]) }, /'input4' is float32 \[2\], expected float32 with 1 or 4 elements/],
    ['a zero point of another type', { 5: new Tensor('uint8', [1]) }, /'input5' is uint8 \[1\], expected int8/],
    ['a C of another size', { 6: new Tensor('int32', [1, 2, 3]) }, /do not broadcast/],
    ['a C of floats', { 6: new Tensor('float32', [1]) }, /C 'input6' is float32 \[1\], expected int32/],
    ['a zero point without a scale', { 8: new Tensor('uint8', [1]) }, /zero point of its output without the output's scale/],
    ['a product of int32', { 7: float(1), 8: new Tensor('int32', [1]) }, /'input[78]' is int32/],
  ])('refuses %s', (_, more, message) => {
    expect(refused(more)).toThrow(message);
  });
});

describe('products whose sums become float32', () => {
  const [m, k, n] = [3, 10, 6];
  const [x, w] = [tensor('uint8', [m, k], 3), tensor('int8', [k, n], 5)];
  const scales = Float32Array.from({ length: n }, (_, i) => 0.01 + 0.003 * i);
  const bias = Float32Array.from({ length: n }, (_, i) => 0.3 * i - 1);
  const bZero = 5;
  /** float32(sum) · float32(a scale · b scale) + bias. */
  const product = (a: ArrayLike<number>, zero: number, scale: number, biased = true) =>
    Float32Array.from({ length: m * n }, (_, o) => {
      const [i, j] = [Math.floor(o / n), o % n];
      let sum = 0;
      for (let l = 0; l < k; l++) sum += ((a[i * k + l] as number) - zero) * ((w.data[l * n + j] as number) - bZero);
      const y = Math.fround(sum * Math.fround(scale * (scales[j] as number)));
      return biased ? y + (bias[j] as number) : y;
    });
  const columns = [new Tensor('float32', scales), new Tensor('int8', new Int8Array(n).fill(bZero))] as const;

  test.each([[[1, 2, 3, 4, 5, 6]], [[]]])('MatMulIntegerToFloat, constants %j', (constants) => {
    const op = 'com.microsoft.MatMulIntegerToFloat';
    const inputs = [x, w, float(0.02), columns[0], new Tensor('uint8', [120], []), columns[1], new Tensor('float32', bias)];
    expect(runTyped({ op, inputs, constants })[0]).toEqual(
      new Tensor('float32', product(x.data as Uint8Array, 120, Math.fround(0.02)), [m, n]),
    );
    const [plain] = runTyped({ op, inputs: inputs.slice(0, 6), constants: constants.slice(0, 5) });
    expect(plain?.data).toEqual(product(x.data as Uint8Array, 120, Math.fround(0.02), false));
  });

  test.each([[[1, 2, 3, 4]], [[]]])('DynamicQuantizeMatMul, constants %j', (constants) => {
    const a = Float32Array.from({ length: m * k }, (_, i) => Math.fround(((i * 37) % 101) / 20 - 1));
    const [low, high] = [Math.min(0, ...a), Math.max(0, ...a)];
    const scale = Math.fround(Math.fround(high - low) / 255);
    const zero = toByte(-low, { type: 'uint8', scale, zero: 0 });
    const bytes = a.map((value) => toByte(value, { type: 'uint8', scale, zero }));
    const inputs = [new Tensor('float32', a, [m, k]), w, ...columns, new Tensor('float32', bias)];
    const op = 'com.microsoft.DynamicQuantizeMatMul';
    expect(runTyped({ op, inputs, constants })[0]).toEqual(new Tensor('float32', product(bytes, zero, scale), [m, n]));
    const [plain] = runTyped({ op, inputs: inputs.slice(0, 4), constants: constants.slice(0, 3) });
    expect(plain?.data).toEqual(product(bytes, zero, scale, false));
  });
});

test.each(['uint8', 'int8', 'uint16', 'int16'] as const)('QuantizeLinear and DequantizeLinear of %s', (type) => {
  const zero = new Tensor(type, [type.startsWith('u') ? 100 : -3], []);
  const x = new Tensor('float32', [-1e9, -1, 0, 0.05, 0.15, 7, 1e9, Number.NaN]);
  for (const constants of [[1, 2], []]) {
    const own = (op: string, inputs: Tensor[], opset?: number) => runTyped({ op, inputs, constants, ...(opset && { opset }) })[0] as Tensor;
    const y = own('com.microsoft.QuantizeLinear', [x, float(0.1), zero]);
    expect(y).toEqual(own('QuantizeLinear', [x, float(0.1), zero], 21));
    expect(own('com.microsoft.DequantizeLinear', [y, float(0.1), zero])).toEqual(own('DequantizeLinear', [y, float(0.1), zero], 21));
  }
});

test('com.microsoft.DequantizeLinear alone loads once the chunk of integers is there', async () => {
  const model = await load(
    encodeModel({
      opset: { '': 13, 'com.microsoft': 1 },
      inputs: [{ name: 'x', type: 'uint8', dims: [3] }],
      initializers: [
        { name: 'scale', dims: [], data: [0.5] },
        { name: 'zero', type: 'uint8', dims: [], data: Uint8Array.of(2) },
      ],
      outputs: [{ name: 'y' }],
      nodes: [{ op: 'DequantizeLinear', domain: 'com.microsoft', inputs: ['x', 'scale', 'zero'], outputs: ['y'] }],
    }),
  );
  const { y } = await model.run({ x: new Tensor('uint8', [0, 2, 255]) });
  model.dispose();
  expect(y?.data).toEqual(Float32Array.of(-1, 0, 126.5));
});
