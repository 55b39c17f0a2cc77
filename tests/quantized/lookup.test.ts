// Tables of bytes against DequantizeLinear, a function and QuantizeLinear, for every byte; their kernel over shapes that break SIMD code.

import { Tensor } from '../../src/graph/tensor.ts';
import { exp } from '../../src/ops/exact.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { tableOf } from '../../src/quantized/ops/lookup.ts';
import { graphOf } from '../kernels/graph.ts';
import { runTensors, runTyped } from '../kernels/run.ts';
import { bytesOf, type Quantization, toByte, toNumber } from '../reference/quantizedBytes.ts';

addQuantized();

const all = Uint8Array.from({ length: 256 }, (_, i) => i);
const signed = new Int8Array(all.buffer);
const uint8 = (scale: number, zero: number): Quantization => ({ type: 'uint8', scale: Math.fround(scale), zero });
const int8 = (scale: number, zero: number): Quantization => ({ type: 'int8', scale: Math.fround(scale), zero });
const functions: Record<string, (x: number) => number> = {
  identity: (x) => x,
  sigmoid: (x) => 1 / (1 + exp(-x)),
  leaky: (x) => (x < 0 ? Math.fround(0.1 * x) : x),
  reciprocal: (x) => 1 / x,
  nothing: () => Number.NaN,
};

describe.each(Object.keys(functions))('the table of %s', (name) => {
  const f = functions[name] as (x: number) => number;
  test.each([
    [uint8(0.1, 128), uint8(1 / 256, 0)],
    [uint8(0.02, 0), int8(0.02, -128)],
    [int8(0.07, -3), int8(0.05, 127)],
    [int8(1e-30, 5), uint8(1e-3, 255)],
    [uint8(0.5, 0), uint8(1, 0)],
  ])('from %j to %j', (from, to) => {
    const table = tableOf(from, to, f);
    const expected = [...(from.type === 'int8' ? signed : all)].map((x) => toByte(Math.fround(f(toNumber(x, from))), to));
    expect(to.type === 'int8' ? new Int8Array(table.buffer) : table).toEqual(bytesOf(to.type, expected));
  });
});

test('is what the operators give', () => {
  const [from, to] = [int8(0.043, 17), uint8(0.0039, 3)];
  const single = (value: Tensor, i: number) => [`c${i}`, { name: `c${i}`, type: value.type, dims: [], read: () => value.data }] as const;
  const graph = graphOf({
    inputs: { x: { type: 'int8', dims: [256] } },
    constants: Object.fromEntries(
      [
        new Tensor('float32', [from.scale], []),
        new Tensor('int8', [from.zero], []),
        new Tensor('float32', [to.scale], []),
        new Tensor('uint8', [to.zero], []),
      ].map(single),
    ) as never,
    nodes: [
      { op: 'DequantizeLinear', inputs: ['x', 'c0', 'c1'], outputs: ['d'] },
      { op: 'Relu', inputs: ['d'], outputs: ['r'] },
      { op: 'QuantizeLinear', inputs: ['r', 'c2', 'c3'], outputs: ['y'] },
    ],
  });
  const [y] = runTensors(graph, { x: new Tensor('int8', signed, [256]) });
  const table = tableOf(from, to, (x) => Math.max(x, 0));
  expect(y?.data).toEqual(Uint8Array.from(signed, (x) => table[x & 255] as number));
});

const table = Uint8Array.from(all, (i) => (i * 167 + 13) & 255);
const constant = { name: 'table', type: 'uint8', dims: [256], read: () => table } as const;
const lookup = (x: Tensor, type: 'uint8' | 'int8', constants: readonly number[] = []) =>
  runTyped({ op: 'lanewise.Lookup', attributes: { table: constant, type }, inputs: [x], constants })[0];

test.each([[1], [3], [4], [7], [8], [17], [256], [5000], [2, 3, 5, 7], [1, 17, 1, 1], [3, 1, 1, 9], []])('of a tensor [%s]', (...dims) => {
  const size = dims.reduce((a, b) => a * b, 1);
  const x = Uint8Array.from({ length: size }, (_, i) => (i * 89 + 3) & 255);
  const expected = Uint8Array.from(x, (value) => table[value] as number);
  expect(lookup(new Tensor('uint8', x, dims), 'uint8')?.data).toEqual(expected);
  expect(lookup(new Tensor('int8', new Int8Array(x.buffer), dims), 'int8')?.data).toEqual(new Int8Array(expected.buffer));
  expect(lookup(new Tensor('int8', new Int8Array(x.buffer), dims), 'uint8', [0])?.data).toEqual(expected);
});

test('refuses what is no byte, and what is no table', () => {
  expect(() => lookup(new Tensor('float32', [1, 2]), 'uint8')).toThrow(/'input0' is float32, expected uint8 or int8/);
  const short = { ...constant, read: () => table.subarray(1) };
  for (const table of [undefined, 5, short]) {
    expect(() => runTyped({ op: 'lanewise.Lookup', attributes: { table }, inputs: [new Tensor('uint8', [1])] })).toThrow(
      /attribute 'table' is not 256 bytes/,
    );
  }
});
