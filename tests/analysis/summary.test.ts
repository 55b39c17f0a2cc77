import { formatSummary, type Graph, summarize } from '../../src/analysis/index.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { failure } from '../failure.ts';
import { graphOf, int64 } from '../kernels/graph.ts';
import { array, random } from '../reference/index.ts';
import { alexnet2012, shaped } from './alexnet2012.ts';

/** A module with paths, as GoogLeNet has them, then classes. */
function paths(): Graph {
  const net = new GraphBuilder('paths');
  const x = net.input('picture', ['N', 3, 12, 16]);
  const conv = (from: string, name: string, dims: number[], padding = 0) => {
    const pads = [padding, padding, padding, padding];
    return net.node('Conv', [from, net.constant(shaped(`${name}.weight`, dims))], { name, attributes: { pads } });
  };
  const one = net.node('Relu', [conv(x, 'mixed.one', [64, 3, 1, 1])]);
  const three = conv(conv(x, 'mixed.before', [4, 3, 1, 1]), 'mixed.three', [128, 4, 3, 3], 1);
  const five = conv(x, 'mixed.five', [32, 3, 5, 5], 2);
  const pooled = net.node('MaxPool', [x], { attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } });
  const joined = net.node('Concat', [one, three, five, conv(pooled, 'mixed.pooled', [32, 3, 1, 1])], { attributes: { axis: 1 } });
  const means = net.node('Flatten', [net.node('GlobalAveragePool', [joined])]);
  net.output('classes', net.node('Gemm', [means, net.constant(shaped('fc.weight', [10, 256]))], { name: 'fc', attributes: { transB: 1 } }));
  return net.build();
}

test('a layer: shapes, parameters, multiply-accumulates, bytes, field', () => {
  const { inputs, layers, ...totals } = summarize(paths());
  expect(inputs).toEqual([{ name: 'picture', type: 'float32', dims: [1, 3, 12, 16] }]);
  expect(layers.find(({ name }) => name === 'mixed.three')).toEqual({
    name: 'mixed.three',
    op: 'Conv',
    inputs: [[1, 4, 12, 16]],
    output: [1, 128, 12, 16],
    params: 4608,
    macs: 4608 * 12 * 16,
    activationBytes: 4 * 128 * 12 * 16,
    receptiveField: [3, 3],
    receptiveFieldStride: [1, 1],
    receptiveFieldOffset: [-1, -1],
  });
  expect(layers.find(({ op }) => op === 'Concat')).toMatchObject({
    inputs: [64, 128, 32, 32].map((channels) => [1, channels, 12, 16]),
    output: [1, 256, 12, 16],
    receptiveField: [5, 5],
  });
  expect(totals).toEqual({
    params: layers.reduce((sum, { params }) => sum + params, 0),
    macs: layers.reduce((sum, { macs }) => sum + macs, 0),
    activationBytes: layers.reduce((sum, { activationBytes }) => sum + activationBytes, 0),
  });
});

test('an open batch is 1, or what is said; dims may be a Map, and a network of layers does as well', () => {
  const one = summarize(paths());
  const four = summarize(paths(), { picture: [4, 3, 12, 16] });
  expect([four.params, four.macs, four.activationBytes]).toEqual([one.params, 4 * one.macs, 4 * one.activationBytes]);
  expect(summarize({ graph: paths }, new Map([['picture', [4, 3, 12, 16]]]))).toEqual(four);
});

