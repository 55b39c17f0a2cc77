import { bind } from '../../src/compiler/bind.ts';
import { simplify } from '../../src/compiler/passes/index.ts';
import type { Clamped } from '../../src/ops/clamp.ts';
import type { Node } from '../../src/ops/operator.ts';
import { type GraphSpec, graphOf, type NodeSpec } from '../kernels/graph.ts';
import { expectClose, runGraph } from '../kernels/run.ts';
import { type NdArray, random } from '../reference/index.ts';

const DIMS = [1, 4, 5, 5];

/** Weights of every kind over 4 channels. */
const constants = {
  w: random([4, 4, 3, 3], 1, -0.3, 0.3),
  u: random([4, 4, 3, 3], 2, -0.3, 0.3),
  d: random([4, 1, 3, 3], 3),
  b: random([4], 4),
  scale: random([4], 5, 0.5, 1.5),
  shift: random([4], 6),
  scale2: random([4], 7, 0.5, 1.5),
  mean: random([4], 8),
  variance: random([4], 9, 0.5, 2),
  perChannel: random([1, 4, 1, 1], 10),
  whole: random(DIMS, 11),
};

const conv = (input: string, output: string, rest: Partial<NodeSpec> = {}, weights = ['w', 'b']): NodeSpec => ({
  op: 'Conv',
  name: output,
  inputs: [input, ...weights],
  outputs: [output],
  attributes: { pads: [1, 1, 1, 1], ...rest.attributes },
});
const depthwise = (input: string, output: string) => conv(input, output, { attributes: { group: 4 } }, ['d', 'b']);
const bn = (input: string, output: string, statistics = ['scale', 'shift', 'mean', 'variance'], name = output): NodeSpec => ({
  op: 'BatchNormalization',
  name,
  inputs: [input, ...statistics],
  outputs: [output],
});
const unary =
  (op: string) =>
  (input: string, output: string): NodeSpec => ({ op, name: output, inputs: [input], outputs: [output] });
const [relu, identity, dropout] = [unary('Relu'), unary('Identity'), unary('Dropout')];
const add = (a: string, b: string, output: string): NodeSpec => ({ op: 'Add', name: output, inputs: [a, b], outputs: [output] });

/** `Conv(x, b, +y) clamp`: a node with its inputs that are no weights, and what was fused into it. */
function show({ op, inputs, attributes }: Node): string {
  const values = inputs.flatMap((value, i) => (value && !(value.constant && i > 0 && i < 3 && op.name === 'Conv') ? [value.name] : []));
  const fed = op.name === 'BatchNormalization' ? values.slice(0, 1) : values;
  const { clamp } = (attributes ?? {}) as Clamped;
  return `${op.name}(${fed.join(', ')})${clamp && op.name !== 'Relu' ? ' clamp' : ''}`;
}

interface Case {
  nodes: NodeSpec[];
  outputs?: string[];
  /** Constants that are fed instead. */
  fed?: (keyof typeof constants)[];
}

const specOf = ({ nodes, outputs, fed = [] }: Case): GraphSpec => {
  const all: Record<string, NdArray> = constants;
  const left = Object.fromEntries(Object.entries(all).filter(([name]) => !fed.includes(name as keyof typeof constants)));
  const dims = Object.fromEntries(fed.map((name) => [name, constants[name].dims]));
  return { inputs: { x: DIMS, ...dims }, constants: left, nodes, ...(outputs ? { outputs } : {}) };
};

/** The nodes after `rounds` of all passes, whose results must be those of the network as it is. */
function simplified(config: Case, rounds = 1): string[] {
  const spec = specOf(config);
  const feeds: Record<string, NdArray> = { x: random(DIMS, 20) };
  for (const name of config.fed ?? []) feeds[name] = constants[name];
  const expected = runGraph(graphOf(spec), feeds, { maxPasses: 0 });
  for (let maxPasses = 1; maxPasses <= 4; maxPasses++) {
    runGraph(graphOf(spec), feeds, { maxPasses }).forEach((actual, i) => {
      expectClose(actual, expected[i] as NdArray, 1e-5);
    });
  }
  const { network } = bind(graphOf(spec), { dims: new Map(Object.entries(spec.inputs) as [string, number[]][]) });
  for (let i = 0; i < rounds; i++) simplify(network, { verify: true });
  expect(network.outputs).toHaveLength(config.outputs?.length ?? 1);
  return network.nodes.map(show);
}

