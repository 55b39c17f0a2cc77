import { int64, type NodeSpec } from '../kernels/graph.ts';
import { array, random } from '../reference/index.ts';
import { add, bn, type Case, conv, relu, simplified } from './simplified.ts';

const node = (op: string, inputs: string[], output: string, attributes: NodeSpec['attributes'] = {}): NodeSpec => ({
  op,
  name: output,
  inputs,
  outputs: [output],
  attributes,
});
const number = (value: number) => array([], Float32Array.of(value));
const numbers = { zero: number(0), one: number(1), three: number(3), six: number(6), half: number(0.5), root: number(Math.SQRT2) };

describe('canonicalize', () => {
  test('Sum of two is Add, and takes part in what Add does', () => {
    expect(simplified({ nodes: [conv('x', 'c'), node('Sum', ['c', 'x'], 's'), relu('s', 'y')] })).toEqual(['Conv(x, x) clamp']);
  });

  test('limits that are known become a clamp', () => {
    expect(simplified({ nodes: [conv('x', 'c'), node('Clip', ['c', 'zero', 'six'], 'y')], more: numbers })).toEqual(['Conv(x) clamp']);
    expect(simplified({ nodes: [conv('x', 'c'), node('Clip', ['c', '', 'one'], 'y')], more: numbers })).toEqual(['Conv(x) clamp']);
    const attributes = { min: -0.5, max: 0.5 };
    expect(simplified({ nodes: [conv('x', 'c'), node('Clip', ['c'], 'y', attributes)], opset: 9 })).toEqual(['Conv(x) clamp']);
  });

  test('transposes that undo each other are gone', () => {
    const [there, back] = [{ perm: [0, 2, 3, 1] }, { perm: [0, 3, 1, 2] }];
    const nodes = [relu('x', 'r'), node('Transpose', ['r'], 't', there), node('Transpose', ['t'], 'u', back), conv('u', 'y')];
    expect(simplified({ nodes })).toEqual(['Relu(x)', 'Conv(r)']);
  });
});

describe('removeDead', () => {
  test('chains that lead nowhere go, and no longer keep others from fusing', () => {
    const nodes = [conv('x', 'c'), node('Sigmoid', ['c'], 's'), node('Exp', ['s'], 'e'), relu('c', 'y')];
    expect(simplified({ nodes })).toEqual(['Conv(x) clamp']);
  });
});

describe('removeIdentity', () => {
  const same = { more: { dims: int64('dims', [1, 4, 5, 5]), nothing: int64('nothing', [0, 0, 0, 0, 0, 0, 0, 0]) } };
  const slices = { starts: int64('starts', [0]), ends: int64('ends', [9]), axes: int64('axes', [2]) };
  test.each<[string, NodeSpec, Case['more']]>([
    ['Reshape to what it is', node('Reshape', ['r', 'dims'], 'i'), same.more],
    ['Expand to what it is', node('Expand', ['r', 'dims'], 'i'), same.more],
    ['Pad by nothing', node('Pad', ['r', 'nothing'], 'i'), same.more],
    ['Cast to what it is', node('Cast', ['r'], 'i', { to: 1 }), {}],
    ['Concat of one', node('Concat', ['r'], 'i', { axis: 1 }), {}],
    ['Slice of all', node('Slice', ['r', 'starts', 'ends', 'axes'], 'i'), slices],
  ])('%s', (_, spec, more = {}) => {
    expect(simplified({ nodes: [relu('x', 'r'), spec, conv('i', 'y')], more })).toEqual(['Relu(x)', 'Conv(r)']);
  });

  test('not a Slice that runs backwards, nor a Cast that rounds', () => {
    const backwards = { starts: int64('starts', [-1]), ends: int64('ends', [-9]), axes: int64('axes', [3]), steps: int64('steps', [-1]) };
    const reverse = node('Slice', ['x', 'starts', 'ends', 'axes', 'steps'], 'y');
    expect(simplified({ nodes: [reverse], more: backwards })).toEqual(['Slice(x, starts, ends, axes, steps)']);
    expect(simplified({ nodes: [node('Cast', ['x'], 'y', { to: 10 })] })).toEqual(['Cast(x)']);
  });
});

