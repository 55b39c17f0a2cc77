// QLinearAdd and QLinearMul against plain loops: every pair of bytes, and shapes that break SIMD code.

import { Tensor } from '../../src/graph/tensor.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { runTensors, runTyped } from '../kernels/run.ts';
import { type Bytes, binary, bytesOf, type Quantization } from '../reference/quantizedBytes.ts';

addQuantized();

const quantization = (type: 'uint8' | 'int8', scale: number, zero: number): Quantization => ({ type, scale: Math.fround(scale), zero });
const float = (value: number) => new Tensor('float32', [value], []);
const byte = ({ type, zero }: Quantization) => new Tensor(type, [zero], []);

function inputsOf(a: Bytes, b: Bytes, to: Quantization): Tensor[] {
  const tensor = ({ type, data, dims }: Bytes) => new Tensor(type, bytesOf(type, Array.from(data)) as never, dims);
  return [tensor(a), float(a.scale), byte(a), tensor(b), float(b.scale), byte(b), float(to.scale), byte(to)];
}

const run = (kind: 'Add' | 'Mul', a: Bytes, b: Bytes, to: Quantization, constants: readonly number[] = [1, 2, 4, 5, 6, 7]) =>
  runTyped({ op: `com.microsoft.QLinear${kind}`, inputs: inputsOf(a, b, to), constants })[0];

/** Every byte of a type, as often as wanted. */
const every = (type: string, place: (i: number) => number) =>
  Array.from({ length: 65536 }, (_, i) => (type === 'int8' ? (place(i) << 24) >> 24 : place(i)));

const pairs: [Quantization, Quantization, Quantization][] = [
  [quantization('uint8', 0.02, 128), quantization('uint8', 0.03, 120), quantization('uint8', 0.041, 131)],
  [quantization('uint8', 0.5, 0), quantization('uint8', 0.5, 0), quantization('uint8', 1, 0)],
  [quantization('uint8', 0.25, 3), quantization('uint8', 0.5, 250), quantization('uint8', 0.5, 255)],
  [quantization('int8', 0.013, -7), quantization('int8', 0.0171, 5), quantization('int8', 0.019, -128)],
  [quantization('int8', 0.1, 127), quantization('uint8', 0.001, 64), quantization('int8', 0.1, 0)],
  [quantization('uint8', 3e38, 128), quantization('uint8', 3e38, 128), quantization('uint8', 1e-40, 7)],
];

describe.each(['Add', 'Mul'] as const)('QLinear%s', (kind) => {
  test.each(pairs)('of every pair: %j, %j to %j', (p, q, to) => {
    const dims = [65536];
    const a = { ...p, dims, data: every(p.type, (i) => i & 255) };
    const b = { ...q, dims, data: every(q.type, (i) => i >> 8) };
    const expected = bytesOf(to.type, binary(kind, a, b, dims, to));
    expect(run(kind, a, b, to)?.data).toEqual(expected);
    // On the host, where everything is known.
    expect(run(kind, a, b, to, [0, 1, 2, 3, 4, 5, 6, 7])?.data).toEqual(expected);
  });

  const shapes: [readonly number[], readonly number[]][] = [
    ...[1, 3, 4, 5, 7, 8, 17].map((c): [number[], number[]] => [
      [2, c, 3, 5],
      [2, c, 3, 5],
    ]),
    ...[1, 3, 4, 5, 7, 8, 17].map((c): [number[], number[]] => [
      [2, c, 3, 5],
      [c, 1, 1],
    ]),
    [
      [2, 17, 3, 3],
      [2, 17, 1, 1],
    ],
    [
      [2, 5, 3, 3],
      [1, 5, 1, 1],
    ],
    [[2, 5, 3, 3], []],
    [[1], [2, 3, 4, 4]],
    [
      [9, 1, 1],
      [2, 9, 4, 4],
    ],
    [
      [2, 4, 3, 7],
      [3, 7],
    ],
    [
      [2, 4, 1, 7],
      [1, 4, 3, 1],
    ],
    [
      [1, 8, 1, 1],
      [1, 8, 1, 1],
    ],
    [[5], [5]],
    [
      [3, 9],
      [1, 9],
    ],
    [
      [3, 9],
      [3, 1],
    ],
    [
      [0, 3],
      [1, 3],
    ],
  ];
  test.each(shapes)('[%s] and [%s]', (aDims, bDims) => {
    const rank = Math.max(aDims.length, bDims.length);
    const size = (list: readonly number[]) => list.reduce((x, y) => x * y, 1);
    const dims = Array.from({ length: rank }, (_, i) => {
      const [x, y] = [aDims[i - rank + aDims.length] ?? 1, bDims[i - rank + bDims.length] ?? 1];
      return x === 1 ? y : x;
    });
    for (const [p, q, to] of [pairs[0], pairs[4]] as typeof pairs) {
      const bytes = (count: number, type: string, step: number) =>
        Array.from({ length: count }, (_, i) => (type === 'int8' ? ((i * step) << 24) >> 24 : (i * step) & 255));
      const a = { ...p, dims: aDims, data: bytes(size(aDims), p.type, 89) };
      const b = { ...q, dims: bDims, data: bytes(size(bDims), q.type, 151) };
      const expected = bytesOf(to.type, binary(kind, a, b, dims, to));
      const alone = run(kind, a, b, to);
      expect(alone?.dims).toEqual(dims);
      expect(alone?.data).toEqual(expected);
      // Scales that the run computes; b a weight.
      expect(run(kind, a, b, to, [])?.data).toEqual(expected);
      expect(run(kind, a, b, to, [3])?.data).toEqual(expected);
      // Channels last, between pools that do nothing.
      if (rank !== 4 || size(dims) === 0) continue;
      expect(between(kind, a, b, to)?.data).toEqual(expected);
    }
  });
});