describe('removeIdentity', () => {
  test('Identity and Dropout give way, in chains and at outputs', () => {
    expect(simplified({ nodes: [identity('x', 'a'), relu('a', 'b1'), dropout('b1', 'c'), identity('c', 'e'), relu('e', 'f')] })).toEqual([
      'Relu(x)',
      'Relu(b1)',
    ]);
    expect(simplified({ nodes: [relu('x', 'a'), identity('a', 'y'), dropout('y', 'z')], outputs: ['z', 'y'] })).toEqual(['Relu(x)']);
  });

  test('one from an input to an output leaves the input as the output', () => {
    expect(simplified({ nodes: [identity('x', 'y')] })).toEqual([]);
    expect(simplified({ nodes: [identity('x', 'y'), relu('y', 'z')], outputs: ['y', 'z'] })).toEqual(['Relu(x)']);
    expect(simplified({ nodes: [identity('x', 'y'), relu('y', 'z')] })).toEqual(['Relu(x)']);
  });

  test('other passes see through it', () => {
    expect(simplified({ nodes: [conv('x', 'c'), dropout('c', 'e'), bn('e', 'n'), identity('n', 'm'), relu('m', 'y')] })).toEqual([
      'Conv(x) clamp',
    ]);
  });
});

describe('foldBatchNorm', () => {
  test.each<[string, Case]>([
    ['with bias', { nodes: [conv('x', 'c'), bn('c', 'y')] }],
    ['without bias', { nodes: [conv('x', 'c', {}, ['w']), bn('c', 'y')] }],
    ['depthwise', { nodes: [depthwise('x', 'c'), bn('c', 'y')] }],
    ['grouped', { nodes: [{ ...conv('x', 'c', { attributes: { group: 4 } }, ['d']) }, bn('c', 'y')] }],
    ['twice', { nodes: [conv('x', 'c'), bn('c', 'n'), bn('n', 'y', ['scale2', 'mean', 'shift', 'variance'])] }],
  ])('%s', (_, config) => expect(simplified(config)).toEqual(['Conv(x)']));

  test('Relu after it still fuses', () => {
    expect(simplified({ nodes: [conv('x', 'c'), bn('c', 'n'), relu('n', 'y')] })).toEqual(['Conv(x) clamp']);
  });

  test.each<[string, Case, string[]]>([
    [
      'a value with another reader',
      { nodes: [conv('x', 'c'), bn('c', 'n'), relu('c', 'r')], outputs: ['n', 'r'] },
      ['Conv(x)', 'BatchNormalization(c)', 'Relu(c)'],
    ],
    ['a value that is an output', { nodes: [conv('x', 'c'), bn('c', 'n')], outputs: ['n', 'c'] }, ['Conv(x)', 'BatchNormalization(c)']],
    ['weights that are fed', { nodes: [conv('x', 'c'), bn('c', 'n')], fed: ['w'] }, ['Conv(x, w)', 'BatchNormalization(c)']],
    ['a bias that is fed', { nodes: [conv('x', 'c'), bn('c', 'n')], fed: ['b'] }, ['Conv(x, b)', 'BatchNormalization(c)']],
    ['statistics that are fed', { nodes: [conv('x', 'c'), bn('c', 'n')], fed: ['variance'] }, ['Conv(x)', 'BatchNormalization(c)']],
    ['no convolution before', { nodes: [relu('x', 'r'), bn('r', 'n')] }, ['Relu(x)', 'BatchNormalization(r)']],
    ['an input', { nodes: [bn('x', 'n'), relu('n', 'r')] }, ['BatchNormalization(x) clamp']],
  ])('not: %s', (_, config, nodes) => expect(simplified(config)).toEqual(nodes));

  test('not into a convolution that clamps or has a residual already', () => {
    expect(simplified({ nodes: [conv('x', 'c'), relu('c', 'r'), bn('r', 'n')] }, 2)).toEqual(['Conv(x) clamp', 'BatchNormalization(r)']);
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 's'), bn('s', 'n')] }, 2)).toEqual(['Conv(x, x)', 'BatchNormalization(s)']);
  });

  test('two convolutions with the same weights keep their own normalisation, whatever the nodes are called', () => {
    const nodes = [
      conv('x', 'c1'),
      conv('x', 'c2'),
      bn('c1', 'y1', undefined, 'norm'),
      bn('c2', 'y2', ['scale2', 'mean', 'shift', 'variance'], 'norm'),
    ];
    expect(simplified({ nodes, outputs: ['y1', 'y2'] })).toEqual(['Conv(x)', 'Conv(x)']);
  });
});