describe('foldAffine', () => {
  const factor = { factor: random([4, 1, 1], 1), square: random([5, 5], 2), positive: random([1, 4, 1, 1], 3, 0.5, 2) };

  test('batch-norm that is written as Mul and Add', () => {
    const nodes = [conv('x', 'c'), node('Mul', ['c', 'factor'], 'm'), add('m', 'perChannel', 's'), relu('s', 'y')];
    expect(simplified({ nodes, more: factor })).toEqual(['Conv(x) clamp']);
  });

  test.each<[string, NodeSpec]>([
    ['a number times it', node('Mul', ['half', 'c'], 'y')],
    ['it minus a number', node('Sub', ['c', 'half'], 'y')],
    ['it divided by channels', node('Div', ['c', 'positive'], 'y')],
    ['a sum that comes first', node('Add', ['factor', 'c'], 'y')],
  ])('%s', (_, spec) => {
    expect(simplified({ nodes: [conv('x', 'c'), spec], more: { ...factor, ...numbers } })).toEqual(['Conv(x)']);
    expect(simplified({ nodes: [conv('x', 'c', {}, ['w']), spec], more: { ...factor, ...numbers } })).toEqual(['Conv(x)']);
  });

  test('into transposed convolutions, with groups too', () => {
    for (const group of [1, 2]) {
      const weights = random([4, 4 / group, 3, 2], 4);
      const up = node('ConvTranspose', ['x', 'wt', 'b'], 'c', { group, strides: [2, 2] });
      const folded = simplified({ nodes: [up, bn('c', 'y')], more: { wt: weights } });
      expect(folded).toHaveLength(1);
    }
  });

  test('into dense layers, whichever way their weights lie, with alpha and beta', () => {
    for (const transB of [0, 1]) {
      const more = { dense: random(transB ? [3, 100] : [100, 3], 5), row: random([3], 6), positive: random([3], 7, 0.5, 2) };
      const gemm = node('Gemm', ['flat', 'dense', 'row'], 'g', { transB, alpha: 0.5, beta: 2 });
      const nodes = [node('Flatten', ['x'], 'flat'), gemm, bn('g', 'y', ['positive', 'row', 'row', 'positive'])];
      expect(simplified({ nodes, more, tolerance: 1e-4 })).toHaveLength(2);
    }
  });

  test('not: by 0 or infinity, which a sum of products and a product of sums see differently', () => {
    expect(simplified({ nodes: [conv('x', 'c'), node('Div', ['c', 'zero'], 'y')], more: numbers })).toEqual(['Conv(x)', 'Div(c, zero)']);
  });

  test.each<[string, NodeSpec, string]>([
    ['a constant for each pixel', node('Mul', ['c', 'square'], 'y'), 'Mul(c, square)'],
    ['a number minus it', node('Sub', ['half', 'c'], 'y'), 'Sub(half, c)'],
    ['a number divided by it', node('Div', ['half', 'c'], 'y'), 'Div(half, c)'],
  ])('not: %s', (_, spec, shown) => {
    // Away from 0, where a quotient would make every rounding large.
    const away = random([4], 8, 30, 40);
    const result = simplified({ nodes: [conv('x', 'c', {}, ['w', 'away']), spec], more: { ...factor, ...numbers, away }, tolerance: 1e-4 });
    expect(result).toEqual(['Conv(x)', shown]);
  });
});

describe('fusePad', () => {
  const pads = (...list: number[]) => ({ pads: int64('pads', list), minus: number(-1) });
  const window = { kernel_shape: [3, 3] };

  test('into a convolution, on top of its own padding', () => {
    const more = pads(0, 0, 1, 0, 0, 0, 2, 1);
    expect(simplified({ nodes: [node('Pad', ['x', 'pads'], 'p'), conv('p', 'y')], more })).toEqual(['Conv(x)']);
  });

  test('into an average without padding', () => {
    const more = pads(0, 0, 1, 1, 0, 0, 1, 1);
    const nodes = [node('Pad', ['x', 'pads'], 'p'), node('AveragePool', ['p'], 'y', window)];
    expect(simplified({ nodes, more })).toEqual(['AveragePool(x)']);
  });

  test.each<[string, NodeSpec[], Case['more']]>([
    [
      'channels',
      [node('Pad', ['x', 'pads'], 'p'), conv('p', 'y', {}, ['six'])],
      { ...pads(0, 1, 0, 0, 0, 1, 0, 0), six: random([4, 6, 3, 3], 1) },
    ],
    ['a crop', [node('Pad', ['x', 'pads'], 'p'), conv('p', 'y')], pads(0, 0, -1, 0, 0, 0, 0, 0)],
    ['another number', [node('Pad', ['x', 'pads', 'minus'], 'p'), conv('p', 'y')], pads(0, 0, 1, 1, 0, 0, 1, 1)],
    ['a reflection', [node('Pad', ['x', 'pads'], 'p', { mode: 'reflect' }), conv('p', 'y')], pads(0, 0, 1, 1, 0, 0, 1, 1)],
    ['a maximum', [node('Pad', ['x', 'pads'], 'p'), node('MaxPool', ['p'], 'y', window)], pads(0, 0, 1, 1, 0, 0, 1, 1)],
    [
      'an average with padding of its own',
      [node('Pad', ['x', 'pads'], 'p'), node('AveragePool', ['p'], 'y', { ...window, pads: [1, 1, 1, 1] })],
      pads(0, 0, 1, 1, 0, 0, 1, 1),
    ],
    [
      'an average with ceil_mode, which asks where the padding begins',
      [node('Pad', ['x', 'pads'], 'p'), node('AveragePool', ['p'], 'y', { ...window, strides: [2, 2], ceil_mode: 1 })],
      pads(0, 0, 1, 1, 0, 0, 3, 3),
    ],
  ])('not: %s', (_, nodes, more = {}) => expect(simplified({ nodes, more })).toHaveLength(2));
});