test('shapes that do not fit, are missing or name nothing; what is no graph', () => {
  const open = graphOf({ inputs: { x: ['N', 3, 'height', ''] }, nodes: [{ op: 'Relu', inputs: ['x'] }] });
  for (const [run, message] of [
    [() => summarize(paths(), { picture: [1, 3, 12] }), /input 'picture' takes \[N, 3, 12, 16\], got \[1, 3, 12\]/],
    [() => summarize(paths(), { picture: [1.5, 3, 12, 16] }), /input 'picture' has dimension 1\.5/],
    [() => summarize(paths(), { picture: 'large' as never }), /input 'picture' needs its dimensions as a list/],
    [() => summarize(paths(), { other: [1] }), /there is no input 'other'; there are 'picture'/],
    [() => summarize(paths(), 7 as never), /shapes are an object/],
    [() => summarize(paths(), null as never), /shapes are an object/],
    [() => summarize(open), /input 'x' leaves dimensions open: give the shape of \[N, 3, height, \?\]/],
    [() => summarize(paths(), {}, null as never), /options of summarize are an object/],
    ...['1', Number.NaN, -1, null].map(
      (memoryLimit) => [() => summarize(paths(), {}, { memoryLimit: memoryLimit as never }), /option memoryLimit takes bytes/] as const,
    ),
    [() => summarize(paths(), {}, { values: {} as never }), /option values takes a Map/],
    [() => summarize(paths(), {}, { operators: new Array(1) }), /option operators takes a list/],
    ...[undefined, null, 7, {}].map((value) => [() => formatSummary(value as never), /takes what summarize gives/] as const),
    ...[undefined, null, 7, 'model.onnx', {}, { nodes: [], inputs: [] }, new Uint8Array(4), { graph: () => 7 }].map(
      (source) => [() => summarize(source as never), /a summary is made of a graph/] as const,
    ),
  ] as const) {
    expect(failure(run)).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(message) });
  }
});

describe('parameters', () => {
  const params = (op: string, inputs: string[], constants: Parameters<typeof graphOf>[0]['constants'], dims = [1, 6, 4, 4]) =>
    summarize(graphOf({ inputs: { x: dims }, ...(constants ? { constants } : {}), nodes: [{ op, inputs }] })).params;

  test('of a batch-norm: scale and bias, not the statistics', () => {
    const vectors = ['scale', 'bias', 'mean', 'variance'];
    const constants = Object.fromEntries(vectors.map((name) => [name, random([6], 1, 1, 2)]));
    expect(params('BatchNormalization', ['x', ...vectors], constants)).toBe(12);
  });

  test('biases and scales that stand as arithmetic, slopes, not the numbers of a formula nor shapes', () => {
    expect(params('Add', ['x', 'b'], { b: random([6, 1, 1], 1) })).toBe(6);
    expect(params('Div', ['x', 'b'], { b: array([], [6]) })).toBe(0);
    expect(params('Max', ['x', 'b'], { b: random([6, 1, 1], 1) })).toBe(0);
    expect(params('PRelu', ['x', 'b'], { b: array([1], [0.25]) })).toBe(1);
    expect(params('Reshape', ['x', 's'], { s: int64('s', [6, 16]) })).toBe(0);
    expect(params('Pad', ['x', 's', 'v'], { s: int64('s', [0, 0, 1, 1, 0, 0, 1, 1]), v: array([], [1]) })).toBe(0);
  });

  test('what is computed from the shapes of inputs is none', () => {
    const nodes = [
      { op: 'Shape', inputs: ['x'], outputs: ['s'] },
      { op: 'ConstantOfShape', inputs: ['s'], outputs: ['zeros'] },
      { op: 'Add', inputs: ['x', 'zeros'] },
    ];
    expect(summarize(graphOf({ inputs: { x: ['N', 6] }, nodes }), { x: [2, 6] }).params).toBe(0);
  });

  test("an operator of the user's is not ONNX's of the same name", () => {
    const relu = defineOp({ name: 'Relu', domain: 'my.ops', inputs: 2, run() {} });
    const nodes = [{ op: 'Relu', domain: 'my.ops', inputs: ['x', 'slopes'] }];
    const graph = graphOf({ inputs: { x: [1, 6, 4, 4] }, constants: { slopes: random([6], 1) }, nodes });
    const [layer] = summarize(graph, {}, { operators: [relu] }).layers;
    expect(layer?.params).toBe(6);
    // What it sees is not known.
    expect(layer).not.toHaveProperty('receptiveField');
  });

  test('weights that layers share count once in total', () => {
    const nodes = [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] },
      { op: 'MatMul', inputs: ['y', 'w'] },
    ];
    const { layers, params } = summarize(graphOf({ inputs: { x: [1, 8] }, constants: { w: random([8, 8], 1) }, nodes }));
    expect([layers.map((layer) => layer.params), params]).toEqual([[64, 64], 64]);
  });
});

