// Pools of bytes against plain loops, over shapes that break SIMD code.

import { compile } from '../../src/compiler/compile.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { isHost } from '../../src/plan/plan.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { runTensors, runTyped } from '../kernels/run.ts';
import { average, bytesOf, largest, type Quantization, type WindowCase, windows } from '../reference/quantizedBytes.ts';

addQuantized();

const uint8: Quantization = { type: 'uint8', scale: Math.fround(0.021), zero: 121 };
const int8: Quantization = { type: 'int8', scale: Math.fround(0.037), zero: -9 };

interface Case extends WindowCase {
  readonly dims: readonly [number, number, number, number];
  readonly ceil?: boolean;
  readonly countPad?: boolean;
}

const cases: Case[] = [
  ...[1, 3, 4, 5, 7, 8, 15, 16, 17, 33].map(
    (c): Case => ({ dims: [2, c, 5, 7], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], out: [3, 4] }),
  ),
  { dims: [1, 17, 1, 1], kernel: [1, 1], out: [1, 1] },
  { dims: [1, 3, 1, 9], kernel: [1, 3], out: [1, 7] },
  { dims: [2, 5, 6, 5], kernel: [2, 2], strides: [3, 3], out: [2, 2] },
  { dims: [1, 5, 6, 6], kernel: [3, 2], strides: [2, 1], pads: [0, 0, 0, 1], out: [2, 6] },
  { dims: [1, 5, 6, 6], kernel: [3, 2], pads: [2, 0, 0, 0], out: [6, 5] },
  { dims: [1, 9, 6, 7], kernel: [3, 3], strides: [2, 2], ceil: true, out: [3, 3] },
  { dims: [1, 9, 7, 7], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 0, 0], ceil: true, countPad: true, out: [4, 4] },
  { dims: [1, 9, 5, 5], kernel: [3, 3], pads: [1, 1, 1, 1], countPad: true, out: [5, 5] },
  { dims: [1, 4, 9, 9], kernel: [3, 3], dilations: [2, 3], pads: [2, 2, 2, 2], out: [9, 7] },
  // Some windows are outside the picture.
  { dims: [1, 4, 2, 2], kernel: [2, 2], pads: [2, 2, 2, 2], out: [5, 5] },
  { dims: [1, 2, 3, 600], kernel: [3, 600], out: [1, 1] },
];

const bytes = (type: string, [n, c, h, w]: readonly [number, number, number, number]) =>
  bytesOf(
    type,
    Array.from({ length: n * c * h * w }, (_, i) => {
      const x = (Math.imul(i + 7, 2654435761) >>> 13) & 255;
      return type === 'int8' ? x - 128 : x;
    }),
  );

const attributesOf = ({ kernel, strides, dilations, pads, ceil }: Case) => ({
  kernel_shape: kernel,
  strides,
  dilations,
  pads,
  ceil_mode: ceil ? 1 : undefined,
});

const scalars = ({ type, scale, zero }: Quantization) => [new Tensor('float32', [scale], []), new Tensor(type, [zero], [])];

/** MaxPool behind an operator of the pack, without which there is no binary for it. */
function maxPool(x: Tensor, attributes: Record<string, never>) {
  const table = Uint8Array.from({ length: 256 }, (_, i) => i);
  const lookup = { table: { name: 't', type: 'uint8', dims: [256], read: () => table } as const, type: x.type };
  return graphOf({
    inputs: { x: x as never },
    nodes: [
      { op: 'lanewise.Lookup', inputs: ['x'], outputs: ['l'], attributes: lookup },
      { op: 'MaxPool', inputs: ['l'], outputs: ['y'], attributes },
    ],
  });
}

describe.each([uint8, int8])('of $type', (from) => {
  test.each(cases)('MaxPool %j', (spec) => {
    const data = bytes(from.type, spec.dims);
    const x = new Tensor(from.type, data as never, spec.dims);
    const expected = bytesOf(
      from.type,
      windows({ data, dims: spec.dims }, spec, (inside) => largest(from.type, inside)),
    );
    const graph = maxPool(x, attributesOf(spec) as never);
    const { steps } = compile(graph, { dims: new Map([['x', spec.dims]]) });
    expect(steps.some(isHost)).toBe(false);
    const [y] = runTensors(graph, { x });
    expect(y?.dims).toEqual([spec.dims[0], spec.dims[1], ...spec.out]);
    expect(y?.data).toEqual(expected);
    // Alone it runs on the host.
    expect(runTyped({ op: 'MaxPool', attributes: attributesOf(spec), inputs: [x] })[0]?.data).toEqual(expected);
  });

  test.each(cases)('QLinearAveragePool %j', (spec) => {
    const to: Quantization = from.type === 'int8' ? { ...uint8, scale: Math.fround(0.011) } : int8;
    for (const into of [to, from]) {
      const data = bytes(from.type, spec.dims);
      const expected = bytesOf(
        into.type,
        windows({ data, dims: spec.dims }, spec, (inside, padded) => average(inside, spec.countPad ? padded : inside.length, from, into)),
      );
      const inputs = [new Tensor(from.type, data as never, spec.dims), ...scalars(from), ...scalars(into)];
      const attributes = { ...attributesOf(spec), count_include_pad: spec.countPad ? 1 : undefined };
      const op = 'com.microsoft.QLinearAveragePool';
      const dims = [spec.dims[0], spec.dims[1], ...spec.out];
      for (const constants of [[1, 2, 3, 4], [], [0, 1, 2, 3, 4]]) {
        const [y] = runTyped({ op, attributes, inputs, constants });
        expect(y?.dims).toEqual(dims);
        expect(y?.data).toEqual(expected);
      }
      // The same with the channels last.
      const [x, ...rest] = inputs as [Tensor, ...Tensor[]];
      for (const constants of [[], [0, 1, 2, 3, 4]]) {
        const [y] = runTyped({ op, attributes: { ...attributes, channels_last: 1 }, inputs: [channelsLast(x), ...rest], constants });
        expect(y).toEqual(channelsLast(new Tensor(into.type, expected as never, dims)));
      }
    }
  });

  test.each([1, 3, 4, 5, 7, 8, 17])('QLinearGlobalAveragePool of %d channels', (c) => {
    for (const dims of [
      [1, c, 7, 7],
      [2, c, 1, 1],
      [2, c, 1, 300],
      [1, c, 40, 20],
    ] as const) {
      const data = bytes(from.type, dims);
      const window: WindowCase = { kernel: [dims[2], dims[3]], out: [1, 1] };
      const expected = bytesOf(
        int8.type,
        windows({ data, dims }, window, (inside) => average(inside, inside.length, from, int8)),
      );
      const inputs = [new Tensor(from.type, data as never, dims), ...scalars(from), ...scalars(int8)];
      const op = 'com.microsoft.QLinearGlobalAveragePool';
      const [y] = runTyped({ op, inputs, constants: [1, 2, 3, 4] });
      expect(y?.dims).toEqual([dims[0], c, 1, 1]);
      expect(y?.data).toEqual(expected);
      const [last] = runTyped({ op, attributes: { channels_last: 1 }, inputs: [channelsLast(inputs[0] as Tensor), ...inputs.slice(1)] });
      expect(last?.dims).toEqual([dims[0], 1, 1, c]);
      expect(last?.data).toEqual(expected);
    }
  });
});

