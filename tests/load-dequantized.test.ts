import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { summarize } from '../src/analysis/index.ts';
import { compileModel } from '../src/compiled/write.ts';
import { readOnnx } from '../src/formats/onnx/index.ts';
import { writeOnnx } from '../src/formats/onnx/writer.ts';
import { Tensor } from '../src/graph/tensor.ts';
import { type LoadOptions, load } from '../src/load.ts';
import type { Source } from '../src/source.ts';
import { encodeModel, type GraphSpec, type NodeSpec, type OnnxType, type TensorSpec } from './formats/onnx-writer.ts';
import { type DequantizeOptions, dequantize } from './reference/dequantize.ts';
import { array, random, sizeOf } from './reference/index.ts';

/** How a weight is stored, or as float32. */
interface Stored extends DequantizeOptions {
  type: Exclude<OnnxType, 'string'>;
  low: number;
  high: number;
  scales: (dims: readonly number[]) => number[];
  /** float32 where left out. */
  scaleType?: OnnxType;
  zero?: boolean;
}

const ways: Record<string, Stored> = {
  'int8, an axis': { type: 'int8', low: -127, high: 127, scales: ([out = 1]) => [out], axis: 0 },
  'uint8, the whole, with a zero point': { type: 'uint8', low: 0, high: 255, scales: () => [], zero: true },
  int16: { type: 'int16', low: -32768, high: 32767, scales: ([out = 1]) => [out], axis: 0 },
  'int4, blocks': {
    type: 'int4',
    low: -8,
    high: 7,
    scales: ([out = 1, depth = 1, ...rest]) => [out, Math.ceil(depth / 2), ...rest],
    axis: 1,
    block: 2,
  },
  'uint4, blocks with zero points': {
    type: 'uint4',
    low: 0,
    high: 15,
    scales: ([out = 1, ...rest]) => [Math.ceil(out / 3), ...rest],
    axis: 0,
    block: 3,
    zero: true,
  },
  'int2, float16 scales': { type: 'int2', low: -2, high: 1, scales: ([out = 1]) => [out], axis: 0, scaleType: 'float16' },
};

let seed = 1;

/** A weight in a model, stored or as float32; with a Transpose behind it where `perm` says so. */
function weight(
  name: string,
  dims: readonly number[],
  how: Stored | undefined,
  of: Stored,
  perm?: number[],
): { nodes: NodeSpec[]; initializers: TensorSpec[] } {
  seed += 10;
  const scales = of.scales(dims);
  const round = (list: Float64Array) => Array.from(list, Math.round);
  const q = array(dims, round(random(dims, seed, of.low - 0.4, of.high + 0.4).data));
  // Powers of two are exact in float16.
  const rounded = (value: number) => (of.scaleType ? 2 ** Math.round(Math.log2(value)) : Math.fround(value));
  const scale = array(
    scales,
    Array.from(random(scales, seed + 1, 1, 9).data, (value) => rounded(value / (of.high - of.low))),
  );
  const zero = of.zero ? array(scales, round(random(scales, seed + 2, of.low, of.high).data)) : undefined;
  const final = perm ? `${name}/stored` : name;
  const transpose: NodeSpec[] = perm ? [{ op: 'Transpose', inputs: [final], outputs: [name], attributes: { perm } }] : [];
  if (!how) {
    const data = Float32Array.from(dequantize(q, scale, zero, of).data);
    return { nodes: transpose, initializers: [{ name: final, dims, data }] };
  }
  const tensors = [
    { name: `${name}/q`, dims, type: of.type, data: Array.from(q.data) },
    { name: `${name}/scale`, dims: scales, type: of.scaleType ?? 'float32', data: Array.from(scale.data) },
    ...(zero ? [{ name: `${name}/zero`, dims: scales, type: of.type, data: Array.from(zero.data) }] : []),
  ];
  const node: NodeSpec = {
    op: 'DequantizeLinear',
    name: `${name}/dequantize`,
    inputs: tensors.map((tensor) => tensor.name),
    outputs: [final],
    attributes: { axis: of.axis ?? 1, ...(of.block ? { block_size: of.block } : {}) },
  };
  return { nodes: [node, ...transpose], initializers: tensors };
}