describe('poolFirst', () => {
  const more = {
    point: random([24, 4, 1, 1], 1),
    offsets: random([24], 2),
    narrow: random([1, 4, 1, 1], 3),
    square: random([4, 4, 1, 1], 4),
  };
  const point = node('Conv', ['x', 'point', 'offsets'], 'c');
  const halves = { kernel_shape: [2, 2], strides: [2, 2] };
  const pool = (attributes: NodeSpec['attributes']) => node('AveragePool', ['c'], 'y', { ...halves, ...attributes });
  const swapped = ['AveragePool(x)', 'Conv(["x","y"])'];

  test.each<[string, NodeSpec[]]>([
    ['an average that makes a picture smaller', [point, pool({})]],
    ['without a bias', [node('Conv', ['x', 'point'], 'c'), pool({})]],
    ['padding that does not count', [point, pool({ pads: [1, 1, 0, 1] })]],
    ['padding of none that would', [point, pool({ count_include_pad: 1 })]],
    ['windows that end outside', [point, pool({ ceil_mode: 1 })]],
    ['windows that overlap', [point, pool({ kernel_shape: [3, 3] })]],
  ])('%s', (_, nodes) => expect(simplified({ nodes, more })).toEqual(swapped));

  test('an average of all', () => {
    expect(simplified({ nodes: [point, node('GlobalAveragePool', ['c'], 'y')], more })).toEqual([
      'GlobalAveragePool(x)',
      'Conv(["x","y"])',
    ]);
  });

  test('what follows is fused as before', () => {
    const pooled = node('AveragePool', ['c'], 'p', halves);
    expect(simplified({ nodes: [point, pooled, relu('p', 'y')], more })).toEqual(['AveragePool(x)', 'Conv(["x","p"]) clamp']);
    expect(simplified({ nodes: [bn('x', 'n'), relu('n', 'a'), { ...point, inputs: ['a', 'point'] }, pool({})], more })).toEqual([
      'BatchNormalization(x) clamp',
      'AveragePool(a)',
      'Conv(["a","y"])',
    ]);
  });

  test.each<[string, NodeSpec[], Partial<Case>?]>([
    ['padding that counts', [point, pool({ pads: [1, 1, 1, 1], count_include_pad: 1 })]],
    ['windows outside that would count', [point, pool({ ceil_mode: 1, count_include_pad: 1 })]],
    ['as many pixels as before', [{ ...point, inputs: ['x', 'square'] }, pool({ strides: [1, 1], pads: [0, 0, 1, 1] })]],
    [
      'so few filters that the pool would cost more',
      [{ ...point, inputs: ['x', 'narrow'] }, pool({ kernel_shape: [4, 4], strides: [1, 1] })],
    ],
    ['a maximum', [point, node('MaxPool', ['c'], 'y', halves)]],
    ['a clamp between', [point, relu('c', 'r'), { ...pool({}), inputs: ['r'] }]],
    ['a larger kernel', [conv('x', 'c'), pool({})]],
    ['strides', [{ ...point, attributes: { strides: [2, 2] } }, pool({})]],
    ['several readers', [point, pool({}), relu('c', 'r')], { outputs: ['y', 'r'] }],
    ['an output of the network', [point, pool({})], { outputs: ['y', 'c'] }],
  ])('not: %s', (_, nodes, rest = {}) => {
    expect(simplified({ nodes, more, ...rest })[0]).toMatch(/^Conv\(x\)/);
  });
});

