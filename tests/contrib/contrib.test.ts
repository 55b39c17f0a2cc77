import { summarize } from '../../src/analysis/index.ts';
import { compileModel } from '../../src/compiled/write.ts';
import { readOnnx } from '../../src/formats/onnx/index.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { load } from '../../src/load.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { encodeModel, type ModelSpec, type NodeSpec } from '../formats/onnx-writer.ts';
import { array, maxError, random } from '../reference/index.ts';
import { type ContribCase, contribCases, feedsOf, modelOf } from './cases.ts';

test.each(contribCases.map((spec) => [spec.name, spec] as const))('%s', async (_, spec) => {
  // Weights are initializers, or what the network computes.
  for (const constants of [[], [1, 2]]) {
    const model = await load(encodeModel(modelOf(spec, constants)));
    const feeds = Object.fromEntries(Object.entries(feedsOf(spec)).filter(([name]) => model.inputs.some((input) => input.name === name)));
    const outputs = await model.run(feeds);
    model.dispose();
    for (const [i, expected] of spec.expected.entries()) {
      const actual = outputs[`y${i}`];
      if (!expected) {
        expect(actual).toBeUndefined();
        continue;
      }
      expect([actual?.type, actual?.dims]).toEqual([spec.type ?? 'float32', expected.dims]);
      const size = Math.max(...expected.data.map(Math.abs));
      expect(maxError(array(expected.dims, Float64Array.from(actual?.data ?? [], Number)).data, expected)).toBeLessThanOrEqual(2e-6 * size);
    }
  }
});

/** A convolution with all that it may be fused with. */
const spec: ModelSpec = {
  opset: { '': 13, 'com.microsoft': 1 },
  inputs: [{ name: 'x', dims: [1, 3, 6, 6] }],
  outputs: [{ name: 'y', dims: [1, 4, 6, 6] }],
  initializers: [
    { name: 'w', dims: [4, 3, 3, 3], data: random([4, 3, 3, 3], 1).data },
    { name: 'b', data: random([4], 2).data },
  ],
  nodes: [
    {
      op: 'FusedConv',
      domain: 'com.microsoft',
      name: 'conv',
      inputs: ['x', 'w', 'b'],
      outputs: ['y'],
      attributes: { activation: 'Relu', pads: [1, 1, 1, 1] },
    },
  ],
};
const conv = spec.nodes?.[0] as NodeSpec;
const apart: ModelSpec = {
  ...spec,
  nodes: [
    { ...conv, domain: '', op: 'Conv', outputs: ['c'], attributes: { pads: [1, 1, 1, 1] } },
    { op: 'Relu', name: 'conv', inputs: ['c'], outputs: ['y'] },
  ],
};
const feeds = { x: new Tensor('float32', Float32Array.from(random([1, 3, 6, 6], 3).data), [1, 3, 6, 6]) };

const run = async (bytes: Uint8Array) => {
  const model = await load(bytes);
  const { y } = await model.run(feeds);
  const { memory } = model;
  model.dispose();
  return { y, memory };
};

test('a network takes the memory and gives the bits of one with the operators apart; it is summarised, written and compiled', async () => {
  const expected = await run(encodeModel(apart));
  expect(await run(encodeModel(spec))).toEqual(expected);
  const graph = readOnnx(encodeModel(spec));
  expect(summarize(graph)).toEqual(summarize(readOnnx(encodeModel(apart))));
  const written = writeOnnx(graph);
  expect(readOnnx(written).nodes[0]).toMatchObject({ op: 'FusedConv', domain: 'com.microsoft' });
  expect(await run(written)).toEqual(expected);
  expect((await run(await compileModel(encodeModel(spec)))).y).toEqual(expected.y);
});