/** [N, C, H, W] as [N, H, W, C]. */
function channelsLast({ type, data, dims }: Tensor): Tensor {
  const [n = 1, c = 1, h = 1, w = 1] = dims;
  const values: number[] = [];
  for (let i = 0; i < n; i++)
    for (let p = 0; p < h * w; p++) for (let k = 0; k < c; k++) values.push(Number(data[(i * c + k) * h * w + p]));
  return new Tensor(type, bytesOf(type, values) as never, [n, h, w, c]);
}

test('parts of a concatenation are pooled where they lie', () => {
  const data = bytes('uint8', [1, 5, 6, 6]);
  const x = new Tensor('uint8', data as never, [1, 5, 6, 6]);
  const pool = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  const [scale, zero] = scalars(uint8) as [Tensor, Tensor];
  const graph = graphOf({
    inputs: { x: x as never },
    constants: { s: constantOf('s', scale), z: constantOf('z', zero) },
    nodes: [
      { op: 'MaxPool', inputs: ['x'], outputs: ['a'], attributes: pool },
      { op: 'com.microsoft.QLinearAveragePool', inputs: ['x', 's', 'z', 's', 'z'], outputs: ['b'], attributes: pool },
      { op: 'com.microsoft.QLinearAdd', inputs: ['a', 's', 'z', 'b', 's', 'z', 's', 'z'], outputs: ['c'] },
      { op: 'Concat', inputs: ['a', 'b', 'c'], outputs: ['d'], attributes: { axis: 1 } },
      { op: 'MaxPool', inputs: ['d'], outputs: ['y'], attributes: pool },
    ],
  });
  const plan = compile(graph, { dims: new Map([['x', x.dims]]) });
  expect(plan.steps.map((step) => (isHost(step) ? 'host' : step.op))).toHaveLength(6);
  const window: WindowCase = { kernel: [3, 3], pads: [1, 1, 1, 1], out: [6, 6] };
  const a = windows({ data, dims: x.dims }, window, (inside) => largest('uint8', inside));
  const b = windows({ data, dims: x.dims }, window, (inside) => average(inside, inside.length, uint8, uint8));
  const c = a.map((value, i) => Math.min(255, Math.max(0, value + (b[i] as number) - uint8.zero)));
  const expected = windows({ data: [...a, ...b, ...c], dims: [1, 15, 6, 6] }, window, (inside) => largest('uint8', inside));
  expect(runTensors(graph, { x })[0]?.data).toEqual(Uint8Array.from(expected));
});

test('refuses what does not fit', () => {
  const op = 'com.microsoft.QLinearAveragePool';
  const [scale, zero] = scalars(uint8) as [Tensor, Tensor];
  const x = new Tensor('uint8', new Uint8Array(16), [1, 1, 4, 4]);
  const attributes = { kernel_shape: [2, 2] };
  const refused =
    (inputs: Tensor[], more = {}) =>
    () =>
      runTyped({ op, inputs, attributes: { ...attributes, ...more } });
  expect(refused([new Tensor('float32', new Float32Array(16), [1, 1, 4, 4]), scale, zero, scale, zero])).toThrow(
    /is float32, expected uint8/,
  );
  expect(refused([x, scale, zero, new Tensor('float32', [1, 2]), zero])).toThrow(/expected float32 with 1 elements/);
  expect(refused([x, scale, new Tensor('int8', [0], []), scale, zero])).toThrow(/its zero point 'input2' is int8/);
  expect(refused([new Tensor('uint8', [1]), scale, zero, scale, zero])).toThrow(/no spatial dimension/);
  expect(refused([x, scale, zero, scale, zero], { kernel_shape: undefined })).toThrow(/kernel_shape/);
});