describe('fuseNormalization', () => {
  const more = { point: random([4, 4, 1, 1], 1), part: random([4, 2, 1, 1], 2) };
  const point = (input: string, output: string, attributes: NodeSpec['attributes'] = {}) =>
    node('Conv', [input, 'point', 'b'], output, attributes);
  const normalized = [bn('x', 'n'), relu('n', 'a')];

  test('into a 1×1 convolution, whatever else is fused into that', () => {
    const shown = 'Conv(x, ["a","scale"], ["a","shift"])';
    expect(simplified({ nodes: [...normalized, point('a', 'y')], more })).toEqual([shown]);
    expect(simplified({ nodes: [...normalized, point('a', 'c'), relu('c', 'y')], more }, 2)).toEqual([`${shown} clamp`]);
    expect(simplified({ nodes: [...normalized, point('a', 'c'), bn('c', 'y')], more }, 2)).toEqual([shown]);
    const residual = [...normalized, point('a', 'c'), add('c', 'x', 'y')];
    expect(simplified({ nodes: residual, more }, 2)).toEqual(['Conv(x, x, ["a","scale"], ["a","shift"])']);
    expect(simplified({ nodes: [bn('x', 'n'), point('n', 'y')], more })).toHaveLength(1);
  });

  test('one is all that a convolution takes', () => {
    expect(simplified({ nodes: [bn('x', 'm'), bn('m', 'n'), point('n', 'y')], more }, 2)).toHaveLength(2);
    const pads = int64('pads', [0, 0, 1, 1, 0, 0, 1, 1]);
    expect(
      simplified({ nodes: [node('Pad', ['x', 'pads'], 'p'), bn('p', 'n'), point('n', 'y')], more: { ...more, pads } }, 2),
    ).toHaveLength(2);
  });

  test.each<[string, NodeSpec[], Partial<Case>?]>([
    ['padding', [...normalized, point('a', 'y', { pads: [1, 1, 1, 1] })]],
    ['padding at one end', [...normalized, point('a', 'y', { pads: [0, 0, 0, 1] })]],
    ['strides', [...normalized, point('a', 'y', { strides: [1, 2] })]],
    ['groups', [...normalized, node('Conv', ['a', 'part'], 'y', { group: 2 })]],
    ['a larger kernel', [...normalized, conv('a', 'y')]],
    ['several readers', [...normalized, point('a', 'c'), add('a', 'c', 'y')]],
    ['an output of the network', [...normalized, point('a', 'y')], { outputs: ['a', 'y'] }],
    ['statistics that are fed', [...normalized, point('a', 'y')], { fed: ['variance'] }],
    ['an activation that is no clamp', [bn('x', 'n'), node('Sigmoid', ['n'], 's'), point('s', 'y')]],
    ['one pixel', [node('GlobalMaxPool', ['x'], 'g'), ...[bn('g', 'n'), point('n', 'y')]]],
  ])('not: %s', (_, nodes, rest = {}) => {
    expect(simplified({ nodes, more, ...rest }).some((shown) => shown.startsWith('BatchNormalization'))).toBe(true);
  });
});