/** A small network whose weights are stored in a way, or as what that gives in float32. */
function network(of: Stored, stored: boolean): GraphSpec {
  seed = 1;
  const how = stored ? of : undefined;
  const weights = [
    weight('conv/w', [5, 3, 3, 3], how, of),
    weight('depthwise/w', [5, 1, 3, 3], how, of),
    weight('wide/w', [17, 5, 1, 1], how, of),
    weight('dense/w', [17 * 4, 10], how, of),
    weight('head/w', [7, 10], how, of, [1, 0]),
  ];
  const nodes: NodeSpec[] = [
    { op: 'Conv', name: 'conv', inputs: ['x', 'conv/w'], outputs: ['a'], attributes: { pads: [1, 1, 1, 1] } },
    { op: 'Relu', name: 'relu', inputs: ['a'], outputs: ['b'] },
    {
      op: 'Conv',
      name: 'depthwise',
      inputs: ['b', 'depthwise/w'],
      outputs: ['c'],
      attributes: { group: 5, strides: [2, 2], pads: [1, 1, 1, 1] },
    },
    { op: 'Conv', name: 'wide', inputs: ['c', 'wide/w', 'bias'], outputs: ['d'] },
    { op: 'MaxPool', name: 'pool', inputs: ['d'], outputs: ['e'], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
    { op: 'Flatten', name: 'flatten', inputs: ['e'], outputs: ['f'] },
    { op: 'Gemm', name: 'dense', inputs: ['f', 'dense/w'], outputs: ['g'] },
    { op: 'MatMul', name: 'head', inputs: ['g', 'head/w'], outputs: ['y'] },
  ];
  return {
    inputs: [{ name: 'x', dims: [2, 3, 8, 8] }],
    outputs: [{ name: 'y', dims: [2, 7] }],
    nodes: [...weights.flatMap((part) => part.nodes), ...nodes],
    initializers: [{ name: 'bias', data: Array.from(random([17], 99).data) }, ...weights.flatMap((part) => part.initializers)],
  };
}

const encoded = (of: Stored, stored: boolean) => encodeModel({ ...network(of, stored), opset: 21 });
const x = new Tensor('float32', Float32Array.from(random([2, 3, 8, 8], 5).data), [2, 3, 8, 8]);

async function outcome(source: Source, options: LoadOptions = {}) {
  const model = await load(source, options);
  const { y } = await model.run({ x });
  const { memory } = model;
  model.dispose();
  return { y, memory };
}

describe.each(Object.entries(ways))('weights of %s', (_, of) => {
  test('give the bits and take the memory of the same weights in float32', async () => {
    const expected = await outcome(encoded(of, false));
    expect(sizeOf(expected.y?.dims ?? [])).toBe(14);
    expect(await outcome(encoded(of, true))).toEqual(expected);
    expect(await outcome(encoded(of, true), { winograd: false })).toEqual(await outcome(encoded(of, false), { winograd: false }));
  });

  test('are counted, converted and compiled', async () => {
    const [stored, plain] = [readOnnx(encoded(of, true)), readOnnx(encoded(of, false))];
    expect(summarize(stored)).toEqual(summarize(plain));
    expect(summarize(stored).params).toBe(5 * 27 + 5 * 9 + 17 * 5 + 17 + 680 + 70);
    const expected = await outcome(encoded(of, false));
    expect(await outcome(writeOnnx(stored))).toEqual(expected);
    const [compiled, compiledPlain] = await Promise.all([compileModel(encoded(of, true)), compileModel(encoded(of, false))]);
    expect(compiled.length).toBe(compiledPlain.length);
    expect((await outcome(compiled)).y).toEqual(expected.y);
  });
});

test('weights of a large file are read as they are packed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-'));
  const dims = [512, 4096];
  const of: Stored = { type: 'int4', low: -8, high: 7, scales: () => [512, 128], axis: 1, block: 32 };
  const model = (stored: boolean) => {
    const parts = weight('w', dims, stored ? of : undefined, of);
    return encodeModel({
      ...parts,
      nodes: [...parts.nodes, { op: 'Gemm', inputs: ['x', 'w'], outputs: ['y'], attributes: { transB: 1 } }],
      inputs: [{ name: 'x', dims: [1, 4096] }],
      outputs: [{ name: 'y' }],
      opset: 21,
    });
  };
  try {
    const input = new Tensor('float32', Float32Array.from(random([1, 4096], 7).data), [1, 4096]);
    const results = [];
    for (const stored of [true, false]) {
      seed = 1;
      const path = join(folder, `${stored}.onnx`);
      writeFileSync(path, model(stored));
      const loaded = await load(path);
      results.push([await loaded.run({ x: input }), loaded.memory]);
      loaded.dispose();
    }
    expect(results[0]).toEqual(results[1]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('activations that are quantised run', async () => {
  const bytes = encodeModel({
    inputs: [{ name: 'x', dims: [4] }],
    outputs: [{ name: 'y' }],
    initializers: [{ name: 's', dims: [], data: [0.5] }],
    nodes: [
      { op: 'QuantizeLinear', name: 'q', inputs: ['x', 's'], outputs: ['t'] },
      { op: 'DequantizeLinear', name: 'd', inputs: ['t', 's'], outputs: ['y'] },
    ],
  });
  const model = await load(bytes);
  // Half to even, and no less than 0.
  expect((await model.run(Float32Array.of(1.3, -1, 0.25, 200))).y?.data).toEqual(Float32Array.of(1.5, 0, 0, 127.5));
  model.dispose();
});