test('branches and functions may hold them', async () => {
  const branch = (op: string) => ({
    graph: { nodes: [{ op, domain: 'com.microsoft', name: op, inputs: ['x'], outputs: ['t'] }], outputs: [{ name: 't' }] },
  });
  const model = await load(
    encodeModel({
      opset: { '': 13, 'com.microsoft': 1, d: 1 },
      inputs: [
        { name: 'x', dims: [3] },
        { name: 'flag', type: 'bool', dims: [] },
      ],
      outputs: [{ name: 'y' }, { name: 'z' }],
      nodes: [
        { op: 'If', inputs: ['flag'], outputs: ['y'], attributes: { then_branch: branch('QuickGelu'), else_branch: branch('Gelu') } },
        { op: 'F', domain: 'd', inputs: ['x'], outputs: ['z'] },
      ],
      functions: [
        {
          domain: 'd',
          name: 'F',
          inputs: ['a'],
          outputs: ['b'],
          opset: { 'com.microsoft': 1 },
          nodes: [{ op: 'QuickGelu', domain: 'com.microsoft', inputs: ['a'], outputs: ['b'] }],
        },
      ],
    }),
  );
  const x = new Tensor('float32', [-1, 0.5, 2]);
  const outcomes = [];
  for (const flag of [1, 0]) outcomes.push(await model.run({ x, flag: new Tensor('bool', [flag], []) }));
  model.dispose();
  expect(outcomes[0]?.y).toEqual(outcomes[0]?.z);
  expect(outcomes[1]?.y).not.toEqual(outcomes[1]?.z);
});

test('operators of the options stand in for them', async () => {
  const own = defineOp({
    domain: 'com.microsoft',
    name: 'FusedConv',
    inputs: 3,
    attributes: { activation: { type: 'string' }, pads: { type: 'ints' } },
    inferShape: () => ({ dims: [1, 4, 6, 6] }),
    run: ({ outputs: [y] }) => void (y.data as Float32Array).fill(7),
  });
  const model = await load(encodeModel(spec), { operators: [own] });
  const { y } = await model.run(feeds);
  model.dispose();
  expect(new Set(y?.data as Float32Array)).toEqual(new Set([7]));
});

describe('are refused', () => {
  const named = (name: string): ContribCase => contribCases.find((spec) => spec.name === name) as ContribCase;
  const change = (name: string, more: Partial<ContribCase>): ModelSpec => modelOf({ ...named(name), ...more });
  test.each<[string, ModelSpec, string, string]>([
    ['an operator that is none of them', change('Gelu', { op: 'Attention' }), 'UNSUPPORTED', 'com.microsoft.Attention'],
    [
      'an activation that is not known',
      change('FusedConv Relu', { attributes: { activation: 'toString' } }),
      'UNSUPPORTED',
      "com.microsoft.FusedConv 'node': activation 'toString' is not supported",
    ],
    [
      'an activation without its numbers',
      change('FusedConv Clip', { attributes: { activation: 'Clip', activation_params: { floats: [1] } } }),
      'INVALID_MODEL',
      "attribute 'activation' is Clip, whose 'max' is not given",
    ],
    [
      'numbers that are none',
      change('FusedConv Clip', { attributes: { activation: 'Clip', activation_params: 'x' } }),
      'INVALID_MODEL',
      "attribute 'activation_params' is not a list of numbers",
    ],
    [
      'an attribute that is not known',
      change('Gelu', { attributes: { more: 1 } }),
      'UNSUPPORTED',
      "attribute 'more' is not known at this opset",
    ],
    [
      'an attribute that is not known to what it stands for',
      change('FusedGemm Relu', { attributes: { activation: 'Relu', more: 1 } }),
      'UNSUPPORTED',
      "attribute 'more' is not known",
    ],
    ['too few inputs', change('BiasGelu', { inputs: [random([4], 1)] }), 'INVALID_MODEL', 'leaves out its input 1, which it needs'],
    ['too many inputs', change('Gelu', { inputs: [random([4], 1), random([4], 1)] }), 'UNSUPPORTED', '2 inputs; 1 are supported'],
    ['too many outputs', change('Gelu', { expected: [random([4], 1), random([4], 1)] }), 'UNSUPPORTED', '2 outputs; 1 are supported'],
    ['no output', change('Gelu', { expected: [undefined] }), 'INVALID_MODEL', 'has no first output'],
  ])('with %s', async (_, spec, code, message) => {
    await expect(load(encodeModel(spec))).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});