test('several outputs are all told, and what only a run can size is not', () => {
  const split = graphOf({
    inputs: { x: [1, 6] },
    nodes: [{ op: 'Split', inputs: ['x'], outputs: ['a', 'b'], attributes: { axis: 1 } }],
    outputs: ['a', 'b'],
  });
  expect(summarize(split).layers[0]).toMatchObject({
    output: [1, 3],
    outputs: [
      [1, 3],
      [1, 3],
    ],
    activationBytes: 24,
  });
  const late = graphOf({ inputs: { x: [4, 4] }, nodes: [{ op: 'NonZero', inputs: ['x'], name: 'late' }] });
  expect(summarize(late).layers).toEqual([{ name: 'late', op: 'NonZero', inputs: [], params: 0, macs: 0, activationBytes: 0 }]);
  expect(formatSummary(summarize(late))).toMatch(/^late +NonZero +\? +– +– +\? +– +– +–$/m);
});

/** The table's first column for activations of these names, one behind the other. */
function labels(...names: string[]): string[] {
  const nodes = names.map((name, i) => ({ op: 'Relu', name, inputs: [i === 0 ? 'x' : `y${i - 1}`], outputs: [`y${i}`] }));
  const lines = formatSummary(summarize(graphOf({ inputs: { x: [1, 2, 4, 4] }, nodes }))).split('\n');
  return lines.slice(3, -2).map((line) =>
    line
      .slice(0, 38)
      .replace(/(\S) .*/, '$1')
      .trimEnd(),
  );
}

describe('the table', () => {
  const lines = formatSummary(summarize(paths())).split('\n');

  test('its columns, modules, paths and totals', () => {
    expect(lines[0]).toMatch(/^layer +operator +output +params +MACs +bytes +sees +stride +offset$/);
    expect(lines[2]).toMatch(/^picture +input +1×3×12×16 +– +– +– +– +– +–$/);
    expect(lines[3]).toBe('mixed');
    expect(lines.find((line) => line.startsWith('  three'))).toMatch(
      /^ {2}three +Conv +1×128×12×16 +4,608 +884,736 +96\.0 KiB +3×3 +1 +-1$/,
    );
    expect(lines.find((line) => line.includes('Concat'))).toMatch(/Concat 64\+128\+32\+32 +1×256×12×16 +– +– +192\.0 KiB +5×5 +1 +-2$/);
    expect(lines.at(-3)).toMatch(/^fc +Gemm +1×10 +2,560 +2,560 +40 B +all +– +–$/);
    expect(lines.at(-1)).toMatch(/^total +[\d,]+ +[\d,]+ +[\d.]+ KiB$/);
  });

  test('long concatenations are abbreviated', () => {
    const inputs = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`x${i}`, [1, i < 2 ? 64 : 32, 4, 4]]));
    const runs = graphOf({ inputs, nodes: [{ op: 'Concat', inputs: Object.keys(inputs), attributes: { axis: 1 } }] });
    expect(formatSummary(summarize(runs))).toMatch(/Concat 2·64\+7·32 /);
    const mixed = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`x${i}`, [1, 16 + i, 4, 4]]));
    const many = graphOf({ inputs: mixed, nodes: [{ op: 'Concat', inputs: Object.keys(mixed), attributes: { axis: 1 } }] });
    expect(formatSummary(summarize(many))).toMatch(/Concat 16\+17\+…\+24 /);
  });

  test('names as PyTorch writes them are grouped too, and very long ones cut', () => {
    const long = `${'a'.repeat(60)}end`;
    expect(labels('/layer1/layer1.0/act1/Relu', '/layer1/layer1.0/act2/Relu', '/last/Relu', long)).toEqual([
      '/layer1/layer1.0',
      '  act1',
      '  act2',
      '/last/Relu',
      `…${'a'.repeat(32)}end`,
    ]);
  });

  test('what a module does itself stands under its name, what only has a name as long does not', () => {
    expect(labels('block.a', 'block.b', 'block')).toEqual(['block', '  a', '  b', '  Relu']);
    expect(labels('aa.x', 'aa.y', 'bb.z')).toEqual(['aa', '  x', '  y', 'bb.z']);
  });

  test('a layer that sees a single pixel does not see all', () => {
    const relu = graphOf({ inputs: { x: [1, 2, 4, 4] }, nodes: [{ op: 'Relu', name: 'act', inputs: ['x'] }] });
    expect(formatSummary(summarize(relu))).toMatch(/^act .* 1×1 +1 +0$/m);
  });

  test('fits 120 columns', () => {
    expect(
      Math.max(
        ...formatSummary(summarize(alexnet2012()))
          .split('\n')
          .map(({ length }) => length),
      ),
    ).toBeLessThanOrEqual(120);
  });
});