describe('fuseActivation', () => {
  test.each<[string, NodeSpec[], string]>([
    ['x · sigmoid(x)', [node('Sigmoid', ['x'], 's'), node('Mul', ['s', 'x'], 'y')], 'Swish(x)'],
    ['x · hardSigmoid(x)', [node('HardSigmoid', ['x'], 's', { alpha: 1 / 6 }), node('Mul', ['x', 's'], 'y')], 'HardSwish(x)'],
    [
      'x · clip(x + 3) / 6',
      [add('x', 'three', 's'), node('Clip', ['s', 'zero', 'six'], 'c'), node('Mul', ['x', 'c'], 'm'), node('Div', ['m', 'six'], 'y')],
      'HardSwish(x)',
    ],
    ['x · tanh(softplus(x))', [node('Softplus', ['x'], 'p'), node('Tanh', ['p'], 't'), node('Mul', ['x', 't'], 'y')], 'Mish(x)'],
    [
      'x · (1 + erf(x / √2)) / 2',
      [
        node('Div', ['x', 'root'], 'd'),
        node('Erf', ['d'], 'e'),
        add('e', 'one', 's'),
        node('Mul', ['x', 's'], 'm'),
        node('Mul', ['m', 'half'], 'y'),
      ],
      'Gelu(x)',
    ],
    [
      'x / 2 · (1 + erf(x / √2))',
      [
        node('Mul', ['half', 'x'], 'h'),
        node('Div', ['x', 'root'], 'd'),
        node('Erf', ['d'], 'e'),
        add('one', 'e', 's'),
        node('Mul', ['h', 's'], 'y'),
      ],
      'Gelu(x)',
    ],
  ])('%s', (_, nodes, shown) => expect(simplified({ nodes, more: numbers })).toEqual([shown]));

  test('x · (1 + erf(x / √2)) · ½ with a factor that both sides share', () => {
    const more = { ...numbers, part: number(Math.SQRT1_2) };
    const nodes = [
      node('Mul', ['x', 'part'], 't'),
      node('Erf', ['t'], 'e'),
      add('e', 'one', 's'),
      node('Mul', ['t', 's'], 'm'),
      node('Mul', ['m', 'part'], 'g'),
      node('Neg', ['g'], 'y'),
    ];
    expect(simplified({ nodes, more })).toEqual(['Gelu(x)', 'Neg(g)']);
  });

  test('of a value that is a product itself', () => {
    const nodes = [node('Mul', ['x', 'perChannel'], 'm'), node('Sigmoid', ['m'], 's'), node('Mul', ['m', 's'], 'y')];
    expect(simplified({ nodes })).toEqual(['Mul(x, perChannel)', 'Swish(m)']);
  });

  test('not: another value, another number, an inner value that somebody else reads', () => {
    const sigmoid = node('Sigmoid', ['x'], 's');
    const length = (nodes: NodeSpec[], outputs?: string[]) => simplified({ nodes, more: numbers, ...(outputs ? { outputs } : {}) }).length;
    expect(length([sigmoid, relu('x', 'r'), node('Mul', ['r', 's'], 'y')])).toBe(3);
    expect(length([sigmoid, node('Mul', ['x', 's'], 'y')], ['s', 'y'])).toBe(2);
    expect(length([sigmoid, node('Mul', ['x', 's'], 'm'), add('m', 's', 'y')])).toBe(3);
    expect(length([node('HardSigmoid', ['x'], 's'), node('Mul', ['x', 's'], 'y')])).toBe(2);
    expect(length([add('x', 'three', 't'), node('Clip', ['t', 'zero', 'six'], 'c'), node('Mul', ['x', 'c'], 'y')])).toBe(2);
  });
});

describe('fuseShuffle', () => {
  const shuffle = (groups: number, perm = [0, 2, 1, 3, 4]) => ({
    nodes: [node('Reshape', ['x', 'five'], 'a'), node('Transpose', ['a'], 'b', { perm }), node('Reshape', ['b', 'four'], 'y')],
    more: { five: int64('five', [1, groups, 4 / groups, 5, 5]), four: int64('four', [1, 4, 5, 5]) },
  });

  test('channels in groups', () => expect(simplified(shuffle(2))).toEqual(['ChannelShuffle(x)']));
  test('not: another permutation', () => expect(simplified(shuffle(2, [0, 2, 1, 4, 3]))).toHaveLength(3));
});

describe('fuseBias and flattenWeights', () => {
  const more = { dense: random([100, 3], 1), row: random([3], 2), column: random([1, 1], 3) };
  const flat = node('Flatten', ['c'], 'f');

  test('a product and a row are one node, whose weights are packed pixel by pixel behind a convolution', () => {
    const nodes = [conv('x', 'c'), flat, node('MatMul', ['f', 'dense'], 'm'), add('row', 'm', 's'), relu('s', 'y')];
    expect(simplified({ nodes, more })).toEqual(['Conv(x)', 'FlattenPixels(c)', 'MatMul(f, dense, row) clamp']);
  });

  test('not: a row that opset 6 adds as a column', () => {
    const rows = { dense: random([5, 5], 1), row: random([5], 2) };
    const nodes = [node('MatMul', ['x', 'dense'], 'm'), node('Add', ['m', 'row'], 'y', { broadcast: 1, axis: 2 })];
    expect(simplified({ nodes, more: rows, opset: 6 })).toEqual(['MatMul(x, dense)', 'Add(m, row)']);
  });

  test('a chain of values that are read twice takes no time', () => {
    const nodes: NodeSpec[] = [relu('x', 'v0')];
    for (let i = 0; i < 40; i++) nodes.push(node('Sigmoid', [`v${i}`], `s${i}`), add(`v${i}`, `s${i}`, `v${i + 1}`));
    nodes.push(node('Flatten', ['v40'], 'f'), node('MatMul', ['f', 'dense'], 'y'));
    expect(simplified({ nodes, more })).toHaveLength(83);
  });

  test('not: rows of an input, which is row-major; nor of a value that somebody else reads', () => {
    const dense = node('MatMul', ['f', 'dense'], 'y');
    expect(simplified({ nodes: [node('Flatten', ['x'], 'f'), dense], more })).toEqual(['Flatten(x)', 'MatMul(f, dense)']);
    expect(simplified({ nodes: [conv('x', 'c'), flat, dense], outputs: ['f', 'y'], more })[1]).toBe('Flatten(c)');
  });
});