/** The node between MaxPools of 1×1, so that pictures are NHWC. */
function between(kind: string, a: Bytes, b: Bytes, to: Quantization) {
  const inputs = inputsOf(a, b, to);
  const names = inputs.map((_, i) => `i${i}`);
  const pool = (i: 0 | 3) =>
    inputs[i]?.dims.length === 4 ? [{ op: 'MaxPool', inputs: [`i${i}`], outputs: [`p${i}`], attributes: { kernel_shape: [1, 1] } }] : [];
  const graph = graphOf({
    inputs: { i0: inputs[0] as never, i3: inputs[3] as never },
    constants: Object.fromEntries(names.flatMap((name, i) => (i === 0 || i === 3 ? [] : [[name, constantOf(name, inputs[i] as Tensor)]]))),
    nodes: [
      ...pool(0),
      ...pool(3),
      {
        op: `com.microsoft.QLinear${kind}`,
        inputs: names.map((name, i) => ((i === 0 || i === 3) && inputs[i]?.dims.length === 4 ? `p${i}` : name)),
        outputs: ['q'],
      },
      { op: 'MaxPool', inputs: ['q'], outputs: ['y'], attributes: { kernel_shape: [1, 1] } },
    ],
  });
  return runTensors(graph, { i0: inputs[0] as Tensor, i3: inputs[3] as Tensor })[0];
}

test('refuses what does not fit', () => {
  const [p, q, to] = pairs[0] as [Quantization, Quantization, Quantization];
  const a = { ...p, dims: [2], data: [1, 2] };
  const inputs = inputsOf(a, { ...a, ...q }, to);
  const op = 'com.microsoft.QLinearAdd';
  const change = (i: number, tensor: Tensor | undefined) => () =>
    runTyped({ op, inputs: inputs.map((own, j) => (i === j ? tensor : own)) });
  expect(change(0, new Tensor('float32', [1, 2]))).toThrow(/'input0' is float32, expected uint8 or int8/);
  expect(change(1, new Tensor('float32', [1, 2]))).toThrow(/'input1' is float32 \[2\], expected float32 with 1 elements/);
  expect(change(2, new Tensor('int8', [1], []))).toThrow(/its zero point 'input2' is int8/);
  expect(change(3, new Tensor('uint8', [1, 2, 3]))).toThrow(/do not broadcast/);
  expect(change(4, undefined)).toThrow(/leaves out its input 4/);
  expect(change(7, new Tensor('int32', [1], []))).toThrow(/'input[78]' is int32/);
});

test('zero points that are left out are 0', () => {
  const [p] = pairs[1] as [Quantization, Quantization, Quantization];
  const a = { ...p, dims: [3], data: [1, 2, 250] };
  const inputs = inputsOf(a, a, p);
  const [y] = runTyped({ op: 'com.microsoft.QLinearAdd', inputs: inputs.map((tensor, i) => ([2, 5, 7].includes(i) ? undefined : tensor)) });
  expect(y?.data).toEqual(Uint8Array.of(2, 4, 255));
});