describe('fuseResidual', () => {
  test('a shortcut, on either side', () => {
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 'y')] })).toEqual(['Conv(x, x)']);
    expect(simplified({ nodes: [conv('x', 'c'), add('x', 'c', 'y')] })).toEqual(['Conv(x, x)']);
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 's'), relu('s', 'y')] })).toEqual(['Conv(x, x) clamp']);
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'whole', 'y')] })).toEqual(['Conv(x, whole)']);
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 'y')], fed: ['w'] })).toEqual(['Conv(x, w, x)']);
  });

  test('of two convolutions the later one takes the earlier', () => {
    for (const [a, b] of [
      ['c', 'e'],
      ['e', 'c'],
    ] as const) {
      expect(simplified({ nodes: [conv('x', 'c'), conv('x', 'e', {}, ['u']), add(a, b, 'y')] })).toEqual(['Conv(x)', 'Conv(x, c)']);
    }
  });

  test('a chain of blocks', () => {
    const block = (from: string, to: string) => [
      conv(from, `${to}1`),
      relu(`${to}1`, `${to}2`),
      conv(`${to}2`, `${to}3`, {}, ['u']),
      bn(`${to}3`, `${to}4`),
      add(`${to}4`, from, `${to}5`),
      relu(`${to}5`, to),
    ];
    expect(simplified({ nodes: [...block('x', 'p'), ...block('p', 'q')] })).toEqual([
      'Conv(x) clamp',
      'Conv(p2, x) clamp',
      'Conv(p) clamp',
      'Conv(q2, p) clamp',
    ]);
  });

  test.each<[string, Case, string[]]>([
    ['depthwise', { nodes: [depthwise('x', 'c'), add('c', 'x', 'y')] }, ['Conv(x)', 'Add(c, x)']],
    ['a broadcast', { nodes: [conv('x', 'c'), add('c', 'perChannel', 'y')] }, ['Conv(x)', 'Add(c, perChannel)']],
    ['a value added to itself', { nodes: [conv('x', 'c'), add('c', 'c', 'y')] }, ['Conv(x)', 'Add(c, c)']],
    [
      'a value with another reader',
      { nodes: [conv('x', 'c'), add('c', 'x', 's'), add('s', 'c', 'y')] },
      ['Conv(x)', 'Add(c, x)', 'Add(s, c)'],
    ],
    ['a value that is an output', { nodes: [conv('x', 'c'), add('c', 'x', 'y')], outputs: ['c', 'y'] }, ['Conv(x)', 'Add(c, x)']],
    ['no convolution', { nodes: [relu('x', 'r'), add('r', 'x', 'y')] }, ['Relu(x)', 'Add(r, x)']],
    ['a clamp between', { nodes: [conv('x', 'c'), relu('c', 'r'), add('r', 'x', 'y')] }, ['Conv(x) clamp', 'Add(r, x)']],
  ])('not: %s', (_, config, nodes) => expect(simplified(config, 2)).toEqual(nodes));

  test('one residual is all that a convolution takes', () => {
    expect(simplified({ nodes: [conv('x', 'c'), add('c', 'x', 's'), add('s', 'whole', 'y')] }, 2)).toEqual(['Conv(x, x)', 'Add(s, whole)']);
  });
});

describe('fuseClamp', () => {
  test('into convolutions, depthwise ones too, sums and normalisations', () => {
    expect(simplified({ nodes: [conv('x', 'c'), relu('c', 'y')] })).toEqual(['Conv(x) clamp']);
    expect(simplified({ nodes: [depthwise('x', 'c'), relu('c', 'y')] })).toEqual(['Conv(x) clamp']);
    expect(simplified({ nodes: [add('x', 'perChannel', 's'), relu('s', 'y')] })).toEqual(['Add(x, perChannel) clamp']);
    expect(simplified({ nodes: [bn('x', 'n'), relu('n', 'y')] })).toEqual(['BatchNormalization(x) clamp']);
    expect(simplified({ nodes: [conv('x', 'c'), relu('c', 'y')], fed: ['w'] })).toEqual(['Conv(x, w) clamp']);
  });

  test.each<[string, Case, string[]]>([
    ['a value with another reader', { nodes: [conv('x', 'c'), relu('c', 'r'), add('r', 'c', 'y')] }, ['Conv(x)', 'Relu(c)', 'Add(r, c)']],
    ['a value that is an output', { nodes: [conv('x', 'c'), relu('c', 'y')], outputs: ['y', 'c'] }, ['Conv(x)', 'Relu(c)']],
    ['two of them', { nodes: [conv('x', 'c'), relu('c', 'r'), relu('c', 'y')], outputs: ['r', 'y'] }, ['Conv(x)', 'Relu(c)', 'Relu(c)']],
    ['an input', { nodes: [relu('x', 'y')] }, ['Relu(x)']],
  ])('not: %s', (_, config, nodes) => expect(simplified(config)).toEqual(nodes));

  test('a convolution that clamps already keeps its clamp', () => {
    expect(simplified({ nodes: [conv('x', 'c'), relu('c', 'r'), relu('r', 'y')] }, 2)).toEqual(['Conv(x) clamp', 'Relu(r)']);
  });
});
